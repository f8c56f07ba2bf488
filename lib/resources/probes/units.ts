/** The systemd units that phx looks at, all from one call (systemctl(1), show). */
import type { Probe } from '../../engine/resource.ts'
import { ask } from './ask.ts'

export interface UnitState {
  /** False when there is no such unit: its package isn't installed. */
  readonly exists: boolean
  /** Its unit file can't be started: someone masked it. */
  readonly masked: boolean
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string
  /** `enabled`, `disabled`, `static`, …; empty when there is none. */
  readonly enabled: string
}

/** Every unit that a step declares or asks about. Units that a host doesn't have cost nothing. */
export const knownUnits = [
  'chrony.service',
  'dnsmasq.service',
  'firewalld.service',
  'nfs-server.service',
  'nmbd.service',
  'nvidia-persistenced.service',
  'phx-nvidia.service',
  'proxmox-firewall.service',
  'pve-cluster.service',
  'pve-firewall.service',
  'rpcbind.service',
  'rpcbind.socket',
  'rpc-statd.service',
  'smbd.service',
  'ssh.service',
  'systemd-resolved.service',
  'systemd-timesyncd.service',
  'ufw.service',
] as const

export type UnitName = (typeof knownUnits)[number]

const properties = 'Id,Names,LoadState,ActiveState,UnitFileState'
const argv = ['systemctl', 'show', `--property=${properties}`, '--', ...knownUnits]

/** Blocks of `Name=value` lines, a blank line between two units, in the order asked for. */
export function parseUnits(stdout: string): Map<string, UnitState> {
  const units = new Map<string, UnitState>()
  for (const block of stdout.split(/\n\n+/)) {
    const values = new Map(
      block.split('\n').map((line): [string, string] => {
        const at = line.indexOf('=')
        return [line.slice(0, at), line.slice(at + 1)]
      }),
    )
    const load = values.get('LoadState') ?? 'not-found'
    const state: UnitState = {
      exists: load !== 'not-found',
      masked: load === 'masked',
      active: values.get('ActiveState') ?? 'inactive',
      enabled: values.get('UnitFileState') ?? '',
    }
    // A unit is known by each of its names: nfs-kernel-server is nfs-server.
    for (const name of [values.get('Id') ?? '', ...(values.get('Names') ?? '').split(' ')]) {
      if (name !== '') units.set(name, state)
    }
  }
  return units
}

export const unitsProbe: Probe<ReadonlyMap<string, UnitState>> = {
  id: 'systemctl show',
  async read({ reader }) {
    return parseUnits((await ask(reader, argv, 'look at the systemd units')).stdout)
  },
}

const absent: UnitState = { exists: false, masked: false, active: 'inactive', enabled: '' }

export const unitIn = (units: ReadonlyMap<string, UnitState>, name: UnitName): UnitState => units.get(name) ?? absent
