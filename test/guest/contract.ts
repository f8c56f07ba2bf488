/** What a look into a guest has to say, whatever it goes through: the same as the local transport says of this machine. */
import * as fs from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { Reader } from '../../lib/host/host.ts'
import { LocalHost } from '../../lib/host/local.ts'

const odd = ['a b', "it's", 'new\nline', '-n', '--', '$(id)', '"', '*', 'ü€😀', '\\', ' ', '.hidden', 'a=b']

/** A folder with everything in it that makes names and files difficult. */
export function furnish(folder: string): void {
  for (const name of odd) fs.writeFileSync(join(folder, name), `text of ${name}\n`)
  fs.writeFileSync(join(folder, 'empty'), '')
  fs.writeFileSync(join(folder, 'umlaut'), 'grüße\0\n\n')
  fs.writeFileSync(join(folder, 'tool'), '#!/bin/sh\n')
  fs.chmodSync(join(folder, 'tool'), 0o4755)
  fs.mkdirSync(join(folder, 'folder', 'inner'), { recursive: true })
  fs.mkdirSync(join(folder, 'bare'))
  fs.symlinkSync('folder', join(folder, 'link'))
  fs.symlinkSync('nowhere', join(folder, 'dangling'))
  fs.symlinkSync('loop', join(folder, 'loop'))
}

/** The same answer, or no answer from either. */
async function same<T>(what: string, seen: Promise<T>, expected: Promise<T>): Promise<void> {
  const [one, two] = await Promise.allSettled([seen, expected])
  if (two.status === 'rejected' || one.status === 'rejected')
    assert.is(one.status, two.status, `${what}: ${one.status === 'rejected' ? one.reason : two.status}`)
  else assert.equal(one.value, two.value, what)
}

export async function checkReader(reader: Reader, folder: string): Promise<void> {
  const local = new LocalHost()
  for (const name of odd) await same(name, reader.readFile(join(folder, name)), local.readFile(join(folder, name)))
  const special = ['new\nline', 'empty', 'umlaut', 'tool', 'folder', 'link', 'link/inner', 'dangling', 'loop', 'bare']
  const paths = ['/', '/dev/null', '/nowhere/at/all', folder, `${folder}/`, `${folder}/empty/x`, `${folder}/link/..`]
  for (const path of [...paths, ...special.map((name) => join(folder, name))]) {
    await same(`stat ${path}`, reader.stat(path), local.stat(path))
    await same(`readFile ${path}`, reader.readFile(path), local.readFile(path))
    await same(`realpath ${path}`, reader.realpath(path), local.realpath(path))
    await same(`listDir ${path}`, reader.listDir(path), local.listDir(path))
  }
  for (const tool of [
    'sh',
    'cat',
    'no-such-tool',
    '/bin/sh',
    `${folder}/tool`,
    `${folder}/empty`,
    `${folder}/folder`,
    '..',
  ])
    await same(`hasTool ${tool}`, reader.hasTool(tool), local.hasTool(tool))

  const { exitCode, stdout, argv } = await reader.query(['getent', 'passwd', 'root'])
  assert.equal({ exitCode, argv }, { exitCode: 0, argv: ['getent', 'passwd', 'root'] })
  assert.match(stdout, /^root:x:0:0:/)
  assert.is((await reader.query(['getent', 'passwd', 'nobody-of-that-name'])).exitCode, 2)
  const missing = await reader.query(['smbstatus', '-j'])
  if (!(await local.hasTool('smbstatus'))) assert.equal([missing.exitCode, missing.notFound], [127, true])
}
