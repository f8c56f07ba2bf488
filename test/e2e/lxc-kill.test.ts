/**
 * kill -9 of phx at every moment at which it writes state or changes the host, while it allocates a container's
 * volumes: whatever was done by then, the next run makes no volume twice.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { main } from '../../lib/cli/main.ts'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { modules } from '../../tasks/index.ts'
import { Captured } from './captured.ts'
import { killPreload } from './kill-preload.ts'
import { Program, twoAtATime } from './program.ts'
import { diskA, Scene, summaryOf } from './scene.ts'

const pool: PhxConfig = {
  zfs: {
    pools: [{ name: 'tank', raid_level: 'single', disks: [diskA] }],
    datasets: [{ name: 'ct', pool: 'tank', storage_class: 'direct', proxmox_storage_type: 'zfspool' }],
  },
}
const volumes = ['models', 'logs'].map((name) => ({ name, pool: 'tank', size_gb: 10, mount_point: `/srv/${name}` }))
const config: PhxConfig = { ...pool, guests: { lxc_configs: { '901': { name: 'web', zfs_volumes: volumes } } } }
const archive = '/var/lib/vz/template/cache/debian-13.tar.zst'

async function run(host: string, file: string) {
  const [stdout, stderr] = [new Captured(), new Captured()]
  const line = ['run', '-c', file, '--host', `simulated:${host}`, '--json']
  const code = await main(line, { stdin: process.stdin, stdout, stderr, variables: {}, modules: async () => modules })
  return { code, out: stdout.text, err: stderr.text }
}

const program = await Program.open()
const preload = await killPreload(program)
const start = new Scene(program, pool)
assert.is((await run(start.host, start.config)).code, 0)
await start.sim('mkdir -p /var/lib/vz/template/cache')
await start.sim(`sim write ${archive}`)
await start.sim('pct create 901 local:vztmpl/debian-13.tar.zst --rootfs tank-ct:8')
writeFileSync(start.config, JSON.stringify(config))

const hostAt = (folder: string): SimState => JSON.parse(readFileSync(join(folder, 'host.json'), 'utf8')) as SimState

test('kill -9 at every write and change: each volume is allocated once', async () => {
  let survived = false
  let points = 0
  function* untilSurvived(): Generator<number> {
    while (!survived) yield ++points
  }
  await twoAtATime(untilSurvived(), async (point) => {
    const host = join(program.folder(), 'host')
    cpSync(start.host, host, { recursive: true })
    const ended = await program.call(['run', '-c', start.config, '--host', `simulated:${host}`], {
      cwd: start.work,
      node: ['--import', preload],
      variables: { KILL_IN: host, KILL_AT: String(point) },
    })
    assert.ok(ended.signal === 'SIGKILL' || ended.code === 0, `point ${point}: ${ended.out}${ended.err}`)
    if (ended.signal === null) survived = true
    const next = await run(host, start.config)
    assert.is(next.code, 0, `point ${point}: ${next.out}${next.err}`)
    const { files, pools } = hostAt(host)
    const conf = files['/etc/pve/lxc/901.conf']?.content ?? ''
    const mounts = conf.split('\n').filter((line) => /^(mp|unused)/.test(line))
    assert.is(mounts.length, 2, `point ${point}: ${conf}`)
    const datasets = pools.flatMap((one) => one.datasets).filter(({ name }) => name.includes('subvol-901'))
    assert.is(datasets.length, 3, `point ${point}: ${datasets.map(({ name }) => name).join()}`)
    const third = await run(host, start.config)
    assert.is(summaryOf(third.out).mutations, 0, `point ${point}: ${third.out}`)
  })
  assert.ok(points > 15, `only ${points} points: the run got shorter than it can be`)
})

test.after(() => program.clean())
test.run()
