/** A password planted for Samba is found in nothing that phx writes, prints or passes on a command line; nor is its hash. */
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ntHash } from '../../lib/resources/samba/nt-hash.ts'
import { dyingAt } from '../engine-scene.ts'
import { otherPassword, password, passwordFile, phxConf, Scene, smbConf, usual } from './scene.ts'

const marked = [password, otherPassword].flatMap((text) => [text, ntHash(text), ntHash(text).toLowerCase()])

function assertClean(what: string, text: string): void {
  for (const marker of marked) assert.not.match(text, marker, `${what} has a secret in it`)
}

/** A run whatever comes of it: all that is told, and all that is kept. */
async function looked(one: Scene, work: () => Promise<unknown>): Promise<void> {
  const result = await work().catch((error: unknown) => error)
  assertClean('what a run tells', `${JSON.stringify(result)}${inspect(result, { depth: 12 })}`)
  assertClean('a plan', JSON.stringify(await one.plan()))
  assertClean('the state folder', one.stateTexts())
  assertClean('phx.conf', one.text(phxConf) ?? '')
  assertClean('smb.conf', one.text(smbConf) ?? '')
}

test('a first run, a change of the password, a removal', async () => {
  const one = new Scene()
  await looked(one, () => one.run())
  await one.write(passwordFile, otherPassword)
  await looked(one, () => one.run())
  one.samba = undefined
  await looked(one, () => one.run())
})

test('the database really holds what was planted, so that the test can fail', async () => {
  const one = new Scene()
  await one.run()
  assert.match(await one.sim('pdbedit -Lw'), ntHash(password))
})

test('smbpasswd fails, and repeats what it was given', async () => {
  const one = new Scene()
  const failed = { exitCode: 1, stdout: password, stderr: `Failed: ${password}\n` }
  one.host.orders.add(['smbpasswd'], { kind: 'fail', answer: failed })
  await looked(one, () => one.run(1))
})

test('pdbedit fails after printing hashes', async () => {
  const one = new Scene()
  await one.run()
  const answer = { exitCode: 1, stdout: `heads:1000:X:${ntHash(password)}:[U ]:\n`, stderr: ntHash(password) }
  for (let nth = 1; nth <= 4; nth++) one.host.orders.add(['pdbedit', '-Lw'], { kind: 'fail', answer }, nth)
  await looked(one, () => one.run(1))
})

test('killed in the midst of setting it', async () => {
  for (const after of [false, true]) {
    const one = new Scene()
    const { host } = dyingAt(one.host, 11, after)
    await looked(one, () => one.run(1, host))
    await looked(one, () => one.run())
  }
})

test('a secret that has a line break, or is empty, is refused without being shown', async () => {
  const one = new Scene(usual)
  await one.write(passwordFile, `${password}\n${otherPassword}\n`)
  await looked(one, async () => assert.match(await one.refused(), 'more than one line'))
  await one.write(passwordFile, '\n')
  assert.match(await one.refused(), 'it is empty')
})

test.run()
