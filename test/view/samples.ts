/** A plan, a run and a graph as the engine gives them, for views to show. */
import type { ChangeShown, Reason, RunEvent, TaskPlan, TaskResult } from '../../lib/engine/events.ts'
import type { PlanDocument, TaskStatus } from '../../lib/engine/session.ts'
import type { Output } from '../../lib/view/screen.ts'

export const reason = (standing: Reason['standing'], text: string, more: Partial<Reason> = {}): Reason => ({
  standing,
  text,
  inputs: [],
  drift: [],
  mend: [],
  ...more,
})

export const createPool: ChangeShown = {
  resource: 'zpool:quickOS',
  action: 'create',
  risk: 'safe',
  summary: 'create mirror pool quickOS of 2 disks',
  fields: [{ field: 'raid_level', from: null, to: 'mirror' }],
  steps: [
    { kind: 'verify', what: 'both disks are empty' },
    { kind: 'command', argv: ['zpool', 'create', '-o', 'ashift=12', 'quickOS', 'mirror', '/dev/a', "/dev/it's b"] },
  ],
  undo: { commands: [['zpool', 'destroy', 'quickOS']] },
  consent: null,
}

export const replacePool: ChangeShown = {
  resource: 'zpool:fastData',
  action: 'replace',
  risk: 'destructive',
  summary: 'destroy pool fastData and create it anew as a stripe of 1 disk',
  fields: [{ field: 'raid_level', from: 'mirror', to: 'single' }],
  steps: [{ kind: 'command', argv: ['zpool', 'destroy', 'fastData'] }],
  loss: { victims: ['pool fastData: 3 datasets, 1.2 TiB used'], typed: ['fastData'], identity: 'guid 1' },
  undo: { impossible: 'the data is gone' },
  consent: { agreed: false, by: 'safe mode; agree with --allow-destroy zpool:fastData (this one)' },
}

export const setCompression: ChangeShown = {
  resource: 'dataset:quickOS/vm-disks',
  action: 'update',
  risk: 'safe',
  summary: 'set compression of quickOS/vm-disks',
  fields: [{ field: 'compression', from: 'off', to: 'lz4', note: 'applies to new writes only' }],
  steps: [{ kind: 'command', argv: ['zfs', 'set', 'compression=lz4', 'quickOS/vm-disks'] }],
  undo: { commands: [['zfs', 'set', 'compression=off', 'quickOS/vm-disks']] },
  consent: null,
}

const noPlan = { needs: [], changes: [], refusals: [], notes: [], unreadable: null, reboot: [] }

export const tasks: readonly TaskPlan[] = [
  {
    ...noPlan,
    task: 'zfs:quickOS',
    title: 'pool quickOS and its datasets',
    reason: reason('new', 'never run here'),
    changes: [createPool, setCompression],
    notes: [{ resource: 'zpool:quickOS', level: 'warning', text: 'a member is degraded' }],
  },
  {
    ...noPlan,
    task: 'zfs:fastData',
    title: 'pool fastData',
    reason: reason('drifted', 'raid_level of zpool:fastData is mirror, was single when last applied'),
    changes: [replacePool],
    refusals: [
      {
        resource: 'dataset:fastData/db',
        why: 'recordsize can not follow',
        fields: [{ field: 'volblocksize', from: '8192', to: '16384' }],
        mend: ['zfs send it into a new volume'],
      },
    ],
  },
  {
    ...noPlan,
    task: 'storage:quickOS',
    title: 'storage',
    needs: ['zfs:quickOS'],
    reason: reason('up to date', 'as declared'),
  },
]

export const planDocument: PlanDocument = {
  format: 1,
  host: 'simulated:demo',
  config: 'phoenix.config.json',
  mode: 'safe',
  verb: 'run',
  targets: ['setup'],
  tasks,
  warnings: ['the config stands armed'],
  summary: {
    changes: 3,
    destructive: 1,
    refusals: 1,
    consentMissing: 1,
    unreadable: 0,
    upToDate: 1,
    rebootRequired: 0,
  },
}

export const result = (task: string, outcome: TaskResult['outcome'], more: Partial<TaskResult> = {}): TaskResult => ({
  task,
  outcome,
  durationMs: 1234,
  why: null,
  failure: null,
  reboot: [],
  ...more,
})

const failed = result('storage:quickOS', 'failed', {
  why: 'add storage: pvesm ended with exit code 255',
  failure: {
    what: 'add storage: pvesm ended with exit code 255',
    argv: ['pvesm', 'add', 'dir', 'x'],
    exitCode: 255,
    timedOut: false,
    stdout: '',
    stderr: 'storage \u001b[31mx\u001b[0m is\nalready defined\n',
    mend: ['mend what the tool complains of'],
  },
})

const argv = ['zpool', 'create', 'quickOS']
const results = [
  result('zfs:quickOS', 'changed'),
  failed,
  result('vm:1', 'skipped', { why: 'needs storage:quickOS, which did not converge' }),
  result('vm:2', 'skipped', { why: 'needs storage:quickOS, which did not converge' }),
  result('users', 'unchanged'),
]

export const run: readonly RunEvent[] = [
  {
    type: 'run',
    format: 1,
    run: '20261121T080000Z-abcd',
    host: 'simulated:demo',
    mode: 'safe',
    verb: 'run',
    targets: ['setup'],
    config: 'phoenix.config.json',
    at: '2026-11-21T08:00:00.000Z',
    dryRun: false,
  },
  {
    type: 'plan',
    plan: { ...noPlan, task: 'zfs:quickOS', title: 'pool', reason: reason('new', 'x'), changes: [createPool] },
  },
  { type: 'planned', tasks: 5, toChange: 1, changes: 1, refusals: 0 },
  { type: 'task-start', task: 'zfs:quickOS', title: 'pool quickOS', changes: 1 },
  {
    type: 'change-start',
    task: 'zfs:quickOS',
    resource: 'zpool:quickOS',
    action: 'create',
    summary: 'create pool quickOS',
  },
  { type: 'command-start', task: 'zfs:quickOS', argv },
  { type: 'command-end', task: 'zfs:quickOS', argv, exitCode: 0, durationMs: 900, stdout: '', stderr: '' },
  { type: 'output', task: 'zfs:quickOS', text: 'half of it\n' },
  { type: 'change-end', task: 'zfs:quickOS', resource: 'zpool:quickOS', ok: true, durationMs: 950 },
  ...results.map((one): RunEvent => ({ type: 'task-end', ...one })),
  { type: 'stopping', why: 'stopping: for the sake of it' },
  { type: 'warning', text: 'the config stands armed' },
  {
    type: 'summary',
    format: 1,
    run: '20261121T080000Z-abcd',
    exitCode: 1,
    durationMs: 2500,
    changed: 1,
    unchanged: 1,
    failed: 1,
    skipped: 2,
    refused: 0,
    mutations: 2,
    rebootRequired: [],
    rebooting: false,
    tasks: results,
    next: ['phx run setup goes on from what it finds'],
  },
]

export const statuses: readonly TaskStatus[] = [
  {
    task: 'zfs:quickOS',
    title: 'pool quickOS',
    groups: ['zfs', 'setup'],
    needs: [],
    reason: reason('inputs changed', 'compression was off, is now lz4', {
      inputs: [{ field: 'datasets.vm-disks.compression', from: 'off', to: 'lz4' }],
    }),
    notes: [],
    lastRun: '2026-11-20T10:00:00.000Z',
    lastDurationMs: 65_000,
    run: '20261120T100000Z-aaaa',
  },
  {
    task: 'storage:quickOS',
    title: 'storage on quickOS',
    groups: ['storage', 'zfs', 'setup'],
    needs: ['zfs:quickOS'],
    reason: reason('drifted', 'content of storage:a is images', {
      drift: [{ resource: 'storage:a', field: 'content', from: ['images', 'rootdir'], to: ['images'] }],
    }),
    notes: [],
    lastRun: null,
    lastDurationMs: null,
    run: null,
  },
  {
    task: 'alone',
    title: 'alone',
    groups: [],
    needs: [],
    reason: reason('up to date', 'as declared'),
    notes: [],
    lastRun: null,
    lastDurationMs: null,
    run: null,
  },
]

/** A stream that keeps what was written. */
export function captured(terminal = false): Output & { text: string; listeners: number } {
  return {
    text: '',
    listeners: 0,
    isTTY: terminal,
    columns: 100,
    write(text: string) {
      this.text += text
      return true
    },
    on() {
      this.listeners += 1
    },
  } as Output & { text: string; listeners: number }
}
