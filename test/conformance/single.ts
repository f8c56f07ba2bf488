/** Replays single calls with the watched files before and after: pvesm. */
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { maskText } from './mask.ts'
import * as pct from './pct.ts'
import { replayPveum } from './pveum.ts'
import * as qm from './qm.ts'
import type { Step } from './scene.ts'
import { neverCalled } from './skips.ts'
import { compareStorages, storagesIn } from './storage-cfg.ts'
import type { RecordedCall, SingleCall, Watched } from './transcript.ts'
import { type Verdict, verdictOf } from './verdict.ts'

const STORAGE_CFG = '/etc/pve/storage.cfg'

/** The recordings were made on a node of this name. */
const NODE = 'pve1'

function setFolder(state: SimState, path: string): void {
  const parts = path.split('/').filter((part) => part !== '')
  for (let depth = 1; depth <= parts.length; depth++)
    state.files[`/${parts.slice(0, depth).join('/')}`] ??= { type: 'dir', content: '', mode: 0o755 }
}

/** A name in a listing that has a dot is taken for a file. */
function setScene(state: SimState, before: Watched): void {
  for (const [path, value] of Object.entries(before)) {
    if (value === null) continue
    if (typeof value === 'string') {
      setFolder(state, path.slice(0, path.lastIndexOf('/')))
      state.files[path] = { type: 'file', content: value, mode: 0o640 }
      continue
    }
    setFolder(state, path)
    for (const name of value) {
      if (name.includes('.')) state.files[`${path}${name}`] = { type: 'file', content: '', mode: 0o640 }
      else setFolder(state, `${path}${name}`)
    }
  }
}

/** `zfs list -H -o name,type,volsize,quota,mountpoint,canmount,…`: file systems are made again with the same properties. */
function setDatasets(state: SimState, list: string | undefined): void {
  for (const line of (list ?? '').split('\n')) {
    const [name, type, , , mountpoint, canmount] = line.split('\t')
    if (name === undefined || type !== 'filesystem') continue
    const isPool = !name.includes('/')
    const argv = isPool ? ['zpool', 'create', name, '/dev/disk/by-id/virtio-LAB-BLK-0'] : ['zfs', 'create', name]
    callTool(state, argv)
    if (mountpoint !== undefined && mountpoint !== `/${name}`)
      callTool(state, ['zfs', 'set', `mountpoint=${mountpoint}`, name])
    if (canmount === 'off') callTool(state, ['zfs', 'set', 'canmount=off', name])
  }
}

function namesIn(state: SimState, folder: string): string[] | null {
  if (state.files[folder.replace(/\/$/, '')] === undefined) return null
  const inside = Object.keys(state.files).filter((path) => path.startsWith(folder) && path !== folder)
  return [...new Set(inside.map((path) => path.slice(folder.length).split('/')[0] ?? ''))].sort()
}

function compareFiles(state: SimState, line: SingleCall): string[] {
  const { before, after } = line
  const inOrder = line.parallel === undefined
  const found: string[] = []
  for (const [path, expected] of Object.entries(after)) {
    if (path === STORAGE_CFG) {
      // what has passwords is kept apart, and its files stay from scene to scene
      found.push(
        ...compareStorages(storagesIn(String(expected ?? '')), storagesIn(state.files[path]?.content ?? ''), inOrder),
      )
    } else if (Array.isArray(expected)) {
      const names = namesIn(state, path)
      if (JSON.stringify(names) !== JSON.stringify([...expected].sort()))
        found.push(`${path}: recorded ${expected.join(' ')}, simulated ${names?.join(' ') ?? '(absent)'}`)
    } else {
      const content = state.files[path]?.content ?? null
      const mask = (text: string): string => qm.maskMachine(pct.maskAddresses(text, line), line)
      if (mask(String(content)) !== mask(String(expected)))
        found.push(`${path}: recorded ${JSON.stringify(expected)}, simulated ${JSON.stringify(content)}`)
    }
  }
  for (const path of Object.keys(before))
    if (!(path in after) && state.files[path.replace(/\/$/, '')] !== undefined)
      found.push(`${path}: recorded gone, simulated still there`)
  return found
}

/** Each line's name, type and status: what a reader of `pvesm status` goes by; sizes vary. */
const statusRows = (text: string): string[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap((line) => (line.trim() === '' ? [] : line.trim().split(/\s+/).slice(0, 3).join(' ')))

function compareAnswer(call: RecordedCall, answer: { exitCode: number; stdout: string; stderr: string }): string[] {
  const found: string[] = []
  if ((call.rc === 0) !== (answer.exitCode === 0))
    found.push(
      `rc: recorded ${call.rc} ${JSON.stringify(call.stderr)}, simulated ${answer.exitCode} ${JSON.stringify(answer.stderr)}`,
    )
  const [real, ours] = [maskText(call.stderr).trim(), maskText(answer.stderr).trim()]
  // What phx shows of a refusal; warnings beside a success depend on the machine (LVM, cluster locks).
  if (call.rc !== 0 && real.replace(/\s+/g, ' ') !== ours.replace(/\s+/g, ' '))
    found.push(`stderr: recorded ${JSON.stringify(real)}, simulated ${JSON.stringify(ours)}`)
  if (call.argv[0] === 'pvesm' && call.argv[1] === 'status' && call.rc === 0) {
    const [real, ours] = [statusRows(call.stdout), statusRows(answer.stdout)]
    if (real.join('\n') !== ours.join('\n'))
      found.push(`stdout: recorded ${real.join('; ')}, simulated ${ours.join('; ')}`)
  }
  return found
}

/** Calls made at once may have been served in any order: each of them is tried as the last. */
function ordersOf(calls: readonly RecordedCall[]): RecordedCall[][] {
  return calls.map((_, last) => [...calls.slice(last + 1), ...calls.slice(0, last + 1)])
}

export function replaySingle(line: SingleCall, listBefore: string | undefined): Step[] {
  const { argv = [], stdin = null, rc = 0, stdout = '', stderr = '' } = line
  if (argv[0] === 'pveum') return replayPveum(line)
  const calls = line.parallel ?? [{ argv, stdin, rc, stdout, stderr }]
  const shown = line.parallel === undefined ? argv : [`${calls.length} at once:`, ...(calls[0]?.argv ?? [])]
  const verdicts = ordersOf(calls).map((order) => replayIn(order, line, listBefore))
  const best = verdicts.find(({ kind }) => kind !== 'fail') ?? verdicts.at(-1)
  return best === undefined ? [] : [{ argv: shown, verdict: best }]
}

function replayIn(calls: readonly RecordedCall[], line: SingleCall, listBefore: string | undefined): Verdict {
  const state = blankHost([{ path: '/dev/disk/by-id/virtio-LAB-BLK-0', size: 16 * 2 ** 30 }])
  state.hostname = NODE
  setDatasets(state, line.zfs_changed === true ? listBefore : line.zfs_list_after)
  setScene(state, line.before)
  if (pct.isOfContainers(line)) pct.setContainers(state, line)
  if (qm.isOfMachines(line)) qm.setMachines(state, line)
  const found: string[] = []
  for (const call of calls) {
    if (pct.isOfRecorder(call) || qm.isOfRecorder(call))
      return { kind: 'skip', reason: `${call.argv.slice(0, 2).join(' ')}: the recorder could start nothing` }
    const answer = callTool(state, call.argv, call.stdin ?? '')
    const refused = answer.exitCode === 127 && answer.stderr.startsWith('not simulated')
    const reason = refused ? neverCalled(call.argv) : null
    if (reason !== null) return { kind: 'skip', reason }
    found.push(
      ...compareAnswer(call, answer),
      ...pct.comparePct(call, answer.stdout),
      ...qm.compareQm(call, answer, line),
    )
  }
  found.push(...compareFiles(state, line))
  if (line.zfs_list_after !== undefined) found.push(...compareDatasets(state, line.zfs_list_after))
  return verdictOf(found)
}

function compareDatasets(state: SimState, expected: string): string[] {
  const columns = (text: string): string =>
    text
      .split('\n')
      .map((row) => row.split('\t').slice(0, 2).join(' '))
      .join('\n')
      .trim()
  const ours = columns(callTool(state, ['zfs', 'list', '-H', '-o', 'name,type']).stdout)
  return columns(expected) === ours ? [] : [`datasets: recorded ${columns(expected)}, simulated ${ours}`]
}
