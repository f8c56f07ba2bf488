/** /proc/sys, parameters of modules, and sysctl(8) over them (services.jsonl scene 48). */
import { has, readOptions } from '../disk-tools/options.ts'
import { namesIn, tidy } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { answer, type Tool, type ToolAnswer } from '../tool.ts'
import { systemOf } from './state.ts'

/** What Debian's kernel starts with; numbers only, but for those named below. */
const defaults: Readonly<Record<string, string>> = {
  'fs.file-max': '9223372036854775807',
  'fs.inotify.max_queued_events': '16384',
  'fs.inotify.max_user_instances': '128',
  'fs.inotify.max_user_watches': '65536',
  'kernel.core_pattern': 'core',
  'kernel.panic': '0',
  'kernel.pid_max': '32768',
  'kernel.keys.maxkeys': '2000',
  'net.bridge.bridge-nf-call-iptables': '1',
  'net.core.rmem_max': '212992',
  'net.core.somaxconn': '4096',
  'net.core.wmem_max': '212992',
  'net.ipv4.ip_forward': '0',
  'net.ipv4.tcp_rmem': '4096\t131072\t6291456',
  'net.ipv4.tcp_wmem': '4096\t16384\t4194304',
  'net.ipv6.conf.all.disable_ipv6': '0',
  'net.ipv6.conf.all.forwarding': '0',
  'vm.dirty_background_ratio': '10',
  'vm.dirty_ratio': '20',
  'vm.max_map_count': '65530',
  'vm.min_free_kbytes': '67584',
  'vm.overcommit_memory': '0',
  'vm.swappiness': '60',
  'vm.vfs_cache_pressure': '100',
}
const texts: readonly string[] = ['kernel.core_pattern']
const readOnly: Readonly<Record<string, string>> = { 'kernel.ostype': 'Linux' }

/** 0: half of the memory, as OpenZFS decides for itself; Proxmox VE's installer writes a smaller one for itself. */
const moduleDefaults: Readonly<Record<string, string>> = {
  '/sys/module/zfs/parameters/zfs_arc_max': '0',
  '/sys/module/zfs/parameters/zfs_arc_min': '0',
}

/** A slash and a dot may both part the words; the first that stands there decides (sysctl(8)). */
const pathOf = (key: string): string => `/proc/sys/${key.includes('/') ? key : key.replaceAll('.', '/')}`
const keyOf = (path: string): string => path.slice('/proc/sys/'.length).replaceAll('/', '.')

export function parameter(state: SimState, path: string): string | undefined {
  const set = state.system?.parameters?.[path]
  if (set !== undefined) return set
  if (Object.hasOwn(moduleDefaults, path)) return moduleDefaults[path]
  if (!path.startsWith('/proc/sys/')) return undefined
  const key = keyOf(path)
  if (key === 'kernel.hostname') return state.hostname
  return defaults[key] ?? readOnly[key]
}

/** The error's text, null when it worked, undefined when there is no such file. */
export function setParameter(state: SimState, path: string, text: string): string | null | undefined {
  const before = parameter(state, path)
  if (before === undefined) return undefined
  if (Object.hasOwn(readOnly, keyOf(path))) return 'Operation not permitted'
  const value = text.trim()
  const isText = texts.includes(keyOf(path)) || path === '/proc/sys/kernel/hostname'
  if (!isText && !/^-?\d+(\s+-?\d+)*$/.test(value)) return 'Invalid argument'
  if (path === '/proc/sys/kernel/hostname') state.hostname = value
  else {
    const system = systemOf(state)
    system.parameters = { ...system.parameters, [path]: value.replace(/\s+/g, '\t') }
  }
  return null
}

function assign(state: SimState, key: string, value: string, ignoreUnknown: boolean): ToolAnswer {
  const path = pathOf(key)
  const fault = setParameter(state, path, value)
  if (fault === undefined)
    return ignoreUnknown ? answer(0) : answer(1, '', `sysctl: cannot stat ${path}: No such file or directory\n`)
  // Not permitted is rc 0 (scene 48).
  if (fault !== null)
    return answer(fault === 'Invalid argument' ? 1 : 0, '', `sysctl: setting key "${key}": ${fault}\n`)
  return answer(0, `${key} = ${value}\n`)
}

function join(answers: readonly ToolAnswer[]): ToolAnswer {
  const worst = answers.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0
  const all = (stream: 'stdout' | 'stderr'): string => answers.map((one) => one[stream]).join('')
  return answer(worst, all('stdout'), all('stderr'))
}

function load(state: SimState, path: string, ignoreUnknown: boolean): ToolAnswer {
  const text = state.files[tidy(path)]?.content
  if (text === undefined) return answer(1, '', `sysctl: cannot open "${path}": No such file or directory\n`)
  const answers = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line))
    .map((line) => {
      const [key = '', value = ''] = line.split(/\s*=\s*(.*)/s)
      return assign(state, key.replace(/^-/, ''), value, ignoreUnknown || key.startsWith('-'))
    })
  return join(answers)
}

/** Of one name the file in /etc counts; all are taken in order of their names (sysctl.d(5)). */
export function loadAll(state: SimState): ToolAnswer {
  const files = new Map<string, string>()
  for (const folder of ['/usr/lib/sysctl.d', '/run/sysctl.d', '/etc/sysctl.d'])
    for (const name of namesIn(state, folder)) if (name.endsWith('.conf')) files.set(name, `${folder}/${name}`)
  const paths = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path)
  const applied = join(paths.map((path) => load(state, path, true)))
  const said = paths.map((path) => `* Applying ${path} ...\n`).join('')
  return answer(0, said + applied.stdout, applied.stderr)
}

export const sysctl: Tool = (state, { args }) => {
  const options = readOptions('sysctl', args, [
    '-n --values',
    '-w --write',
    '-p --load',
    '-e --ignore',
    '-q --quiet',
    '--system',
  ])
  const quiet = (given: ToolAnswer): ToolAnswer => (has(options, '-q') ? { ...given, stdout: '' } : given)
  if (has(options, '--system')) return quiet(loadAll(state))
  if (has(options, '-p')) {
    const paths = options.operands.length === 0 ? ['/etc/sysctl.conf'] : options.operands
    return quiet(join(paths.map((path) => load(state, path, has(options, '-e')))))
  }
  const answers = options.operands.map((word) => {
    const [key = '', value] = word.split(/=(.*)/s)
    if (value !== undefined) return assign(state, key, value, has(options, '-e'))
    const now = parameter(state, pathOf(key))
    if (now === undefined) return answer(1, '', `sysctl: cannot stat ${pathOf(key)}: No such file or directory\n`)
    return answer(0, has(options, '-n') ? `${now}\n` : `${key} = ${now}\n`)
  })
  return quiet(join(answers))
}
