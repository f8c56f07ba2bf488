/** phx secrets check: every reference of the config with its place, and whether it can be had. */
import { writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import { secretReferences } from '../../lib/config/secret-references.ts'
import { assertValid } from '../view/schema.ts'
import { callPhx, Scene } from './scene.ts'

const scene = new Scene()
test.after(() => scene.clean())

async function check(config: object, ...more: string[]) {
  writeFileSync(scene.path('config.json'), JSON.stringify(config))
  const argv = ['secrets', 'check', '-c', scene.path('config.json'), ...more]
  return callPhx(argv, { variables: { PHX_MEDIA: 'marker-1', PATH: process.env.PATH } })
}

const config = () => ({
  users: [{ username: 'ann', password_hash: { file: scene.path('ann') } }],
  samba: {
    user: 'ann',
    password: { env: 'PHX_MEDIA' },
    users: [{ username: 'media', password: { command: ['sh', '-c', 'echo marker-2 >&2; exit 3'] } }],
  },
})

test('each with where it is kept; what does not resolve says why and what to do, and exit code 1', async () => {
  writeFileSync(scene.path('ann'), 'marker-3\n', { mode: 0o644 })
  const { code, out, err } = await check(config())
  assert.is(code, 1, err)
  assert.match(
    out,
    /^no {2}\$\.users\[0\]\.password_hash +file .*\n +.*can be read by others \(mode 0644\)\n +→ chmod 0600/m,
  )
  assert.match(out, /^ok {2}\$\.samba\.password +environment variable PHX_MEDIA$/m)
  assert.match(out, /^no {2}\$\.samba\.users\[0\]\.password +output of sh\n +sh ended with exit code 3/m)
  assert.match(out, "2 of 3 secrets can't be had")
  assert.not.match(out + err, 'marker')
})

test('the same as JSON, after its schema; exit code 0 when all resolve', async () => {
  writeFileSync(scene.path('ann'), 'marker-3\n')
  const { samba, users } = config()
  const { code, out } = await check({ samba: { ...samba, users: [] } }, '--json')
  assert.is(code, 0)
  assertValid('secrets', JSON.parse(out))
  assert.not.match(out, 'marker')
  const failing = await check({ users, samba }, '--json')
  assertValid('secrets', JSON.parse(failing.out))
  assert.is((JSON.parse(failing.out) as { ok: boolean }).ok, false)
})

test('places that the schema gives a reference, and no others', () => {
  const files = [
    { source: { file: '/x' }, destination: '/etc/x' },
    { source: '/y', destination: '/etc/y' },
  ]
  const guests = { vms: [{ vmid: 901, name: 'a', file_injections: files, file: { file: '/no' } }] }
  const found = secretReferences({ guests } as unknown as PhxConfig)
  assert.equal(
    found.map(({ path }) => path.join('.')),
    ['guests.vms.0.file_injections.0.source'],
  )
})

test('no reference, no config, no such verb', async () => {
  assert.match((await check({})).out, 'refers to no secret')
  assert.is((await check({ users: 3 })).code, 4)
})

test.run()
