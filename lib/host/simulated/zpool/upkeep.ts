/** Upkeep of an imported pool: scrub, resilver, trim, initialize, wait, sync, checkpoint, reguid. Nothing here takes time. */
import type { Pool, SimState } from '../model.ts'
import { nextGuid } from '../random.ts'
import { answer, NotSimulated, type ToolAnswer } from '../tool.ts'
import { writeLabels } from './labels.ts'
import { isPool, openPool, openPools } from './names.ts'
import { isAnswer, type Options, parseOptions, usageError } from './options.ts'
import { finishResilver, resilver } from './resilver.ts'
import { scrub as scrubPool } from './scrub.ts'
import { findVdev, isLeaf, leavesOf, topLevels } from './tree.ts'

const suspended = 'pool I/O is currently suspended'

/** Runs for each pool named; the errors of all are told, and one is enough for rc 1. */
function forEach(state: SimState, verb: string, parsed: Options, run: (pool: Pool) => string | null): ToolAnswer {
  if (parsed.names.length === 0) return usageError(verb, 'missing pool name argument')
  const opened = openPools(state, parsed.names)
  const faults = opened.pools.map(run).filter((fault) => fault !== null)
  const stderr = opened.stderr + faults.map((fault) => `${fault}\n`).join('')
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

export function scrub(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('scrub', args, 'aeCpsw')
  if (isAnswer(parsed)) return parsed
  const { flags } = parsed
  const unknown = ['a', 'e', 'C'].find((flag) => flags.has(flag))
  if (unknown !== undefined) throw new NotSimulated(`zpool scrub -${unknown}`)
  if (flags.has('s') && flags.has('p'))
    return usageError('scrub', 'invalid option combination: -s and -p are mutually exclusive')
  return forEach(state, 'scrub', parsed, (pool) => {
    const isRunning = pool.scan?.includes('in progress') === true
    if (flags.has('s')) {
      if (!isRunning) return `cannot cancel scrubbing ${pool.name}: there is no active scrub`
      pool.scan = null
    } else if (!flags.has('p')) {
      if (pool.suspended) return `cannot scrub ${pool.name}: ${suspended}`
      scrubPool(state, pool)
    }
    return null
  })
}

export function restartResilver(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('resilver', args, '')
  if (isAnswer(parsed)) return parsed
  return forEach(state, 'resilver', parsed, (pool) => {
    if (pool.suspended) return `cannot restart resilver on ${pool.name}: ${suspended}`
    const isDue = topLevels(pool)
      .flatMap(leavesOf)
      .some((leaf) => leaf.staleSince !== undefined)
    if (isDue) resilver(state, pool)
    return null
  })
}

/** What `trim` and `initialize` have in common: all leaves or those named, and a flag that needs something running. */
function onLeaves(state: SimState, verb: 'trim' | 'initialize', args: readonly string[]): ToolAnswer {
  const parsed = parseOptions(verb, args, verb === 'trim' ? 'acdr:sw' : 'acsuw')
  if (isAnswer(parsed)) return parsed
  const [name, ...devices] = parsed.names
  if (name === undefined) return usageError(verb, 'missing pool name argument')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const found = devices.map((device) => ({ device, vdev: findVdev(pool, device)?.vdev }))
  const fault = found.map(({ device, vdev }) => {
    if (vdev === undefined) return `cannot ${verb} '${device}': no such device in pool\n`
    return isLeaf(vdev) ? '' : `cannot ${verb} '${device}': operation not supported on this type of pool\n`
  })
  if (fault.join('') !== '') return answer(255, '', fault.join(''))
  if (!parsed.flags.has('c') && !parsed.flags.has('s')) return answer(0)
  const what = verb === 'trim' ? 'trim' : 'initialization'
  const leaves =
    devices.length > 0
      ? devices
      : topLevels(pool)
          .flatMap(leavesOf)
          .map((leaf) => leaf.path ?? leaf.name)
  return answer(255, '', leaves.map((leaf) => `cannot ${verb} '${leaf}': there is no active ${what}\n`).join(''))
}

export const trim = (state: SimState, args: readonly string[]): ToolAnswer => onLeaves(state, 'trim', args)
export const initialize = (state: SimState, args: readonly string[]): ToolAnswer => onLeaves(state, 'initialize', args)

const activities = ['discard', 'free', 'initialize', 'replace', 'remove', 'resilver', 'scrub', 'trim', 'raidz_expand']

export function wait(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('wait', args, 'HpT:t:')
  if (isAnswer(parsed)) return parsed
  const asked = parsed.values.filter(({ option }) => option === 't').flatMap(({ value }) => value.split(','))
  const bad = asked.find((activity) => !activities.includes(activity))
  if (bad !== undefined) return usageError('wait', `invalid activity '${bad}'`)
  const [name, further] = parsed.names
  if (name === undefined) return usageError('wait', "missing 'pool' argument")
  if (further !== undefined) throw new NotSimulated('zpool wait with an interval')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  // A suspended pool's resilver never ends.
  if (
    pool.suspended &&
    topLevels(pool)
      .flatMap(leavesOf)
      .some((leaf) => leaf.staleSince !== undefined)
  ) {
    return { exitCode: 1, stdout: '', stderr: '', hangs: true }
  }
  finishResilver(state, pool)
  return answer(0)
}

export function sync(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('sync', args, '')
  if (isAnswer(parsed)) return parsed
  const { pools, stderr } = openPools(state, parsed.names)
  if (pools.some((pool) => pool.suspended)) return { exitCode: 1, stdout: '', stderr, hangs: true }
  for (const pool of pools) pool.txg += 1
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

export function checkpoint(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('checkpoint', args, 'dw')
  if (isAnswer(parsed)) return parsed
  const [name, further] = parsed.names
  if (name === undefined) return usageError('checkpoint', 'missing pool argument')
  if (further !== undefined) return usageError('checkpoint', 'too many arguments')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const discard = parsed.flags.has('d')
  const refuse = (why: string): ToolAnswer =>
    answer(1, '', `cannot ${discard ? 'discard checkpoint in' : 'checkpoint'} '${name}': ${why}\n`)
  if (pool.suspended) return refuse(suspended)
  if (discard && !pool.checkpoint) return refuse('checkpoint does not exist')
  if (!discard && pool.checkpoint) return refuse('checkpoint exists')
  pool.checkpoint = !discard
  pool.checkpointAt = state.now
  return answer(0)
}

export function reguid(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('reguid', args, 'g:')
  if (isAnswer(parsed)) return parsed
  const given = parsed.values[0]?.value
  const [name, further] = parsed.names
  if (name === undefined) return usageError('reguid', 'missing pool name')
  if (further !== undefined) return usageError('reguid', 'too many arguments')
  const pool = openPool(state, name)
  if (!isPool(pool)) return answer(1, '', pool.fault)
  const refuse = (why: string): ToolAnswer => answer(1, '', `cannot reguid '${name}': ${why}\n`)
  if (pool.suspended) return refuse(suspended)
  if (pool.checkpoint) return refuse('checkpoint exists')
  pool.guid = given ?? nextGuid(state)
  writeLabels(state, pool, 'active')
  return answer(0)
}
