/**
 * Giving an interface another address, so that no way back is lost. The new text is tried from a file of its own, the one
 * that counts stays as it is until the host was reached; from before the first packet a timer stands ready to apply that one
 * again. So whatever happens meanwhile (phx killed, its connection gone, power cut), the host comes back as it was.
 */
import type { DeclaredInterface } from '../../config/initial-setup.ts'
import type { Change, Step } from '../../engine/resource.ts'
import type { FileCheck } from '../../host/host.ts'
import { prefixOf } from './interface-stanza.ts'
import { activeUnits, candidate, nothingPending, rollback, service, spare, timer, toApply } from './interface-trial.ts'
import {
  addressesInForce,
  type CutOff,
  isOwn,
  missingOf,
  notAnswering,
  notConnectedAnew,
  secondsToConnect,
} from './reachable.ts'

export interface InterfaceChange {
  readonly resource: string
  readonly path: string
  readonly declared: DeclaredInterface
  readonly now: { readonly address: string; readonly gateway: string | null }
  readonly before: string
  readonly text: string
  /** Every gateway that is configured afterwards. */
  readonly gateways: readonly string[]
  readonly cutOff: CutOff | null
  /** Interfaces on it if it is a bridge: those of guests among them. */
  readonly ports: readonly string[]
  /** Its addresses of IPv6 that are in force, and stay. */
  readonly others: readonly string[]
}

/** Seconds for gateways to answer: a bridge with STP forwards after 30. */
const toAnswer = 60

export function interfaceChange(wanted: InterfaceChange): Change {
  const { resource, path, declared, now, before, text, cutOff } = wanted
  const { name, address } = declared
  const gateway = declared.gateway ?? now.gateway
  const toReach = cutOff === null ? toAnswer : secondsToConnect
  const wayBack = toApply + toReach + spare
  const parts = [
    ...(address === now.address ? [] : [`the address ${address}`]),
    ...(gateway === now.gateway ? [] : [`the gateway ${gateway}`]),
  ]
  return {
    resource,
    action: 'update',
    risk: 'disruptive',
    summary: `give ${name} ${parts.join(' and ')}, taken back after ${wayBack} s unless the host can be reached`,
    fields: [
      ...(address === now.address ? [] : [{ field: `${name}.address`, from: now.address, to: address }]),
      ...(gateway === now.gateway ? [] : [{ field: `${name}.gateway`, from: now.gateway, to: gateway }]),
    ],
    steps: [
      nothingPending,
      { kind: 'write', file: { path: candidate, content: text, mode: 0o644, check: readAs(name, address, gateway) } },
      { kind: 'command', argv: wayBackAfter(wayBack, name) },
      { kind: 'command', argv: ['ifup', '-i', candidate, name], timeoutMs: toApply * 1000 },
      reached(wanted, toReach, wayBack),
      { kind: 'command', argv: ['systemctl', 'stop', timer] },
      stillThere(name, address),
      { kind: 'write', file: { path, content: text, mode: 0o644 }, replaces: before },
      { kind: 'remove', path: candidate },
    ],
    // /etc/hosts names the address once it was kept.
    reveals: true,
    undo: { impossible: 'the journal has the former text' },
  }
}

/**
 * What ifupdown2 itself makes of the candidate. `ifup -s` is no check: it fails on `bridge-fd 0`, which Proxmox VE's installer writes;
 * `ifreload -n` none either: it takes no other file and ends with 0 whatever it reads (both seen with ifupdown2 3.3). Each stanza
 * of the interface is an object of its own, with `addr_family`; ifup applies all of them (seen with `inet` and `inet6` of 3.0).
 */
function readAs(name: string, address: string, gateway: string | null): FileCheck {
  return {
    argv: ['ifquery', '-o', 'json', '-i', '%s', name],
    judge({ exitCode, stdout, stderr }) {
      const wrong = stderr.split('\n').find((line) => line.startsWith('error:'))
      if (exitCode !== 0 || wrong !== undefined) return wrong ?? `ifquery ended with exit code ${exitCode}`
      const stanzas = JSON.parse(stdout) as { addr_family?: string; config?: Readonly<Record<string, string>> }[]
      const [stanza, ...more] = stanzas.filter(({ addr_family: family }) => family !== 'inet6')
      const { address: written = 'none', netmask, gateway: via = null } = stanza?.config ?? {}
      const read = netmask === undefined ? written : `${written}/${prefixOf(netmask)}`
      const isSo = more.length === 0 && read === address && via === gateway
      return isSo ? undefined : `ifupdown2 reads the address ${read} and the gateway ${via ?? 'none'} in it`
    },
  }
}

/** One ifup at a time holds the lock (seen: a second one fails at once), so the way back tries again while it is held. */
function wayBackAfter(seconds: number, name: string): string[] {
  return [
    'systemd-run',
    '--collect',
    `--unit=${rollback}`,
    `--on-active=${seconds}`,
    '--timer-property=AccuracySec=1s', // a minute unless told (systemd.timer(5))
    '--property=Restart=on-failure',
    '--property=RestartSec=5',
    '--property=StartLimitIntervalSec=600',
    '--property=StartLimitBurst=20',
    'ifup',
    name,
  ]
}

function reached(
  { declared, gateways, cutOff, ports, others }: InterfaceChange,
  seconds: number,
  wayBack: number,
): Step {
  const { name, address } = declared
  return {
    kind: 'verify',
    what: `the host can be reached with ${name} at ${address}`,
    withinMs: seconds * 1000,
    mend: [
      `wait: ${timer} takes the change back, ${wayBack} s after it was made; ${name} is then as before, and no file was changed`,
      `journalctl -u ${service}`,
      'look at address, gateway and cable, then run the same phx command again',
    ],
    async check(reader) {
      const inForce = await addressesInForce(reader)
      const missing = missingOf(inForce, name, [address, ...others])
      if (missing !== undefined) return missing
      const own = gateways.find((gateway) => isOwn(inForce, gateway))
      if (own !== undefined) return `the gateway ${own} is an address of the host itself, so its answer proves nothing`
      const left = (await reader.listDir(`/sys/class/net/${name}/brif`)) ?? []
      const lost = ports.filter((port) => !left.includes(port))
      if (lost.length > 0)
        return `${lost.join(', ')} left the bridge; put back with: ip link set ${lost[0]} master ${name}`
      const silent = (await Promise.all(gateways.map((gateway) => notAnswering(reader, gateway)))).find(Boolean)
      return silent ?? (cutOff === null ? undefined : notConnectedAnew(reader, address, cutOff))
    },
  }
}

/** The timer may have gone off just before it was stopped. */
const stillThere = (name: string, address: string): Step => ({
  kind: 'verify',
  what: `the change of ${name} was not taken back meanwhile`,
  mend: [`journalctl -u ${service}`, 'run the same phx command again'],
  async check(reader) {
    const active = await activeUnits(reader)
    return active.length > 0
      ? `${active.join(' and ')} is active`
      : missingOf(await addressesInForce(reader), name, [address])
  },
})
