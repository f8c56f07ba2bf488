/** Established connections to the programs that people manage a host through: phx may have been started from one. */
import { canonicalAddress } from '../../config/firewall-address.ts'
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { ask } from './ask.ts'

export interface Connection {
  /** `sshd-session`, `pveproxy worker`. */
  readonly program: string
  /** This host's side. */
  readonly address: string
  readonly port: number
  readonly peer: string
  readonly peerPort: number
}

/** Whoever runs them may be at their other end: over SSH, or in the shell of Proxmox VE's web interface. */
const managing = /^(sshd|pveproxy)/

/** An IPv4 peer of a socket for both families is shown as `::ffff:10.0.0.5`; a link-local one names its interface. */
function plain(shown: string): string | undefined {
  const address = shown.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  return canonicalAddress(address.replace(/^::ffff:(?=\d+\.)/i, ''))
}

/** `Recv-Q Send-Q LOCAL:PORT PEER:PORT users:(("program",pid=…,fd=…),…)` a line (ss(8), -H -t -n -p). */
export function parseConnections(stdout: string): Connection[] {
  return stdout.split('\n').flatMap((line) => {
    const found = /^\d+\s+\d+\s+(\S+):(\d+)\s+(\S+):(\d+)\s+users:\(\("([^"]+)"/.exec(line.trim())
    const [, local = '', port = '', remote = '', remotePort = '', program = ''] = found ?? []
    const [address, peer] = [plain(local), plain(remote)]
    if (!managing.test(program) || address === undefined || peer === undefined) return []
    return [{ program, address, port: Number(port), peer, peerPort: Number(remotePort) }]
  })
}

export async function connectionsNow(reader: Reader): Promise<Connection[]> {
  const argv = ['ss', '-Htnp', 'state', 'established']
  const { stdout } = await ask(reader, argv, 'see which connections could be cut')
  return parseConnections(stdout)
}

/** Asked only when the firewall is about to become stricter, or an address to change. */
export const connectionsProbe: Probe<readonly Connection[]> = {
  id: 'ss -Htnp state established',
  read: ({ reader }) => connectionsNow(reader),
}

/** `LISTEN Recv-Q Send-Q LOCAL:PORT PEER:* users:(("sshd",pid=…,fd=…))` a line (ss(8), -H -l -t -n -p): where sshd is reached from outside. */
export function parseSshPorts(stdout: string): number[] {
  const ports = stdout.split('\n').flatMap((line) => {
    const found = /^LISTEN\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+\s+users:\(\("sshd"/.exec(line)
    const [, local = '', port = ''] = found ?? []
    return found === null || /^(127\.|\[::1\])/.test(local) ? [] : [Number(port)]
  })
  return [...new Set(ports)]
}

/** Asked only when the firewall is about to become stricter. */
export const sshPortsProbe: Probe<readonly number[]> = {
  id: 'ss -Hltnp',
  async read({ reader }) {
    const { stdout } = await ask(reader, ['ss', '-Hltnp'], 'see where sshd listens')
    return parseSshPorts(stdout)
  },
}
