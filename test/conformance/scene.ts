/** Replays a scene: a blank host with its disks, then its calls and events in order. */
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import { backgroundAccounts, makeLabAccounts } from './accounts.ts'
import { differences } from './compare.ts'
import { shellLine, writeBySuperblockScript } from './scripts.ts'
import { forComparison, isOfServices, makeLab, setWatched, unsimulated, watchedDifferences } from './services.ts'
import { neverCalled } from './skips.ts'
import { isEvent, type RecordedCall, type RecordedEvent, type Scene } from './transcript.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface Step {
  argv: readonly string[]
  verdict: Verdict
}

/** The lab restored every scene from one frozen machine, in which the kernel had named the SCSI disks so (disks.jsonl 1). */
const labNames: Readonly<Record<string, string>> = { a2: 'sdd', a3: 'sda', a4: 'sdb', a5: 'sdc' }

/** Kernel names vary: where a scene's answers tell them, they are taken from there. */
function kernelNames(scene: Scene): Map<string, string> {
  const names = new Map<string, string>()
  for (const step of scene.calls) {
    if (isEvent(step)) break
    for (const match of step.stdout.matchAll(/(\S+) -> \.\.\/\.\.\/((?:sd|vd|nvme)\w+)$/gm))
      if (match[1] !== undefined && match[2] !== undefined) names.set(match[1], match[2])
    const asked = step.argv.at(-1)?.replace('/dev/disk/by-id/', '')
    const node = step.argv[0] === 'readlink' ? /^\/dev\/((?:sd|vd)[a-z]+)$/.exec(step.stdout.trim())?.[1] : undefined
    if (asked !== undefined && node !== undefined) names.set(asked, node)
  }
  return names
}

export function labHost(scene: Scene): SimState {
  const names = kernelNames(scene)
  const disks = scene.disks.map(({ by_id, size_bytes }) => {
    const id = by_id.replace('/dev/disk/by-id/', '')
    const scsi = /^scsi-3[0-9a-f]+(a\d)$/.exec(id)?.[1]
    const kname = names.get(id) ?? (scsi === undefined ? undefined : labNames[scsi])
    const serial = scsi === undefined ? undefined : `LABSCSI${scsi.slice(1)}`
    return { path: by_id, size: size_bytes, ...(kname && { kname }), ...(serial && { serial }) }
  })
  const state = blankHost(disks)
  state.hostname = 'lab'
  return state
}

/** The lab had its NFS server when sharenfs was recorded too. */
const asksForExports = (scene: Scene): boolean =>
  scene.calls.some((step) => !isEvent(step) && step.argv[0] === 'exportfs')

export function replayScene(scene: Scene): Step[] {
  let state = labHost(scene)
  const ofServices = isOfServices(scene)
  if (ofServices || asksForExports(scene)) makeLab(state)
  if (ofServices) makeLabAccounts(state)
  const steps: Step[] = []
  for (const step of scene.calls) {
    // As between two calls of a host that is kept in a folder: nothing may hang on two things being one object.
    state = JSON.parse(JSON.stringify(state))
    if (isEvent(step)) {
      const fault = happen(state, step)
      if (fault !== null) steps.push({ argv: ['(event)', step.event], verdict: verdictOf([fault]) })
    } else {
      if (ofServices) setWatched(state, step)
      steps.push({ argv: step.argv, verdict: replayCall(state, step, ofServices ? serviceCall : replayed) })
    }
  }
  return steps
}

const events: Readonly<Record<string, (event: RecordedEvent) => string[]>> = {
  'hot-unplug': (event) => ['unplug', event.disk ?? ''],
  'hot-plug': (event) => ['plug', event.disk ?? ''],
  wait: (event) => ['wait', String(event.seconds ?? 1)],
  'power cut and boot': () => ['power-cut'],
  reboot: () => ['reboot'],
}

/** Why the event could not be made to happen, or null. */
function happen(state: SimState, event: RecordedEvent): string | null {
  const args = events[event.event]?.(event)
  if (args === undefined) return "the replay doesn't know this event"
  const answer = callTool(state, ['sim', ...args])
  return answer.exitCode === 0 ? null : answer.stderr
}

type Replay = (state: SimState, call: RecordedCall) => Verdict

function replayCall(state: SimState, call: RecordedCall, replay: Replay): Verdict {
  try {
    return replay(state, call)
  } catch (error) {
    return verdictOf([`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`])
  }
}

function replayed(state: SimState, call: RecordedCall): Verdict {
  if (call.background === true) {
    state.holders.push({ path: call.cwd ?? '/root', by: call.argv[0] ?? '' })
    return { kind: 'pass' }
  }
  if (call.argv[0] === 'python3' && writeBySuperblockScript(state, call.argv.at(-1) ?? '')) return { kind: 'pass' }
  const shell =
    call.argv[0] === 'sh' ? shellLine(state, call.argv[2] ?? '', (argv, stdin) => callTool(state, argv, stdin)) : null
  const answer = shell ?? callTool(state, call.argv, call.stdin ?? '')
  // Not simulated, or of a package that these scenes' blank host has not.
  const refused = answer.exitCode === 127 && /^not simulated|command not found$/.test(answer.stderr.trim())
  const reason = refused ? neverCalled(call.argv) : null
  if (reason !== null) return { kind: 'skip', reason }
  return verdictOf(differences(call, answer))
}

/** A call in a scene of services.jsonl. */
function serviceCall(state: SimState, call: RecordedCall): Verdict {
  if (call.background === true) {
    // The recorder's own Python held the lock.
    if (call.argv.at(-1)?.includes('lock-frontend'))
      callTool(state, ['sim', 'hold-lock', 'apt', '1150', 'python3', '/usr/bin/python3.13'])
    backgroundAccounts(state, call)
    return { kind: 'pass' }
  }
  const answer = callTool(state, call.argv, call.stdin ?? '')
  const reason = unsimulated(call, answer)
  if (reason !== null) return { kind: 'skip', reason }
  const { argv } = call
  const found = differences(forComparison(argv, call), forComparison(argv, answer))
  return verdictOf([...found, ...watchedDifferences(state, call)])
}
