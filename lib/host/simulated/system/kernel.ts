/** Kernels: which are installed, which runs, which is next; the initial RAM disks and what a module is told at its start. */
import { namesIn, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { nextUuid } from '../random.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'
import { loadAll, parameter, setParameter } from './parameters.ts'
import { systemOf } from './state.ts'

export const firstKernel = '6.17.2-1-pve'

export const runningKernel = (state: SimState): string => state.system?.kernel ?? firstKernel

/** Numbers are compared as numbers: 6.17.10 comes after 6.17.2. */
function byVersion(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => (text.match(/\d+/g) ?? []).map(Number))
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const difference = (left?.[index] ?? -1) - (right?.[index] ?? -1)
    if (difference !== 0) return difference
  }
  return 0
}

export const installedKernels = (state: SimState): string[] =>
  namesIn(state, '/boot')
    .flatMap((name) => /^vmlinuz-(.+)$/.exec(name)?.[1] ?? [])
    .sort(byVersion)

const pinFile = '/etc/kernel/proxmox-boot-pin'

/** A pinned one, else the newest (proxmox-boot-tool(8)). */
export function nextKernel(state: SimState): string {
  const pinned = state.files[pinFile]?.content.trim()
  const installed = installedKernels(state)
  if (pinned !== undefined && installed.includes(pinned)) return pinned
  return installed.at(-1) ?? runningKernel(state)
}

/** What a kernel package's postinst makes. */
export function addKernel(state: SimState, release: string): void {
  for (const name of ['vmlinuz', 'config', 'System.map']) writeText(state, `/boot/${name}-${release}`, '')
  writeInitrd(state, release)
}

const moduleOptions = (state: SimState): string[] =>
  namesIn(state, '/etc/modprobe.d')
    .filter((name) => name.endsWith('.conf'))
    .flatMap((name) => (state.files[`/etc/modprobe.d/${name}`]?.content ?? '').split('\n'))
    .filter((line) => /^(options|blacklist|install|softdep)\s/.test(line))

/** It carries the modules' options of the moment when it was made, which is why it has to be made anew. */
function writeInitrd(state: SimState, release: string): void {
  writeText(
    state,
    `/boot/initrd.img-${release}`,
    moduleOptions(state)
      .map((line) => `${line}\n`)
      .join(''),
  )
}

export const updateInitramfs: Tool = (state, { args }) => {
  const which = args[args.indexOf('-k') + 1]
  if (!args.includes('-u') && !args.includes('-c')) throw new NotSimulated(`update-initramfs ${args.join(' ')}`)
  const all = installedKernels(state)
  const chosen = args.includes('-k') ? (which === 'all' ? all : all.filter((one) => one === which)) : all.slice(-1)
  for (const release of chosen) writeInitrd(state, release)
  return answer(0, chosen.map((one) => `update-initramfs: Generating /boot/initrd.img-${one}\n`).join(''))
}

/** Without ESPs of its own there is nothing to do for it: the host boots by GRUB. */
export const proxmoxBootTool: Tool = (state, { args: [verb = '', ...rest] }) => {
  const uuids = state.files['/etc/kernel/proxmox-boot-uuids']?.content
  if (verb === 'status') {
    if (uuids !== undefined) return answer(0, 'System currently booted with uefi\n')
    return answer(2, '', 'E: /etc/kernel/proxmox-boot-uuids does not exist.\n')
  }
  if (verb === 'refresh') {
    if (uuids === undefined)
      return answer(
        0,
        "Running hook script 'proxmox-auto-removal'..\nRunning hook script 'zz-proxmox-boot'..\n",
        'No /etc/kernel/proxmox-boot-uuids found, skipping ESP sync.\n',
      )
    return answer(
      0,
      installedKernels(state)
        .map((one) => `Copying kernel ${one}\n`)
        .join(''),
    )
  }
  if (verb === 'kernel' && rest[0] === 'pin' && rest[1] !== undefined) {
    writeText(state, pinFile, `${rest[1]}\n`)
    return answer(0, `Setting '${rest[1]}' as grub default entry and running update-grub.\n`)
  }
  if (verb === 'kernel' && rest[0] === 'unpin') {
    delete state.files[pinFile]
    return answer(0, 'Removed /etc/kernel/proxmox-boot-pin.\n')
  }
  if (verb === 'kernel' && rest[0] === 'list')
    return answer(
      0,
      `Automatically selected kernels:\n${installedKernels(state)
        .map((one) => `${one}\n`)
        .join('')}`,
    )
  throw new NotSimulated(`proxmox-boot-tool ${verb}`)
}

export const uname: Tool = (state, { args }) => {
  if (args.length !== 1 || args[0] !== '-r') throw new NotSimulated(`uname ${args.join(' ')}`)
  return answer(0, `${runningKernel(state)}\n`)
}

const MEMORY = 98_304_000 * 1024
const memory = `MemTotal:       ${MEMORY / 1024} kB
MemFree:        90000000 kB
MemAvailable:   92000000 kB
`

/** Limits out of range are ignored without a word, and so is an upper one that is not above the lower one (OpenZFS arc.c). */
function arcStatistics(state: SimState): string {
  const set = (name: string): number => Number(parameter(state, `/sys/module/zfs/parameters/${name}`) ?? 0)
  const [wantedMin, wantedMax] = [set('zfs_arc_min'), set('zfs_arc_max')]
  const min = wantedMin >= 32 * 2 ** 20 && wantedMin < MEMORY ? wantedMin : MEMORY / 32
  const max = wantedMax >= 64 * 2 ** 20 && wantedMax < MEMORY && wantedMax > min ? wantedMax : MEMORY / 2
  return `9 1 0x01 147 39984 1 1
name                            type data
c                               4    ${max}
c_min                           4    ${min}
c_max                           4    ${max}
`
}

export function kernelFile(state: SimState, path: string): string | undefined {
  if (path === '/proc/sys/kernel/osrelease') return `${runningKernel(state)}\n`
  if (path === '/proc/sys/kernel/random/boot_id')
    return `${state.system?.bootId ?? '7c9a8e6e-0f7e-4b9b-9d33-2b6d3a8f1c00'}\n`
  if (path === '/proc/meminfo') return memory
  if (path === '/proc/spl/kstat/zfs/arcstats') return arcStatistics(state)
  if (path === '/proc/cmdline') return `BOOT_IMAGE=/boot/vmlinuz-${runningKernel(state)} root=/dev/vda ro quiet\n`
  const value = parameter(state, path)
  return value === undefined ? undefined : `${value}\n`
}

/** The kernel that is next runs, its modules are told what its initial RAM disk says, and sysctl.d is applied. */
export function bootKernel(state: SimState): void {
  const system = systemOf(state)
  system.kernel = nextKernel(state)
  system.bootId = nextUuid(state)
  system.parameters = {}
  system.unitFiles = {}
  const options = state.files[`/boot/initrd.img-${system.kernel}`]?.content ?? ''
  for (const line of options.split('\n')) {
    const [, module, settings = ''] = /^options\s+(\S+)\s+(.*)$/.exec(line) ?? []
    for (const setting of settings.split(/\s+/).filter(Boolean)) {
      const [name, value = ''] = setting.split('=')
      setParameter(state, `/sys/module/${module}/parameters/${name}`, value)
    }
  }
  loadAll(state)
}
