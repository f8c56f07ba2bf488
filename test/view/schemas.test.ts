import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nodes } from '../../lib/view/graph/drawing.ts'
import { planDocument, run, statuses } from './samples.ts'
import { assertValid, mistakes } from './schema.ts'

const head = { format: 1, host: 'local', config: 'c.json', targets: ['setup'] }

test('the sample documents are valid', () => {
  assertValid('plan', planDocument)
  for (const event of run) assertValid('events', { ...event, format: 1 })
  assertValid('status', { ...head, tasks: statuses, guests: [] })
  assertValid('why', { ...head, tasks: statuses.slice(0, 1), needs: statuses.slice(1) })
  assertValid('graph', { ...head, host: null, tasks: nodes([], null) })
})

test('a schema refuses what is missing, unknown or of another type', () => {
  const { summary, ...without } = planDocument
  assert.is.not(mistakes('plan', without).length, 0)
  assert.is.not(mistakes('plan', { ...planDocument, surprise: 1 }).length, 0)
  assert.is.not(mistakes('plan', { ...planDocument, summary: { ...summary, changes: -1 } }).length, 0)
  assert.is.not(mistakes('plan', { ...planDocument, mode: 'wild' }).length, 0)
  assert.is.not(mistakes('events', { type: 'unheard-of' }).length, 0)
  assert.is.not(mistakes('events', { type: 'warning' }).length, 0)
})

test.run()
