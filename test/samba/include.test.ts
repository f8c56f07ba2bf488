/** Where the include stands in smb.conf, and why: what the admin writes around it stays, and means what it meant. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import { loadConfig } from '../../lib/host/simulated/samba/config.ts'
import { includesIn, sectionsIn, withInclude } from '../../lib/resources/samba/smb-conf.ts'

const block = '# phx begin samba\ninclude = /etc/samba/phx.conf\n# phx end samba\n'
const admin = '[global]\n  create mask = 0600\n[x]\n  path = /srv\n'

/** What Samba makes of smb.conf beside a phx.conf with one share; the loader is held to recordings of testparm. */
function loaded(smbConf: string) {
  const state = blankHost([])
  state.files['/etc/samba/phx.conf'] = { type: 'file', content: '# phx\n[data]\n  path = /srv/data\n', mode: 0o644 }
  state.files['/etc/samba/smb.conf'] = { type: 'file', content: smbConf, mode: 0o644 }
  return loadConfig(state, '/etc/samba/smb.conf')
}
const valueIn = (smbConf: string, share: string, parameter: string) =>
  loaded(smbConf)
    .services.find(({ name }) => name === share)
    ?.values.get(parameter)

test('at the end: every byte before it stays', () => {
  assert.is(withInclude(admin, true), admin + block)
  assert.is(withInclude(withInclude(admin, true), true), admin + block)
  assert.is(withInclude(withInclude(admin, true), false), admin)
})

test('an end without a line break gets one, and keeps it', () => {
  assert.is(withInclude('[global]', true), `[global]\n${block}`)
  assert.is(withInclude('', true), block)
})

test('shares come behind [global], and so have its defaults', () => {
  assert.is(valueIn(withInclude(admin, true), 'data', 'create mask'), '0600')
  assert.is(valueIn(block + admin, 'data', 'create mask'), undefined)
})

test('in the midst of [global], what follows would land in the share of phx, or nowhere', () => {
  const text = `[global]\n${block}  create mask = 0600\n  log level = 3\n`
  assert.is(valueIn(text, 'data', 'create mask'), '0600')
  assert.is(loaded(text).defaults.get('create mask'), undefined)
  assert.is(loaded(text).globals.get('log level'), undefined)
})

test('so a line behind the include moves it to the end, and the line means again what its writer meant', () => {
  const text = `${admin}${block}  comment = stray\n`
  const mended = withInclude(text, true)
  assert.is(mended, `${admin}  comment = stray\n${block}`)
  assert.is(valueIn(mended, 'x', 'comment'), 'stray')
})

test('a whole section behind it is no reason to move it', () => {
  const text = `${admin}${block}\n; mine\n[y]\n  path = /srv/y\n`
  assert.is(withInclude(text, true), text)
})

test('an include that was edited is mended in its place', () => {
  const text = `${admin}# phx begin samba\ninclude = /etc/samba/other.conf\n# phx end samba\n[y]\n  path = /y\n`
  assert.is(withInclude(text, true), `${admin}${block}[y]\n  path = /y\n`)
})

test('sections and includes of a file, with their lines', () => {
  const text =
    '# [no]\n[global]\n  comment = a \\\n  [no]\ninclude = /etc/samba/more.conf\n [ My Data ]\ninclude = /a/%m\n'
  assert.equal(sectionsIn(text), [
    { name: 'global', line: 2 },
    { name: 'My Data', line: 6 },
  ])
  assert.equal(includesIn(text), ['/etc/samba/more.conf'])
})

test.run()
