import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readerOf } from '../../lib/host/host.ts'
import { LocalHost } from '../../lib/host/local.ts'
import { SecretStore } from '../../lib/secrets/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'phx-secrets-'))
test.after(() => rmSync(folder, { recursive: true }))

const store = (variables: Record<string, string> = {}) =>
  new SecretStore(readerOf(new LocalHost()), { PATH: process.env.PATH ?? '', ...variables })
const path = (name: string, text: string, mode = 0o600): string => {
  writeFileSync(join(folder, name), text, { mode })
  return join(folder, name)
}
const textOf = async (secrets: SecretStore, source: Parameters<SecretStore['resolve']>[0]) => {
  const resolved = await secrets.resolve(source)
  return resolved.ok ? resolved.secret.reveal() : `no: ${resolved.why}`
}

test('each kind of reference gives its secret, without the newline at the end', async () => {
  mkdirSync(join(folder, 'credentials'))
  path('credentials/samba', 'from a credential\n')
  const secrets = store({ PHX_X: 'from the environment', CREDENTIALS_DIRECTORY: join(folder, 'credentials') })
  assert.is(await textOf(secrets, { file: path('a', 'from a file\n') }), 'from a file')
  assert.is(await textOf(secrets, { env: 'PHX_X' }), 'from the environment')
  assert.is(await textOf(secrets, { credential: 'samba' }), 'from a credential')
  assert.is(await textOf(secrets, { command: ['printf', 'from %s', 'a command'] }), 'from a command')
  assert.is(secrets.redact('it said: from a file, from a command'), 'it said: [secret], [secret]')
})

test('what does not resolve says why, and never what it read', async () => {
  const no = async (source: Parameters<SecretStore['resolve']>[0], variables = {}) => {
    const resolved = await store(variables).resolve(source)
    assert.is(resolved.ok, false)
    return resolved.ok ? '' : `${resolved.why} | ${resolved.mend.join(' | ')}`
  }
  assert.match(
    await no({ file: join(folder, 'nowhere') }),
    /there is no file .*nowhere \| put it there: install -m 0600/,
  )
  assert.match(await no({ file: path('open', 'marker', 0o644) }), /can be read by others \(mode 0644\) \| chmod 0600/)
  assert.match(await no({ file: folder }), 'is no file')
  assert.match(await no({ file: path('empty', '\n') }), 'it is empty')
  assert.match(await no({ file: path('two', 'marker\nmarker\n') }), 'more than one line')
  assert.match(await no({ env: 'PHX_NOT_SET' }), 'PHX_NOT_SET is not set')
  assert.match(await no({ credential: 'x' }), 'without systemd credentials')
  const failing = await no({ command: ['sh', '-c', 'echo marker; echo marker >&2; exit 3'] })
  assert.match(failing, 'sh ended with exit code 3')
  assert.not.match(failing, 'marker')
})

test('a secret is read once, however many ask for it', async () => {
  const secrets = store()
  const counted = path('count', '')
  const command = ['sh', '-c', `echo x >> ${counted}; wc -l < ${counted}`]
  assert.is(await textOf(secrets, { command }), '1')
  assert.is(await textOf(secrets, { command }), '1')
})

test.run()
