/** A simulated host on which guests can be made, with an NFS server, and shorthands for what is asked in them. */
import * as assert from 'uvu/assert'
import { blankHost } from '../../lib/host/simulated/blank.ts'
import type { SimState } from '../../lib/host/simulated/model.ts'
import type { ToolAnswer } from '../../lib/host/simulated/tool.ts'
import { callTool } from '../../lib/host/simulated/tools.ts'

const template = 'debian-13-standard_13.1-2_amd64.tar.zst'

/** The vendor data as lib/config/first-boot.ts writes it. */
export const vendorData = `#cloud-config
package_update: true
packages:
  - nfs-common
  - qemu-guest-agent
mounts:
  - ["10.0.0.13:/tank/data","/mnt/vm-features","nfs","ro,_netdev,nofail,x-systemd.automount,noauto","0","0"]
runcmd:
  - ["systemctl","start","qemu-guest-agent"]
  - ["systemctl","daemon-reload"]
  - ["systemctl","start","mnt-vm\\\\x2dfeatures.automount"]
`

export class Guests {
  readonly state: SimState

  constructor(state: SimState = prepared()) {
    this.state = state
  }

  call(line: string | readonly string[], stdin = ''): ToolAnswer {
    return callTool(this.state, typeof line === 'string' ? line.split(' ') : line, stdin)
  }

  /** One that has to succeed. */
  run(line: string | readonly string[], stdin = ''): string {
    const { exitCode, stdout, stderr } = this.call(line, stdin)
    assert.is(exitCode, 0, `${line}: ${stdout}${stderr}`)
    return stdout
  }

  /** In a guest, such as `vm:8101`. */
  within(guest: string, line: string | readonly string[], stdin = ''): ToolAnswer {
    const argv = typeof line === 'string' ? line.split(' ') : line
    return this.call(['sim', 'in', guest, '--', ...argv], stdin)
  }

  in(guest: string, line: string | readonly string[], stdin = ''): string {
    const { exitCode, stdout, stderr } = this.within(guest, line, stdin)
    assert.is(exitCode, 0, `${line}: ${stdout}${stderr}`)
    return stdout
  }

  /** What `qm guest exec` prints of it. */
  exec(vmid: string, line: string, stdin?: string): Record<string, unknown> {
    const pass = stdin === undefined ? '' : ' --pass-stdin 1'
    return JSON.parse(this.run(`qm guest exec ${vmid}${pass} -- ${line}`, stdin ?? ''))
  }

  createVm(vmid = '8101', more = ''): void {
    const network = '--net0 virtio,bridge=vmbr0 --ipconfig0 ip=10.0.0.101/24,gw=10.0.0.1'
    this.run(`qm create ${vmid} --name web --scsi0 vm:8 --ide2 vm:cloudinit --agent 1 ${network} --ciuser admin${more}`)
  }

  /** Started, and waited for until all is up. */
  startVm(vmid = '8101'): void {
    this.run(`qm start ${vmid}`)
    this.run('sim wait 20')
  }

  createContainer(id = '901', more = ''): void {
    const network = '--net0 name=eth0,bridge=vmbr0,ip=10.0.0.91/24,gw=10.0.0.1'
    this.run(`pct create ${id} local:vztmpl/${template} --rootfs vm:8 --hostname models ${network}${more}`)
  }

  /** As it is when phx comes back to it. */
  reread(): Guests {
    return new Guests(JSON.parse(JSON.stringify(this.state)))
  }
}

function prepared(): SimState {
  const guests = new Guests(blankHost([{ path: '/dev/disk/by-id/virtio-S1' }]))
  const { state } = guests
  state.files[`/var/lib/vz/template/cache/${template}`] = { type: 'file', content: '', mode: 0o644 }
  for (const line of [
    'zpool create tank /dev/disk/by-id/virtio-S1',
    'zfs create tank/vm',
    'zfs create tank/data',
    'pvesm add zfspool vm --pool tank/vm',
    'pvesm set local --content iso,vztmpl,snippets',
    'mkdir -p /var/lib/vz/snippets',
    'apt-get install -y nfs-kernel-server',
  ])
    guests.run(line)
  guests.run('tee /var/lib/vz/snippets/vendor.yaml', vendorData)
  guests.run('tee /tank/data/hello', 'hello\n')
  guests.run('tee /etc/exports', '/tank/data 10.0.0.96/28(rw,sync,no_subtree_check,no_root_squash)\n')
  guests.run('exportfs -ra')
  return state
}
