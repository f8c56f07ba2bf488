/**
 * The process that kill.test.ts kills: runs three tasks on a host kept in a file, and ends itself with SIGKILL at the
 * n-th point of writing or changing. Arguments: FOLDER N. Prints nothing; exits 0 when it got through without dying.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildGraph, select } from '../../lib/engine/graph.ts'
import { run } from '../../lib/engine/run.ts'
import { noSecrets } from '../../lib/engine/secret.ts'
import { StopSignal } from '../../lib/engine/session.ts'
import { readerOf } from '../../lib/host/host.ts'
import { type Disk, realDisk } from '../../lib/state/disk.ts'
import { StateFolder } from '../../lib/state/folder.ts'
import { FakeHost, fakeResource, fakeTask, safe } from './fake.ts'

export const tasks = () => [
  fakeTask({
    id: 'a',
    resources: [fakeResource({ id: 'r:a1', want: 'on' }), fakeResource({ id: 'r:a2', want: 'on' })],
  }),
  fakeTask({ id: 'b', needs: ['a'] }),
  fakeTask({ id: 'c' }),
]

/** A fake host whose values are in FOLDER/host.json. */
export function hostIn(folder: string, point: () => void): FakeHost {
  const file = join(folder, 'host.json')
  const host = new FakeHost()
  if (existsSync(file))
    for (const [name, value] of Object.entries(JSON.parse(readFileSync(file, 'utf8'))))
      host.values.set(name, String(value))
  const mutate = host.mutate.bind(host)
  host.mutate = async (argv, options) => {
    point()
    const result = await mutate(argv, options)
    writeFileSync(`${file}.tmp`, JSON.stringify(Object.fromEntries(host.values)))
    renameSync(`${file}.tmp`, file)
    point()
    return result
  }
  return host
}

/** Every write can be cut off before it, in its middle, and after it. */
function cutting(disk: Disk, point: (cut?: () => void) => void): Disk {
  return {
    makeDir: disk.makeDir,
    async write(path, text) {
      point()
      point(() => writeFileSync(path, text.slice(0, text.length / 2)))
      await disk.write(path, text)
      point()
    },
    async append(path, text) {
      point()
      point(() => writeFileSync(path, text.slice(0, text.length / 2), { flag: 'a' }))
      await disk.append(path, text)
      point()
    },
    async rename(from, to) {
      await disk.rename(from, to)
      point()
    },
    async remove(path) {
      await disk.remove(path)
      point()
    },
    async syncDir(path) {
      await disk.syncDir(path)
      point()
    },
  }
}

const [folder, limit] = process.argv.slice(2)
if (folder !== undefined && limit !== undefined) {
  let points = 0
  const point = (cut?: () => void): void => {
    points += 1
    if (points < Number(limit)) return
    cut?.()
    process.kill(process.pid, 'SIGKILL')
  }
  const host = hostIn(folder, point)
  const graph = buildGraph(tasks())
  await run({
    reader: readerOf(host),
    secrets: noSecrets,
    reboot: false,
    host,
    graph,
    selected: select(graph, ['setup'], true),
    state: new StateFolder(join(folder, 'state'), cutting(realDisk, point)),
    now: () => new Date(),
    config: 'test.json',
    targets: ['setup'],
    policy: safe,
    command: 'phx run',
    verb: 'run',
    jobs: 1,
    failFast: false,
    emit: () => undefined,
    ask: async () => null,
    stop: new StopSignal(),
  })
}
