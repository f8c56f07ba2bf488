/** Loads a config made from plain data and checks each problem's place against the text it points at. */
import * as assert from 'uvu/assert'
import { parseConfig } from '../../lib/config/load.ts'
import type { Problem } from '../../lib/config/problem.ts'

export interface Expected {
  readonly path: string
  /** Part of the message. */
  readonly message: string
  /** Part of the mend. */
  readonly mend: string
  readonly meant?: string
  readonly severity?: 'error' | 'warning'
  /** Whether the place is the field's name; otherwise it is the value. */
  readonly atKey?: boolean
}

export function problemsOf(config: unknown): readonly Problem[] {
  return parseConfig(JSON.stringify(config, null, 2), 'phoenix.config.json').problems
}

/** The config has exactly these problems, in this order, each at the right place of the file. */
export function assertProblems(config: unknown, expected: readonly Expected[]): void {
  const text = JSON.stringify(config, null, 2)
  const { ok, problems } = parseConfig(text, 'phoenix.config.json')
  const told = problems.map(({ severity, path, message }) => `${severity} ${path}: ${message}`)
  assert.is(problems.length, expected.length, `told:\n${told.join('\n')}`)
  for (const [index, one] of expected.entries()) {
    const problem = problems[index]
    if (problem === undefined) continue
    assert.is(problem.path, one.path)
    assert.ok(problem.message.includes(one.message), `message: ${problem.message}`)
    assert.ok(problem.mend.includes(one.mend), `mend: ${problem.mend}`)
    assert.is(problem.meant, one.meant, problem.message)
    assert.is(problem.severity, one.severity ?? 'error', problem.message)
    assert.is(problem.file, 'phoenix.config.json')
    assertPlace(text, config, problem, one.atKey ?? false)
  }
  assert.is(ok, !problems.some(({ severity }) => severity === 'error'))
}

/** Reads the text at the problem's line and column: there stands the value that its path leads to, or its name. */
function assertPlace(text: string, config: unknown, problem: Problem, atKey: boolean): void {
  const here = text.split('\n')[problem.line - 1]?.slice(problem.column - 1) ?? ''
  const steps = [...problem.path.matchAll(/\.([A-Za-z0-9_]+)|\[([0-9]+)\]|\['((?:[^'\\]|\\.)*)'\]/g)].map(
    ([, name, index, quoted]) => (index === undefined ? (name ?? quoted ?? '') : Number(index)),
  )
  if (atKey) {
    assert.ok(here.startsWith(`${JSON.stringify(steps.at(-1))}:`), `name of ${problem.path} in ${here}`)
    return
  }
  const value = steps.reduce<unknown>((inner, step) => (inner as Record<string | number, unknown>)?.[step], config)
  const written = JSON.stringify(value)
  const start = typeof value === 'object' ? written.slice(0, 1) : written
  assert.ok(here.startsWith(start), `${problem.path}: ${start} in ${here}`)
}

/** A config with one sound pool of one disk, and whatever else is given. */
export function withPool(
  zfs: Record<string, unknown> = {},
  rest: Record<string, unknown> = {},
): Record<string, unknown> {
  return { zfs: { pools: [tank()], ...zfs }, ...rest }
}

export function tank(pool: Record<string, unknown> = {}): Record<string, unknown> {
  return { name: 'tank', raid_level: 'single', disks: [disk(1)], ...pool }
}

export function disk(number: number): string {
  return `/dev/disk/by-id/ata-DISK_SERIAL${number}`
}

export function disks(count: number): string[] {
  return Array.from({ length: count }, (_, index) => disk(index + 1))
}
