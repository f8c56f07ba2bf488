import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { paint } from '../../lib/view/paint.ts'
import { planText } from '../../lib/view/plan.ts'
import { statusText, whyText } from '../../lib/view/status.ts'
import { planDocument, statuses } from './samples.ts'

const plain = paint(false)

test('a plan shows every change with its fields, commands, losses and the flag that agrees', () => {
  assert.is(
    planText(planDocument, plain, false),
    `Plan for simulated:demo, config phoenix.config.json, mode safe, targets setup

+ zfs:quickOS  pool quickOS and its datasets
  new: never run here
  + zpool:quickOS  create mirror pool quickOS of 2 disks  [create, safe]
      raid_level  (absent) → mirror
      verify that both disks are empty
      $ zpool create -o ashift=12 quickOS mirror /dev/a '/dev/it'\\''s b'
  ~ dataset:quickOS/vm-disks  set compression of quickOS/vm-disks  [update, safe]
      compression  off → lz4  (applies to new writes only)
      $ zfs set compression=lz4 quickOS/vm-disks
  warning zpool:quickOS: a member is degraded

≠ zfs:fastData  pool fastData
  drifted: raid_level of zpool:fastData is mirror, was single when last applied
  refused dataset:fastData/db: recordsize can not follow
      field         declared  live
      volblocksize  16384     8192
      → zfs send it into a new volume
  -/+ zpool:fastData  destroy pool fastData and create it anew as a stripe of 1 disk  [replace, DESTRUCTIVE]
      raid_level  mirror → single
      $ zpool destroy fastData
      would be lost:
        pool fastData: 3 datasets, 1.2 TiB used
      not agreed to: safe mode; agree with --allow-destroy zpool:fastData (this one)

✓ up to date: storage:quickOS

Plan: 3 changes in 2 tasks, 1 destructive, 1 refusal, 1 task up to date.
A run would be refused, and nothing touched.
`,
  )
})

test('a plan with nothing to do says so', () => {
  const [, , third] = planDocument.tasks
  assert.ok(third)
  const summary = {
    changes: 0,
    destructive: 0,
    refusals: 0,
    consentMissing: 0,
    unreadable: 0,
    upToDate: 1,
    rebootRequired: 0,
  }
  const text = planText({ ...planDocument, tasks: [third], summary }, plain, false)
  assert.match(text, 'Nothing to do: 1 task is up to date.')
})

test('control characters of the host do not reach the terminal', () => {
  const [first] = planDocument.tasks
  assert.ok(first)
  const evil = { ...first, title: 'x\u001b]0;owned\u0007' }
  const text = planText({ ...planDocument, tasks: [evil] }, plain, true)
  assert.not.match(text, '\u001b')
})

test('status: one aligned line a task', () => {
  assert.is(
    statusText(statuses, [], plain),
    `~ zfs:quickOS      inputs changed  2026-11-20 10:00:00 UTC  1 min 5 s  compression was off, is now lz4
≠ storage:quickOS  drifted         -                                   content of storage:a is images
✓ alone            up to date      -                                   as declared

1 of 3 tasks up to date.
`,
  )
})

test('why: inputs, drift, the stamp, and needs that are behind', () => {
  const [zfs, storage] = statuses
  assert.ok(zfs && storage)
  assert.is(
    whyText([storage], [zfs], plain),
    `storage:quickOS  storage on quickOS
drifted: content of storage:a is images
outputs that drifted, from what was last applied to what the host shows:
  storage:a content  images, rootdir → images
stamp: none, phx has not converged it here
needs: zfs:quickOS

What it needs is not up to date either:
  zfs:quickOS  inputs changed  compression was off, is now lz4
`,
  )
})

test('a warning of any task stands in the status, such as a guest that is not declared', () => {
  const text = 'vm:8105 (by-hand) is left alone'
  const [first, ...rest] = statuses
  const notes = [{ resource: 'vm:undeclared', level: 'warning' as const, text }]
  const told = statusText([...rest, { ...first, notes } as (typeof statuses)[number]], [], plain)
  assert.match(told, `warning vm:undeclared: ${text}`)
})

test.run()
