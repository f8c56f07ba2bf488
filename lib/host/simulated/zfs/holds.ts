/** `zfs hold`, `holds` and `release`. When a hold was made isn't kept: `holds` shows the present. */
import type { Dataset, Pool, SimState } from '../model.ts'
import { answer, type ToolAnswer } from '../tool.ts'
import { destroyDeferred } from './destroy.ts'
import { open } from './open.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { descendantsOf, parentOf } from './tree.ts'
import { dateOf } from './values.ts'

export const hold = (state: SimState, args: readonly string[]): ToolAnswer => holdOrRelease(state, args, true)
export const release = (state: SimState, args: readonly string[]): ToolAnswer => holdOrRelease(state, args, false)

function holdOrRelease(state: SimState, args: readonly string[], holding: boolean): ToolAnswer {
  const verb = holding ? 'hold' : 'release'
  const options = parseOptions(verb, args, 'r')
  if (isAnswer(options)) return options
  const [tag, ...names] = options.names
  if (tag === undefined || names.length === 0) return usageError(verb, '')
  if (holding && tag.startsWith('.')) return usageError(verb, "tag may not start with '.'")
  let stderr = ''
  for (const name of names) {
    const at = name.indexOf('@')
    if (at < 0) {
      stderr += `'${name}' is not a snapshot\n`
      continue
    }
    const opened = open(state, name.slice(0, at), 'fv')
    if (typeof opened === 'string') {
      stderr += opened
      continue
    }
    const { pool, dataset } = opened
    const heads = options.flags.has('r') ? [dataset, ...descendantsOf(pool, dataset.name)] : [dataset]
    const found = heads.flatMap((head) => pool.datasets.filter((each) => each.name === `${head.name}${name.slice(at)}`))
    stderr += holding ? holdAll(found, name, tag) : releaseAll(state, pool, found, name, tag)
  }
  return answer(stderr === '' ? 0 : 1, '', stderr)
}

function holdAll(snapshots: readonly Dataset[], name: string, tag: string): string {
  const cannot = (which: string, reason: string): string => `cannot hold snapshot '${which}': ${reason}\n`
  if (snapshots.length === 0) return cannot(name, 'dataset does not exist')
  const held = snapshots.filter(({ holds }) => holds.includes(tag))
  if (held.length > 0) return held.map((each) => cannot(each.name, 'tag already exists on this dataset')).join('')
  for (const each of snapshots) each.holds.push(tag)
  return ''
}

function releaseAll(state: SimState, pool: Pool, snapshots: readonly Dataset[], name: string, tag: string): string {
  const cannot = (reason: string): string => `cannot release hold from snapshot '${name}': ${reason}\n`
  if (snapshots.length === 0) return cannot('dataset does not exist')
  const held = snapshots.filter(({ holds }) => holds.includes(tag))
  if (held.length === 0) return cannot('no such tag on this dataset')
  for (const each of held) {
    each.holds = each.holds.filter((other) => other !== tag)
    destroyDeferred(state, pool, each.name)
  }
  return ''
}

export function holds(state: SimState, args: readonly string[]): ToolAnswer {
  const options = parseOptions('holds', args, 'rHp')
  if (isAnswer(options)) return options
  if (options.names.length === 0) return usageError('holds', '')
  const rows: string[][] = []
  let stderr = ''
  for (const name of options.names) {
    const opened = open(state, name, 's')
    if (typeof opened === 'string') {
      stderr += opened
      continue
    }
    const { pool, dataset } = opened
    const tail = name.slice(name.indexOf('@'))
    const heads = options.flags.has('r') ? descendantsOf(pool, parentOf(name) ?? '') : []
    const below = heads.flatMap((head) => pool.datasets.filter((each) => each.name === `${head.name}${tail}`))
    for (const each of [dataset, ...below]) {
      for (const tag of each.holds)
        rows.push([each.name, tag, options.flags.has('p') ? String(state.now) : dateOf(state.now)])
    }
  }
  if (options.flags.has('H'))
    return answer(stderr === '' ? 0 : 1, rows.map((row) => `${row.join('\t')}\n`).join(''), stderr)
  const all = rows.length === 0 ? [] : [['NAME', 'TAG', 'TIMESTAMP'], ...rows]
  const widths = [0, 1].map((at) => Math.max(0, ...all.map((row) => row[at]?.length ?? 0)))
  const text = all.map((row) => `${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}\n`).join('')
  return answer(stderr === '' ? 0 : 1, text, stderr)
}
