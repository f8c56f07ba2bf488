/** Containers that are real, as a Debian with LXC runs them: for the lab's VM, where only Proxmox VE itself is missing. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { posix } from 'node:path'
import { answer, NotSimulated, type ToolAnswer } from '../../tool.ts'
import { volumeNamed } from '../guest-volumes.ts'
import { Refusal, type Surroundings, type Voice } from '../surroundings.ts'
import { type Container, loadContainer } from './config.ts'
import { idMapOf, rootOf } from './id-map.ts'
import { type Device, devicePaths, folderOfLxc, lxcConfig, type Mounting, preStart } from './lxc-files.ts'
import type { ContainerMachine } from './machine.ts'
import { isMount, kindOf, parseMount, volumeOf } from './mountpoints.ts'
import { plugScript } from './plug.ts'
import { folderOfVolume } from './volumes.ts'

type LxcMachine = Pick<
  ContainerMachine,
  'isRunning' | 'start' | 'stop' | 'shutDown' | 'attach' | 'unpack' | 'copy' | 'plug'
>

/** Warnings about the configuration were said when pct itself read it. */
const silent: Voice = { out: () => {}, warn: () => {} }

/** Unpacking and stopping take their time on an emulated processor. */
const patienceMs = 900_000

/** `input`: `ignore`, `inherit`, or a file. */
function call(argv: readonly string[], input: 'ignore' | 'inherit' | number = 'ignore'): ToolAnswer {
  const [tool = '', ...args] = argv
  const options = { encoding: 'utf8', timeout: patienceMs, maxBuffer: 2 ** 28 } as const
  const { status, stdout, stderr, error } = spawnSync(tool, args, { ...options, stdio: [input, 'pipe', 'pipe'] })
  if (error) throw new Refusal(`unable to run ${tool}: ${error.message}\n`)
  return answer(status ?? 255, stdout, stderr)
}

/** As PVE::Tools::run_command ends with a command that failed. */
function must(argv: readonly string[], input: 'ignore' | number = 'ignore'): string {
  const { exitCode, stdout, stderr } = call(argv, input)
  if (exitCode !== 0) throw new Refusal(`${stderr}command '${argv.join(' ')}' failed: exit code ${exitCode}\n`)
  return stdout
}

function withFile<T>(path: string, work: (file: number) => T): T {
  const file = fs.openSync(path, 'r')
  try {
    return work(file)
  } finally {
    fs.closeSync(file)
  }
}

/** LXC's socket for commands, as PVE::LXC looks for it (list_active_containers). */
const isRunning = (vmid: string): boolean =>
  fs
    .readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` @${folderOfLxc(vmid)}/command`))

function mountingsOf(machine: Surroundings, container: Container): Mounting[] {
  const number = (name: string): number => (name === 'rootfs' ? -1 : Number(name.slice('mp'.length)))
  const names = [...container.values.keys()].filter(isMount).sort((one, other) => number(one) - number(other))
  return names.map((name) => mountingOf(machine, name, container.values.get(name) ?? ''))
}

function mountingOf(machine: Surroundings, name: string, text: string): Mounting {
  const values = parseMount(name, text)
  return {
    source: sourceOf(machine, volumeOf(values)),
    inside: name === 'rootfs' ? '/' : posix.join('/', values.get('mp') ?? '').replace(/(?<=.)\/$/, ''),
    isReadOnly: values.get('ro') === '1',
  }
}

function sourceOf(machine: Surroundings, id: string): string {
  if (kindOf(id) === 'bind') return id
  const volume = kindOf(id) === 'volume' ? volumeNamed(machine, silent, id) : null
  if (volume?.format !== 'subvol')
    throw new NotSimulated(`a container on ${id}, which is neither a folder nor a dataset`)
  return folderOfVolume(volume)
}

/** Numbers as the kernel packs them (makedev(3)). */
function deviceAt(path: string): Device {
  const stat = fs.statSync(path)
  const [major, minor] = [(stat.rdev >> 8) & 0xfff, (stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00)]
  return { path, kind: stat.isBlockDevice() ? 'b' : 'c', major, minor }
}

function start(machine: Surroundings, vmid: string): void {
  const container = loadContainer(machine, silent, vmid)
  const folder = folderOfLxc(vmid)
  const devices = devicePaths(container).map(deviceAt)
  machine.writeFile(`${folder}/config`, lxcConfig(vmid, container, devices), 0o644)
  machine.writeFile(`${folder}/pre-start`, preStart(vmid, container, mountingsOf(machine, container), devices), 0o755)
  fs.mkdirSync(`${folder}/rootfs`, { recursive: true })
  const log = `${folder}/lxc.log`
  fs.rmSync(log, { force: true })
  const { exitCode } = call(['lxc-start', '-n', vmid, '-d', '-o', log, '-l', 'ERROR'])
  if (exitCode === 0) return
  const said = [`${folder}/pre-start.log`, log].map((path) => machine.readFile(path) ?? '').join('')
  throw new Refusal(`${said}startup for container '${vmid}' failed\n`)
}

/** Until its monitor has ended, too: the mounts are the monitor's, and a dataset can't be destroyed while they stand. */
function stop(vmid: string, how: readonly string[]): void {
  const monitor = readProcesses(`/sys/fs/cgroup/lxc.monitor/${vmid}/cgroup.procs`)
  must(['lxc-stop', '-n', vmid, ...how])
  const deadline = Date.now() + 30_000
  while (monitor.some((pid) => fs.existsSync(`/proc/${pid}`))) {
    if (Date.now() > deadline) throw new Refusal(`container ${vmid} stopped, but its monitor is still there\n`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  }
}

const readProcesses = (path: string): string[] =>
  fs.existsSync(path)
    ? fs
        .readFileSync(path, 'utf8')
        .split('\n')
        .filter((pid) => pid !== '')
    : []

/** In a user namespace with the container's ids, so that every file belongs to whom it shall (PVE::LXC::Create). */
function unpack(machine: Surroundings, vmid: string, archive: string): void {
  const container = loadContainer(machine, silent, vmid)
  const root = mountingOf(machine, 'rootfs', container.values.get('rootfs') ?? '').source
  const [, packed] = /\.tar(?:\.(zst|gz|xz|bz2))?$/.exec(archive) ?? []
  const filter = { zst: ['--zstd'], gz: ['--gzip'], xz: ['--xz'], bz2: ['--bzip2'] }[packed ?? '']
  const tar = ['tar', '--extract', '--preserve-permissions', '--numeric-owner', '--anchored', '--exclude', './dev/*']
  const maps = idMapOf(container).flatMap((line) => ['-m', line.replaceAll(' ', ':')])
  const within = maps.length > 0 ? ['lxc-usernsexec', ...maps, '--'] : []
  must(['chown', rootOf(container), root])
  withFile(archive, (file) => must([...within, ...tar, ...(filter ?? []), '--directory', root, '--file', '-'], file))
}

export const lxcContainers = (machine: Surroundings): LxcMachine => ({
  isRunning,
  start: (vmid) => start(machine, vmid),
  stop: (vmid) => stop(vmid, ['--kill']),
  shutDown: (vmid, seconds, mayStop) => stop(vmid, ['--timeout', String(seconds), ...(mayStop ? [] : ['--nokill'])]),
  attach: (vmid, argv, file) => {
    const attach = ['lxc-attach', '-n', vmid, '--', ...argv]
    return file === undefined ? call(attach, 'inherit') : withFile(file, (input) => call(attach, input))
  },
  unpack: (vmid, archive) => unpack(machine, vmid, archive),
  copy: (from, to) => {
    must(['cp', '--archive', '--one-file-system', `${from}/.`, to])
  },
  plug: (vmid, mount) => {
    const container = loadContainer(machine, silent, vmid)
    const { source, inside, isReadOnly } = mountingOf(machine, 'mp0', mount)
    const pid = must(['lxc-info', '-n', vmid, '-p', '-H']).trim()
    must(['python3', '-c', plugScript, pid, source, inside, rootOf(container), isReadOnly ? 'ro' : 'rw'])
  },
})
