/**
 * The same state by phx and by an Ansible playbook, on real ZFS, NFS, Samba and ufw in the lab's VM: the first run, and
 * the run with nothing to do. Not among the parts that run by default: it needs the lab (root, Debian packages).
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { install, packBuild } from '../test/lab/install.ts'
import { Lab } from '../test/lab/lab.ts'
import type { Vm } from '../test/lab/vm.ts'
import type { Rig } from './rig.ts'
import { median, table } from './timing.ts'

const run = promisify(execFile)
const here = join(import.meta.dirname, 'ansible')
const turns = 3

/** ansible-core with what it needs, and the two collections of Debian's `ansible`, as one tar for the guest's root. */
async function ansibleTar(): Promise<Buffer> {
  const lab = process.env.PHX_LAB_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'phx-lab')
  const folder = join(lab, 'ansible')
  if (!existsSync(join(folder, 'root.tar'))) {
    const [debs, root] = [join(folder, 'debs'), join(folder, 'root')]
    for (const path of [folder, root, join(debs, 'partial')]) mkdirSync(path, { recursive: true })
    const apt = join(lab, 'apt')
    const options = Object.entries({
      'Dir::Etc::SourceList': join(apt, 'sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::State': join(apt, 'state'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': join(apt, 'cache'),
      'Dir::Cache::archives': debs,
      'APT::Architecture': 'amd64',
      'APT::Architectures': 'amd64',
      'APT::Install-Recommends': 'false',
      'APT::Sandbox::User': 'root',
      'Debug::NoLocking': 'true',
    }).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    await run('apt-get', ['-y', '-qq', ...options, '--download-only', 'install', 'ansible', 'python3-apt'], {
      maxBuffer: 2 ** 26,
    })
    // Python and what is above it; the rest is the guest's own.
    const { stdout } = await run('sh', ['-c', 'ls "$1"', 'sh', debs])
    const wanted = stdout
      .split('\n')
      .filter((name) =>
        /^(ansible|(lib)?python3|python-apt|libyaml|libexpat|libsqlite|libffi|media-types|tzdata_)/.test(name),
      )
    for (const deb of wanted) await run('dpkg-deb', ['-x', join(debs, deb), root])
    const collections = join(root, 'usr/lib/python3/dist-packages/ansible_collections')
    await run('sh', [
      '-c',
      'cd "$1" && find . -mindepth 2 -maxdepth 2 -type d ! -path ./community/general ! -path ./ansible/posix -exec rm -rf {} +',
      'sh',
      collections,
    ])
    await run('tar', ['-C', root, '-cf', join(folder, 'root.tar.new'), '.'])
    renameSync(join(folder, 'root.tar.new'), join(folder, 'root.tar'))
    rmSync(root, { recursive: true })
    rmSync(debs, { recursive: true })
  }
  return readFileSync(join(folder, 'root.tar'))
}

/** Milliseconds of a shell line in the guest, measured there. */
async function timed(vm: Vm, line: string): Promise<number> {
  const script = `a=$(date +%s%N); ${line} >/tmp/said 2>&1 || { tail -40 /tmp/said; exit 1; }; b=$(date +%s%N); echo $((b - a))`
  const { exitCode, stdout } = await vm.attempt(script, { timeoutSeconds: 1200 })
  if (exitCode !== 0) throw new Error(`${line} failed:\n${stdout}`)
  return Number(stdout.trim().split('\n').at(-1)) / 1e6
}

interface Figures {
  readonly first: number
  readonly again: number
}

async function measure(lab: Lab, name: string, line: string, prepare: (vm: Vm) => Promise<void>): Promise<Figures> {
  const vm = await lab.restore(`ansible-${name}`)
  try {
    await vm.run('mkdir -p -m 0700 /etc/phx/secrets && (umask 077; echo bench-password >/etc/phx/secrets/samba)')
    await prepare(vm)
    const first = await timed(vm, line)
    const again: number[] = []
    for (let turn = 0; turn < turns; turn++) again.push(await timed(vm, line))
    return { first, again: median(again) }
  } finally {
    await vm.powerCut()
  }
}

export async function ansible(_rig: Rig): Promise<string> {
  const [build, tar] = [await packBuild(), await ansibleTar()]
  const lab = await Lab.open((line) => console.error(line))
  try {
    const phx = await measure(lab, 'phx', 'phx run setup -c /root/phoenix.config.json', async (vm) => {
      await install(vm, build)
      await vm.write('/root/phoenix.config.json', readFileSync(join(here, 'phoenix.config.json')))
      await vm.write('/opt/phx/code-cache.mjs', readFileSync(join(import.meta.dirname, '../scripts/code-cache.mjs')))
      await vm.write('/root/example.json', readFileSync(join(import.meta.dirname, '../phoenix.config.json')))
      await vm.write('/root/files/motd', readFileSync(join(import.meta.dirname, '../files/motd')))
      await vm.run('node /opt/phx/code-cache.mjs /opt/phx/bin /root/example.json', { timeoutSeconds: 300 })
    })
    const play = 'ansible-playbook -i localhost, /root/playbook.yml'
    const ansible = await measure(lab, 'playbook', play, async (vm) => {
      await vm.run('tar -x -C / --keep-directory-symlink', { stdin: tar, timeoutSeconds: 300 })
      await vm.write('/root/playbook.yml', readFileSync(join(here, 'playbook.yml')))
      // As after a first use: Python's own cache of what it compiled.
      await vm.run('ansible-playbook --version', { timeoutSeconds: 300 })
    })
    const row = (what: string, of: keyof Figures): string[] => [
      what,
      (phx[of] / 1000).toFixed(1),
      (ansible[of] / 1000).toFixed(1),
      (ansible[of] / phx[of]).toFixed(1),
    ]
    const head = ['run', 'phx, s', 'ansible-playbook, s', 'Ansible / phx']
    return table(head, [row('first', 'first'), row('nothing to do', 'again')])
  } finally {
    lab.close()
  }
}
