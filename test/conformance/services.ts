/**
 * services.jsonl: scenes on the lab's Debian 13, where the services were installed and running. Each call starts from the
 * watched files that were recorded before it. What nobody simulates is skipped, and counted as such.
 */
import { writeText } from '../../lib/host/simulated/filesystem.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../../lib/host/simulated/tool.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'
import type { RecordedCall, Scene } from './transcript.ts'

const groups = ['exportfs', 'nfs server', 'samba', 'ufw', 'users and groups', 'system', 'packages']

export const isOfServices = (scene: Scene): boolean => groups.includes(scene.group)

/** Versions as the recording's first line says them. */
const installed: Readonly<Record<string, string>> = {
  'nfs-common': '1:2.8.3-1',
  'nfs-kernel-server': '1:2.8.3-1',
  rpcbind: '1.2.7-1',
  samba: '2:4.22.11+dfsg-0+deb13u1',
  smbclient: '2:4.22.11+dfsg-0+deb13u1',
  sudo: '1.9.16p2-3+deb13u2',
  ufw: '0.36.2-9',
}

/** From Proxmox VE's blank host to the lab's: a repository in a folder, the services installed, NetBIOS masked. */
export function makeLab(state: SimState): void {
  for (const path of Object.keys(state.files))
    if (path.startsWith('/etc/apt/sources.list.d/') || path.startsWith('/var/lib/apt/lists/')) delete state.files[path]
  writeText(state, '/etc/apt/sources.list', 'deb [trusted=yes] file:/srv/apt ./\n')
  callTool(state, ['apt-get', '-q', 'update'])
  for (const [name, version] of Object.entries(installed)) {
    callTool(state, ['sim', 'publish', name, version])
    callTool(state, ['apt-get', '-y', '-q', 'install', name])
  }
  callTool(state, ['systemctl', 'mask', '--now', 'nmbd'])
  const kernel = { '/usr/lib/sysctl.d/10-coredump-debian.conf': 'kernel.core_pattern=core\n' }
  const inotify = { '/etc/sysctl.d/30-lxc-inotify.conf': 'fs.inotify.max_user_instances = 1024\n' }
  const pids = { '/usr/lib/sysctl.d/50-pid-max.conf': 'kernel.pid_max = 4194304\n' }
  for (const [path, text] of Object.entries({ ...kernel, ...inotify, ...pids })) {
    callTool(state, ['mkdir', '-p', path.replace(/\/[^/]+$/, '')])
    writeText(state, path, text)
  }
}

/** The files as they were before the call. */
export function setWatched(state: SimState, { files_before: before = {} }: RecordedCall): void {
  for (const [path, text] of Object.entries(before)) {
    if (text === null) delete state.files[path]
    else writeText(state, path, text)
  }
}

export function watchedDifferences(state: SimState, { files_after: after = {} }: RecordedCall): string[] {
  return Object.entries(after).flatMap(([path, text]) => {
    const ours = state.files[path]?.content ?? null
    return ours === text ? [] : [`${path}: recorded ${JSON.stringify(text)}, simulated ${JSON.stringify(ours)}`]
  })
}

/** Why the call can't be judged: nobody simulates it, or no area has the package yet. */
export function unsimulated({ argv, rc }: RecordedCall, { exitCode, stderr }: ToolAnswer): string | null {
  if (exitCode !== 127 || rc === 127) return null
  if (stderr.startsWith('not simulated')) return `${argv[0]}: nobody simulates this call`
  return stderr.endsWith('command not found\n') ? `${argv[0]}: no area has its package` : null
}

const isNoise: Readonly<Record<string, RegExp>> = {
  // What comes with it is the archive's business, and progress that of the terminal.
  'apt-get': /^(debconf:|Suggested packages| {2}rsyslog|Need to get|After this operation)/,
  // Services of old have an init script beside; smbd is also smb.service.
  systemctl: /^(Synchronizing state|Executing:|(Created symlink|Removed) '\/etc\/systemd\/system\/smb\.service')/,
  dpkg: /^(\|\|\/|\+\+\+)/,
}

/** Of what apt-get does only what it says beforehand is compared; of dpkg's table the columns that are not for people. */
function plain(argv: readonly string[], text: string): string {
  const noise = isNoise[argv[0] ?? '']
  let lines = text.split('\n').filter((line) => noise?.test(line) !== true)
  const done = lines.findIndex((line) => /^\d+ upgraded, /.test(line))
  if (argv[0] === 'apt-get' && done >= 0 && !argv.includes('-s')) lines = lines.slice(0, done + 1)
  if (argv[0] === 'dpkg') lines = lines.map((line) => line.replace(/^(ii +\S+ +\S+).*/, '$1'))
  return lines.join('\n')
}

export const forComparison = <T extends { stdout: string; stderr: string }>(argv: readonly string[], said: T): T => ({
  ...said,
  stdout: plain(argv, said.stdout),
  stderr: plain(argv, said.stderr),
})
