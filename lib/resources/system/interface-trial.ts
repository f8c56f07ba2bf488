/**
 * The time in which a change of an interface is tried: how long it lasts, what takes it back, and what is left of one whose run
 * was cut off. What counts is /etc/network/interfaces, whatever the kernel has meanwhile.
 */
import type { Change, Note, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type AddressesInForce, addressesInForce, gatewaysInForce, missingOf, secondsToConnect } from './reachable.ts'

/** The text that is tried. Gone when the host starts; ifup reads it from there. It is left when the change is taken back. */
export const candidate = '/run/phx-interfaces'
export const rollback = 'phx-network-rollback'
export const [timer, service] = [`${rollback}.timer`, `${rollback}.service`]

/** Seconds: for ifup, and between the last look and the way back. */
export const toApply = 45
export const spare = 15

export async function activeUnits(reader: Reader): Promise<string[]> {
  const argv = ['systemctl', 'show', '--property=Id,ActiveState', '--', timer, service]
  const blocks = (await reader.query(argv)).stdout.split(/\n\n+/)
  return blocks
    .flatMap((block) => (/^ActiveState=(inactive|failed)$/m.test(block) ? [] : [block]))
    .flatMap((block) => /^Id=(.*)$/m.exec(block)?.[1] ?? [])
}

export const nothingPending: Step = {
  kind: 'verify',
  what: 'no earlier change of an interface is about to be taken back',
  withinMs: (toApply + secondsToConnect + spare + 60) * 1000,
  mend: [`systemctl list-timers ${timer}`, `journalctl -u ${service}`],
  async check(reader) {
    const active = await activeUnits(reader)
    return active.length === 0 ? undefined : `${active.join(' and ')} is active`
  },
}

export interface Trial {
  /** What is said of it while something stands ready to take it back, else null. */
  readonly pending: string | null
  readonly addresses: AddressesInForce
  readonly gateways: ReadonlyMap<string, string>
}

/** Null when none was begun, or the last one ended well: that costs no process. */
export async function trialLeft(reader: Reader): Promise<Trial | null> {
  if ((await reader.stat(candidate)) === undefined) return null
  const [active, addresses, gateways] = await Promise.all([
    activeUnits(reader),
    addressesInForce(reader),
    gatewaysInForce(reader),
  ])
  return { pending: await pendingText(reader, active), addresses, gateways }
}

export const trialNotes = (resource: string, trial: Trial | null): Note[] =>
  trial?.pending ? [{ resource, level: 'warning', text: trial.pending }] : []

async function pendingText(reader: Reader, active: readonly string[]): Promise<string | null> {
  if (active.includes(service)) return `a change of an interface is being taken back right now (${service})`
  if (!active.includes(timer)) return null
  const argv = ['systemctl', 'show', '--property=NextElapseUSecMonotonic', '--value', timer]
  const [{ stdout }, uptime = ''] = await Promise.all([reader.query(argv), reader.readFile('/proc/uptime')])
  const left = Math.round((secondsIn(stdout) ?? Number.NaN) - Number.parseFloat(uptime))
  const when = left >= 0 ? `in ${left} s` : 'in a moment'
  return `a change of an interface is only being tried: ${timer} takes it back ${when} unless a phx at work keeps it`
}

const units: Readonly<Record<string, number>> = {
  y: 31557600,
  month: 2629800,
  w: 604800,
  d: 86400,
  h: 3600,
  min: 60,
  s: 1,
  ms: 1e-3,
  us: 1e-6,
}

/** `1h 2min 3.5s`, as systemd writes spans of time (systemd.time(7)). */
export function secondsIn(span: string): number | undefined {
  const parts = span.trim().split(/\s+/)
  const seconds = parts.map((part) => {
    const [, number = '', unit = ''] = /^([\d.]+)([a-z]+)$/.exec(part) ?? []
    return Number(number) * (units[unit] ?? Number.NaN)
  })
  const sum = seconds.reduce((total, one) => total + one, 0)
  return Number.isNaN(sum) ? undefined : sum
}

/** An interface that the kernel has otherwise than the file, which is as declared. */
export interface Apart {
  readonly name: string
  readonly inForce: string
  readonly address: string
  readonly gateway: string | null
}

const shown = (addresses: readonly string[], gateway: string | null): string =>
  `${addresses.join(', ') || 'no address'}, gateway ${gateway ?? 'none'}`

export function apartFrom(
  { addresses, gateways }: Trial,
  name: string,
  { address, gateway }: { readonly address: string | null; readonly gateway: string | null },
): Apart | null {
  const via = gateways.get(name) ?? null
  if (address === null || (missingOf(addresses, name, [address]) === undefined && via === gateway)) return null
  return { name, inForce: shown(addresses.get(name) ?? [], via), address, gateway }
}

/** Waits for a change that is still to be taken back; does the same itself when nothing will. */
export function putBack(resource: string, path: string, apart: readonly Apart[]): Change {
  const names = apart.map(({ name }) => name)
  return {
    resource,
    action: 'update',
    risk: 'disruptive',
    summary: `bring ${names.join(', ')} back to what ${path} has: another change was tried and not kept`,
    fields: apart.map(({ name, inForce, address, gateway }) => ({
      field: `${name} in force`,
      from: inForce,
      to: shown([address], gateway),
    })),
    steps: [
      nothingPending,
      ...names.map((name): Step => ({ kind: 'command', argv: ['ifup', name], timeoutMs: toApply * 1000 })),
      {
        kind: 'verify',
        what: `${names.join(', ')} as ${path} has it`,
        mend: names.map((name) => `ifup ${name}`),
        async check(reader) {
          const inForce = await addressesInForce(reader)
          return apart.map(({ name, address }) => missingOf(inForce, name, [address])).find(Boolean)
        },
      },
      { kind: 'remove', path: candidate },
    ],
    undo: { impossible: `${path} is what counts` },
  }
}
