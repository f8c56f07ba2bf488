/**
 * Every file of test/cases: facts in, exact commands out. A case in which nothing is to be done must carry the reason
 * why, so that an empty plan is never empty by accident.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PhxConfig } from '../../lib/config/generated/types.ts'
import type { Change } from '../../lib/engine/resource.ts'
import { type Facts, planOn, stepText } from './rig.ts'

interface ExpectedChange {
  readonly resource: string
  readonly action: string
  readonly risk: string
  /** Every step: commands in full, verifications as `verify: …`. */
  readonly steps: readonly string[]
  /** Below: compared only where given. */
  readonly fields?: unknown
  readonly victims?: readonly string[]
  readonly typed?: readonly string[]
  readonly undo?: readonly string[] | string
  readonly reveals?: boolean
}

interface Case {
  readonly note: string
  readonly config: PhxConfig
  readonly facts: Facts
  /** Resources that stamps say phx made, by task. */
  readonly created?: Readonly<Record<string, readonly string[]>>
  readonly expect: {
    readonly changes?: readonly ExpectedChange[]
    /** Parts of the texts; as many as there are. */
    readonly refusals?: readonly string[]
    readonly notes?: readonly string[]
    readonly unreadable?: readonly string[]
    /** Why nothing is to be done. */
    readonly why?: string
    /** Every command that was asked; compared only where given. */
    readonly asked?: readonly string[]
  }
}

const folder = join(import.meta.dirname, '..', 'cases')

function shown(change: Change, wanted: ExpectedChange | undefined): Record<string, unknown> {
  const { undo } = change
  return {
    resource: change.resource,
    action: change.action,
    risk: change.risk,
    steps: change.steps.map(stepText),
    ...(wanted?.fields ? { fields: change.fields } : {}),
    ...(wanted?.victims ? { victims: change.loss?.victims } : {}),
    ...(wanted?.typed ? { typed: change.loss?.typed } : {}),
    ...(wanted?.undo
      ? { undo: 'commands' in undo ? undo.commands.map((argv) => argv.join(' ')) : undo.impossible }
      : {}),
    ...(wanted?.reveals === undefined ? {} : { reveals: change.reveals ?? false }),
  }
}

function assertTexts(what: string, texts: readonly string[], parts: readonly string[]): void {
  const all = `${what}:\n${texts.join('\n')}`
  assert.is(texts.length, parts.length, `${texts.length} instead of ${parts.length} ${all}`)
  for (const part of parts)
    assert.ok(
      texts.some((text) => text.includes(part)),
      `"${part}" is not among the ${all}`,
    )
}

for (const file of readdirSync(folder).sort()) {
  const cases = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, Case>
  for (const [name, { config, facts, created, expect }] of Object.entries(cases)) {
    test(`${file.replace('.json', '')}: ${name}`, async () => {
      const asked: string[] = []
      const planned = await planOn(config, facts, created, asked)
      const changes = planned.flatMap((task) => task.changes)
      assertTexts(
        'unreadable',
        planned.flatMap((task) => task.unreadable ?? []),
        expect.unreadable ?? [],
      )
      assertTexts(
        'refusals',
        planned.flatMap((task) => task.refusals.map((one) => one.why)),
        expect.refusals ?? [],
      )
      const wanted = expect.changes ?? []
      assert.equal(
        changes.map((change, index) => shown(change, wanted[index])),
        wanted,
      )
      if (expect.notes)
        assertTexts(
          'notes',
          planned.flatMap((task) => task.notes.map((one) => one.text)),
          expect.notes,
        )
      if (wanted.length === 0) assert.ok(expect.why, 'a case without changes must say why nothing is to be done')
      if (expect.asked) assert.equal(asked, expect.asked)
      for (const change of changes) {
        assert.is(
          change.loss !== undefined,
          change.risk === 'destructive',
          'loss goes with destructive, and only with it',
        )
      }
      for (const refusal of planned.flatMap((task) => task.refusals)) {
        assert.ok(refusal.mend.length > 0, `a refusal without a way out: ${refusal.why}`)
      }
    })
  }
}

test.run()
