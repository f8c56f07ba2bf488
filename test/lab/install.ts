/** phx in the guest: this checkout's build, and the simulated pvesm, pct, pveum and qm in the place of Proxmox VE's. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Vm } from './vm.ts'

const run = promisify(execFile)
const project = fileURLToPath(new URL('../..', import.meta.url))

/** Builds phx as it stands in the working tree, and packs what runs. */
export async function packBuild(): Promise<Buffer> {
  await run(process.execPath, ['scripts/build.mjs'], { cwd: project }).catch((error) => {
    throw new Error(`phx could not be built (node scripts/build.mjs):\n${error.stderr}`)
  })
  const files = [
    'package.json',
    'bin/phx.js',
    'bin/package.json',
    'bin/chunks',
    'bin/lab-pvesm.mjs',
    'bin/lab-pct.mjs',
    'bin/lab-pveum.mjs',
    'bin/lab-qm.mjs',
    'bin/lab-emulator.mjs',
    'schema',
  ]
  const tar = await run('tar', ['-C', project, '-cf', '-', ...files], { encoding: 'buffer', maxBuffer: 2 ** 28 })
  return tar.stdout
}

/** What Debian with Proxmox VE on top has: its storage.cfg is this before anybody touches it. */
const freshStorageCfg = 'dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl,backup\n\n'

export async function install(vm: Vm, build: Buffer): Promise<void> {
  await vm.run('mkdir -p /opt/phx && tar -x -C /opt/phx && ln -s /opt/phx/bin/phx.js /usr/local/bin/phx', {
    stdin: build,
  })
  for (const tool of ['pvesm', 'pct', 'pveum', 'qm'])
    await vm.write(`/usr/sbin/${tool}`, `#!/bin/sh\nexec node /opt/phx/bin/lab-${tool}.mjs "$@"\n`, '755')
  await vm.write('/etc/pve/storage.cfg', freshStorageCfg)
  // Links to the node's own folders, as on Proxmox VE. Synced, so that all of this survives a scenario's power cut.
  await vm.run(`cd /etc/pve && mkdir -p nodes/lab/qemu-server nodes/lab/lxc /var/lib/vz &&
    ln -s nodes/lab/qemu-server nodes/lab/lxc . && sync`)
}
