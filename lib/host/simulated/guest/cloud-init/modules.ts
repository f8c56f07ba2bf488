/** cloud-init's later modules: mounts, files, packages and commands. What they say goes into its logs. */
import { makeFolders, parentOf, writeText } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'
import { NotSimulated } from '../../tool.ts'
import { callTool } from '../../tools.ts'
import { type Seed, told } from './drive.ts'
import type { Trouble } from './run.ts'
import { isMapping, wordsIn, type Yaml } from './yaml.ts'

export interface Outcome {
  readonly errors: Trouble[]
  readonly warnings: Trouble[]
  /** For /var/log/cloud-init-output.log. */
  output: string
}

const known = [
  ...[
    'bootcmd',
    'chpasswd',
    'disable_root',
    'fqdn',
    'hostname',
    'manage_etc_hosts',
    'mounts',
    'package_reboot_if_required',
  ],
  ...[
    'package_update',
    'package_upgrade',
    'packages',
    'password',
    'preserve_hostname',
    'runcmd',
    'ssh_authorized_keys',
  ],
  ...['ssh_pwauth', 'timezone', 'user', 'users', 'write_files'],
]

export function requireKnown({ user, vendor }: Seed): void {
  const strange = Object.keys({ ...user, ...vendor }).find((key) => !known.includes(key))
  if (strange !== undefined) throw new NotSimulated(`cloud-config: ${strange}`)
}

function run(system: SimState, outcome: Outcome, argv: readonly string[]): number {
  const { exitCode, stdout, stderr } = callTool(system, argv)
  outcome.output += stdout + stderr
  return exitCode
}

const listOf = (value: Yaml | undefined): Yaml[] => (Array.isArray(value) ? value : [])

/** Lines of fstab that bear its mark, and then `mount -a`; packages are not there yet at this time (cc_mounts). */
export function mountShares(system: SimState, seed: Seed, outcome: Outcome): void {
  const lines = listOf(told(seed, 'mounts')).map((entry) => {
    const [source = '', target = '', type = 'auto', options = 'defaults,nofail', dump = '0', pass = '2'] =
      wordsIn(entry)
    makeFolders(system, target)
    return `${source}\t${target}\t${type}\t${options},comment=cloudconfig\t${dump}\t${pass}`
  })
  const before = system.files['/etc/fstab']?.content ?? ''
  const kept = before.split('\n').filter((line) => line !== '' && !line.includes('comment=cloudconfig'))
  writeText(system, '/etc/fstab', [...kept, ...lines].map((line) => `${line}\n`).join(''))
  if (lines.length === 0) return
  if (run(system, outcome, ['mount', '-a']) !== 0)
    outcome.warnings.push({ stage: 'init', text: "Activating mounts via 'mount -a' failed" })
  run(system, outcome, ['systemctl', 'daemon-reload'])
}

export function writeFiles(system: SimState, seed: Seed): void {
  for (const file of listOf(told(seed, 'write_files'))) {
    if (!isMapping(file)) continue
    const { path, content = '', permissions = '0644', owner = 'root:root', ...rest } = file
    if (Object.keys(rest).length > 0) throw new NotSimulated(`write_files: ${Object.keys(rest).join(', ')}`)
    makeFolders(system, parentOf(String(path)))
    writeText(system, String(path), String(content))
    callTool(system, ['chmod', String(permissions), String(path)])
    callTool(system, ['chown', String(owner), String(path)])
  }
}

export function installPackages(system: SimState, seed: Seed, outcome: Outcome): void {
  const names = wordsIn(told(seed, 'packages'))
  const upgrades = told(seed, 'package_upgrade') === true
  if (names.length > 0 || upgrades || told(seed, 'package_update') === true) run(system, outcome, ['apt-get', 'update'])
  if (upgrades) run(system, outcome, ['apt-get', '-y', 'dist-upgrade'])
  if (names.length === 0 || run(system, outcome, ['apt-get', '-y', 'install', ...names]) === 0) return
  const missing = `{${names.map((name) => `'${name}'`).join(', ')}}`
  const why = `Failed to install the following packages: ${missing}. See associated package manager logs for more details.`
  outcome.errors.push({
    stage: 'modules-final',
    text: `('package_update_upgrade_install', PackageInstallerError("${why}"))`,
  })
}

/** All are one script of the shell, which ends as the last of them does. */
export function runCommands(system: SimState, seed: Seed, outcome: Outcome): void {
  const codes = listOf(told(seed, 'runcmd')).map((entry) => {
    if (typeof entry === 'string' && /[^\w\s./:=@,-]/.test(entry)) throw new NotSimulated(`runcmd: ${entry}`)
    return run(system, outcome, typeof entry === 'string' ? entry.split(/\s+/) : wordsIn(entry))
  })
  if ((codes.at(-1) ?? 0) !== 0) outcome.errors.push(failedScript)
}

export const failedScript: Trouble = {
  stage: 'modules-final',
  text: "('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))",
}
