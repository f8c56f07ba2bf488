/** Guests in files of their own: they count as if they stood in the config, and a mistake is told where it stands. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, parseConfig } from '../../lib/config/load.ts'
import type { Problem } from '../../lib/config/problem.ts'
import { readSources } from '../../lib/import/source.ts'

type Files = Readonly<Record<string, unknown>>

/** A folder with these files, a text as it is written; the config is called config.json. */
function inFolder<Result>(files: Files, work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'phx-guests-'))
  try {
    for (const [name, document] of Object.entries(files)) {
      const text = typeof document === 'string' ? document : JSON.stringify(document, null, 2)
      writeFileSync(join(folder, name), text)
    }
    return work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const load = (files: Files) => inFolder(files, (folder) => loadConfig(join(folder, 'config.json')))

/** `FILE:LINE $.path: message → mend`, the folder taken out. */
function told(files: Files): string[] {
  return inFolder(files, (folder) => {
    const clean = (text: string): string => text.replaceAll(`${folder}/`, '')
    const line = ({ file, line, path, message, mend }: Problem) => `${file}:${line} ${path}: ${message} → ${mend}`
    return loadConfig(join(folder, 'config.json')).problems.map((problem) => clean(line(problem)))
  })
}

const vm = (vmid: number, name: string, more: object = {}) => ({ vmid, name, ...more })
const named = { guest_files: ['vms.json', 'containers.json'] }

test('the config is the same, wherever its guests stand', () => {
  const [one, two] = [vm(8101, 'one'), vm(8102, 'two', { dependencies: ['lxc:901'] })]
  const lxc = { '901': { name: 'web' }, '902': { name: 'db' } }
  const whole = load({
    'config.json': { timezone: 'UTC', guests: { vm_defaults: { cores: 4 }, vms: [one, two], lxc_configs: lxc } },
  })
  const parts = load({
    'config.json': { ...named, timezone: 'UTC', guests: { vms: [one], lxc_configs: { '901': lxc['901'] } } },
    'vms.json': { vm_defaults: { cores: 4 }, vms: [two] },
    'containers.json': { lxc_configs: { '902': lxc['902'] } },
  })
  assert.ok(whole.ok && parts.ok, JSON.stringify(parts.problems))
  if (whole.ok && parts.ok) assert.equal(parts.config, whole.config)
})

test('a mistake is told with the file and line in which it stands: schema, rules, secrets, syntax', () => {
  const containers = [
    '{',
    '  "lxc_configs": {',
    '    "901": { "name": "web", "features": [1,], "password": "hunter2" }',
    '  }',
    '}',
  ]
  const files = {
    'config.json': { ...named, guests: { vms: [vm(8101, 'one')] } },
    'vms.json': { vms: [vm(8102, 'two'), vm(8103, 'three', { coers: 2, dependencies: ['104'] })] },
    'containers.json': containers.join('\n'),
  }
  assert.equal(
    told(files).map((line) => line.split(' → ')[0]),
    [
      'vms.json:10 $.vms[1].coers: unknown field "coers"',
      'vms.json:12 $.vms[1].dependencies[0]: no guest 104 is declared',
      "containers.json:3 $.lxc_configs['901'].features[0]: this must be a text, not 1",
      "containers.json:3 $.lxc_configs['901'].features: a comma stands before ]",
      'containers.json:3 $.lxc_configs[\'901\'].password: unknown field "password", and a secret must not stand in the config',
    ],
  )
})

test('one id in two files: both places are told, for VMs, containers and between them', () => {
  const files = {
    'config.json': { ...named, guests: { vms: [vm(901, 'one')], lxc_configs: { '902': { name: 'two' } } } },
    'vms.json': { vms: [vm(8101, 'three'), vm(901, 'four')] },
    'containers.json': { lxc_configs: { '901': { name: 'five' }, '902': { name: 'six' } } },
  }
  assert.equal(told(files), [
    'vms.json:8 $.vms[1].vmid: two guests have the id 901; the other is at config.json:9 → give one of them another id',
    "containers.json:3 $.lxc_configs['901']: two guests have the id 901; the other is at config.json:9 → give one of them another id",
    "containers.json:6 $.lxc_configs['902']: two guests have the id 902; the other is at config.json:14 → give one of them another id",
  ])
})

test('vm_defaults in two files: the same is fine, another value is not', () => {
  const files = (cores: number) => ({
    'config.json': { guest_files: ['vms.json'], guests: { vm_defaults: { cores: 4, memory_mb: 2048 } } },
    'vms.json': { vm_defaults: { cores, network_bridge: 'vmbr1' } },
  })
  assert.equal(told(files(4)), [])
  const loaded = load(files(4))
  assert.ok(loaded.ok)
  const all = { cores: 4, memory_mb: 2048, network_bridge: 'vmbr1' }
  if (loaded.ok) assert.equal(loaded.config.guests?.vm_defaults, all)
  assert.equal(told(files(8)), [
    'vms.json:3 $.vm_defaults.cores: two files give cores in vm_defaults, and not the same; the other is at config.json:7 → say it in one of them',
  ])
})

test('a file that can not be read, and what then is not said: that its guests are missing', () => {
  const guests = { vms: [vm(8101, 'one', { dependencies: ['901'] })] }
  const files = {
    'config.json': { guest_files: ['no.json', 'torn.json', 'list.json'], guests },
    'torn.json': '{',
    'list.json': [],
  }
  assert.equal(told(files), [
    'config.json:3 $.guest_files[0]: there is no file no.json → write it, or take its name away',
    'torn.json:1 $: found the end of the file while the { of line 1 is still open → close it with }',
    'list.json:1 $: a file of guests holds an object with members of guests → write {"vms": […]}, or {"lxc_configs": {…}}',
  ])
})

test('folders, bytes that are no text, and a name that leads to the config or comes twice', () => {
  const problems = inFolder(
    { 'config.json': { guest_files: ['sub', 'bytes', 'config.json', './a.json', 'a.json'] }, 'a.json': {} },
    (folder) => {
      mkdirSync(join(folder, 'sub'))
      writeFileSync(join(folder, 'bytes'), Buffer.from([0x7b, 0xff, 0x7d]))
      return loadConfig(join(folder, 'config.json')).problems.map(
        ({ path, message }) => `${path} ${message.replaceAll(folder, '')}`,
      )
    },
  )
  assert.equal(problems, [
    '$.guest_files[0] /sub is a folder',
    '$.guest_files[1] bytes is no UTF-8 text',
    '$.guest_files[2] config.json is read already: it is the config itself, or named twice',
    '$.guest_files[4] a.json is read already: it is the config itself, or named twice',
  ])
})

test('what does not belong into such a file', () => {
  const files = {
    'config.json': { guest_files: ['vms.json'] },
    'vms.json': { guest_files: ['more.json'], guests: { vms: [] }, zfs: {} },
  }
  assert.equal(told(files), [
    "vms.json:2 $.guest_files: a file of guests reads no other files → name every file in the config's own guest_files",
    'vms.json:5 $.guests: a file of guests is the section itself → write what is in it directly into the file: {"vms": […], "lxc_configs": {…}}',
    'vms.json:8 $.zfs: unknown field "zfs" → remove it; the fields here are vm_defaults, vms, lxc_configs',
  ])
})

test('without a folder the files are left unread; phx import takes such a config as one of its own', () => {
  const text = JSON.stringify({ ...named, guests: { vms: [vm(8101, 'one', { dependencies: ['901'] })] } })
  assert.ok(parseConfig(text, 'config.json').ok)
  const kinds = inFolder(
    { 'config.json': { ...named } },
    (folder) => readSources([join(folder, 'config.json')]).sources,
  )
  assert.equal(
    kinds.map(({ kind }) => kind),
    ['phx'],
  )
})

test.run()
