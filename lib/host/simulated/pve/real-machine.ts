/** The lab's VM as surroundings: ZFS, mounts and files are real there, only Proxmox VE can't be installed. */
import { execFileSync, type SpawnSyncReturns } from 'node:child_process'
import * as fs from 'node:fs'
import * as net from 'node:net'
import { hostname } from 'node:os'
import { NotSimulated, type ToolAnswer } from '../tool.ts'
import type { Mounted, Ran, Surroundings, Usage } from './surroundings.ts'

/** Where Debian keeps zfs, zpool, mount, showmount and rpcinfo. */
const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

function run(argv: readonly string[]): Ran {
  const [tool = '', ...args] = argv
  try {
    // zpool import may take long with many disks; the real pvesm gives up after 15 s at the earliest. Disks are copied.
    const timeout = tool === 'qemu-img' ? 3_600_000 : 60_000
    const env = { PATH: searchPath, LC_ALL: 'C' }
    const stdout = execFileSync(tool, args, { env, encoding: 'utf8', timeout, stdio: 'pipe' })
    return { exitCode: 0, stdout, stderr: '' }
  } catch (error) {
    const { code, status, stdout, stderr, message } = error as SpawnSyncReturns<string> & NodeJS.ErrnoException
    if (code === 'ENOENT') return { exitCode: 127, stdout: '', stderr: `${tool}: command not found` }
    return { exitCode: status ?? 255, stdout: stdout ?? '', stderr: stderr || message }
  }
}

const orNull = <T>(work: () => T): T | null => {
  try {
    return work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null
    throw error
  }
}

/** As pmxcfs does it for /etc/pve, a reader sees the old file or the new one. */
function replaceFile(path: string, text: string, mode: number): void {
  fs.mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  fs.writeFileSync(temporary, text, { mode, flush: true })
  fs.renameSync(temporary, path)
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EEXIST: 'File exists',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
}

function makeFolder(path: string): string | null {
  try {
    fs.mkdirSync(path)
    return null
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return words[code] ?? code
  }
}

/** Blanks in a path stand as `\040` in /proc/mounts (proc(5)). */
const plainPath = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

function mounts(): Mounted[] {
  const lines = fs.readFileSync('/proc/mounts', 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [source, target, fstype] = line.split(' ')
    if (source === undefined || target === undefined || fstype === undefined) return []
    return [{ source: plainPath(source), target: plainPath(target), fstype }]
  })
}

function usage(path: string): Usage | null {
  return orNull(() => {
    const { bsize, blocks, bfree, bavail } = fs.statfsSync(path)
    return { total: blocks * bsize, used: (blocks - bfree) * bsize, available: bavail * bsize }
  })
}

export const realMachine: Surroundings = {
  hostname: hostname().split('.')[0] ?? '',
  readFile: (path) => orNull(() => fs.readFileSync(path, 'utf8')),
  writeFile: replaceFile,
  rename: fs.renameSync,
  remove: (path) => {
    orNull(() => (fs.lstatSync(path).isDirectory() ? fs.rmdirSync(path) : fs.unlinkSync(path)))
  },
  listDir: (path) => orNull(() => fs.readdirSync(path).sort()),
  exists: (path) => fs.existsSync(path),
  isFolder: (path) => orNull(() => fs.statSync(path).isDirectory()) ?? false,
  makeFolder,
  mounts,
  usage,
  run,
}

/** Held by the kernel, so a killed holder leaves nothing behind; every call queues, as the real writers do. */
function lock(name: string): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    let told = false
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      if (!told) process.stderr.write(`trying to acquire cfs lock '${name}' ...\n`)
      told = true
      setTimeout(() => server.listen(`\0pve ${name}`), 100)
    })
    server.listen(`\0pve ${name}`, () => resolve(server))
  })
}

/** The program's end: what the tool says becomes what the process says. `lockName` is the lock that the call has to hold. */
export async function answerWith(call: () => ToolAnswer, lockName: string | null): Promise<void> {
  const held = lockName === null ? null : await lock(lockName)
  const { exitCode, stdout, stderr } = answered(call)
  held?.close()
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = exitCode
}

function answered(call: () => ToolAnswer): ToolAnswer {
  try {
    return call()
  } catch (error) {
    if (!(error instanceof NotSimulated)) throw error
    return { exitCode: 127, stdout: '', stderr: `not simulated: ${error.message}\n` }
  }
}
