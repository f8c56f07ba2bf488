/** What went wrong with the shell scripts' command line where it was about guests, one test an incident, each bearing its name. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { blank } from './kept.ts'
import { scene } from './scene.ts'

const first = await blank()
const before = textsIn(first.folder, ['host'])
const created = await first.phx('create', '8101')

/** Every file below the folder with its content, but for those in the named ones. */
function textsIn(folder: string, except: readonly string[] = []): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter(
    (name) => !except.includes(name.split('/')[0] ?? '') && statSync(join(folder, name)).isFile(),
  )
  return files.map((name) => `${name}\n${readFileSync(join(folder, name), 'utf8')}`).join('\n')
}

test('--dry-run start started the template, then edited a container’s configuration', async () => {
  const one = first.copy()
  await one.by('qm shutdown 8101')
  const untouched = textsIn(one.kept)
  for (const verb of ['create', 'start', 'stop', 'restart', 'destroy']) {
    const { code, out } = await one.phx(verb, '8101', '--dry-run')
    assert.is(code, verb === 'destroy' ? 3 : 0, out)
    assert.is(textsIn(one.kept), untouched, `phx ${verb} --dry-run`)
  }
  const { out } = await one.phx('start', '8101', '--dry-run')
  assert.match(out, 'qm start 8101')
  assert.not.match(out, 'qm start 9000')
})

test('stop 1001 stopped the template, the certificate authority and all that it depends on; start started templates', async () => {
  const one = await scene()
  const app = { vmid: 8102, name: 'app', clone_from_vmid: 9000, dependencies: ['8101'], memory_mb: 1024 }
  one.declare({ nfs_shares: [], file_injections: [] }, [app])
  await one.converge()
  const stopped = await one.order({ order: 'stop', targets: ['vm:8102'] })
  assert.equal(stopped.commands, ['qm shutdown 8102 --timeout 120 --forceStop 1'])
  const started = await one.order({ order: 'start', targets: ['guests'] })
  assert.equal(started.commands, ['qm start 8102'])
  assert.match(one.text('/etc/pve/qemu-server/9000.conf') ?? '', /^template: 1$/m)
})

test('an unknown guest was a warning and exit code 0, and so was a name in place of a number', async () => {
  for (const verb of ['create', 'start', 'stop', 'restart', 'destroy']) {
    for (const name of ['4711', 'vm:4711', 'docker-host']) {
      const { code, err } = await first.phx(verb, name)
      assert.is(code, 4, `phx ${verb} ${name}`)
      assert.match(err, 'guests that can be named here: vm:8101')
    }
  }
})

test('delete did not ask, and did not look who depends on it', async () => {
  const one = first.copy()
  const refused = await one.phx('destroy', '8101')
  assert.is(refused.code, 3)
  assert.match(refused.out, 'disk scsi0 of VM 8101')
  assert.ok(one.read().files['/etc/pve/qemu-server/8101.conf'])
})

test('the tool wrote into its own config', () => {
  assert.is(created.code, 0)
  assert.is(textsIn(first.folder, ['host']), before)
})

test.run()
