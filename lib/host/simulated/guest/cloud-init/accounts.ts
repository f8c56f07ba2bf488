/** The account that cloud-init makes, with its keys, and names of the machine. */
import { findRow, rowsOf } from '../../accounts/database.ts'
import { makeFolders, writeText } from '../../filesystem.ts'
import type { SimState } from '../../model.ts'
import { callTool } from '../../tools.ts'
import { type Seed, told } from './drive.ts'
import { wordsIn } from './yaml.ts'

/** Of Debian's cloud.cfg. */
const usualName = 'debian'
const usualGroups = ['adm', 'audio', 'cdrom', 'dialout', 'dip', 'floppy', 'netdev', 'plugdev', 'sudo', 'video']

export function makeAccount(system: SimState, seed: Seed): void {
  const name = String(told(seed, 'user') ?? usualName)
  if (!findRow(system, 'passwd', name)) {
    const groups = usualGroups.filter((group) => findRow(system, 'group', group))
    callTool(system, ['useradd', '-m', '-s', '/bin/bash', '-c', 'Debian', '-G', groups.join(','), name])
  }
  if (name !== 'root') {
    const text = `# Created by cloud-init v. 25.1.4\n\n# User rules for ${name}\n${name} ALL=(ALL) NOPASSWD:ALL\n`
    makeFolders(system, '/etc/sudoers.d')
    writeText(system, '/etc/sudoers.d/90-cloud-init-users', text, 0o440)
  }
  const password = told(seed, 'password')
  if (password !== undefined) callTool(system, ['chpasswd', '-e'], `${name}:${String(password)}\n`)
  authorize(system, name, wordsIn(told(seed, 'ssh_authorized_keys')))
}

/** Keys that are there stay. */
function authorize(system: SimState, name: string, keys: readonly string[]): void {
  const row = rowsOf(system, 'passwd').find(([own]) => own === name)
  if (keys.length === 0 || !row) return
  const [uid, gid, home] = [Number(row[2]), Number(row[3]), row[5] ?? '/']
  const path = `${home}/.ssh/authorized_keys`
  const before = (system.files[path]?.content ?? '').split('\n').filter((line) => line !== '')
  const content = [...new Set([...before, ...keys])].map((key) => `${key}\n`).join('')
  system.files[`${home}/.ssh`] = { type: 'dir', content: '', mode: 0o700, uid, gid }
  system.files[path] = { type: 'file', content, mode: 0o600, uid, gid }
}

export function nameMachine(system: SimState, seed: Seed): void {
  const name = told(seed, 'hostname')
  if (name === undefined || told(seed, 'preserve_hostname') === true) return
  system.hostname = String(name)
  writeText(system, '/etc/hostname', `${system.hostname}\n`)
}

/** At each boot, when it is told to keep the file. */
export function writeHosts(system: SimState, seed: Seed): void {
  if (told(seed, 'manage_etc_hosts') !== true) return
  const names = [...new Set([String(told(seed, 'fqdn') ?? system.hostname), system.hostname])]
  writeText(system, '/etc/hosts', `127.0.1.1 ${names.join(' ')}\n127.0.0.1 localhost\n::1 localhost ip6-localhost\n`)
}
