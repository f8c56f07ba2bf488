/** A systemd unit that is to be enabled and running, or neither. */
import type { Change, Comparison, FieldChange, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { parseUnits, type UnitName, type UnitState, unitIn, unitsProbe } from '../probes/units.ts'

export const unitId = (name: UnitName): string => `unit:${name}`

export interface DeclaredUnit {
  readonly name: UnitName
  /** Whether it starts with the host and runs now. */
  readonly on: boolean
}

export class Unit implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredUnit

  constructor(declared: DeclaredUnit) {
    this.id = unitId(declared.name)
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#declared = declared
  }

  ahead(look: Look): Promise<unknown> {
    return look.at(unitsProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const { name, on } = this.#declared
    const unit = unitIn(await look.at(unitsProbe), name)
    if (!unit.exists) {
      // Its package comes first; one that is to be off needs no unit.
      return { changes: on ? [this.#switch(unit)] : [], refusals: [], notes: [], live: null }
    }
    const live = { enabled: isEnabled(unit), active: unit.active }
    if (unit.masked && on) {
      const why = `${name} is masked: someone wanted it never to run`
      const mend = [`systemctl unmask ${name}, if that no longer holds`]
      return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [], live }
    }
    const isSo = isEnabled(unit) === on && (unit.active === 'active') === on
    return { changes: isSo ? [] : [this.#switch(unit)], refusals: [], notes: [], live }
  }

  #switch(unit: UnitState): Change {
    const { name, on } = this.#declared
    const enables = isEnabled(unit) !== on
    const runs = (unit.active === 'active') !== on
    const fields: FieldChange[] = [
      ...(enables ? [{ field: 'enabled', from: unit.exists ? isEnabled(unit) : null, to: on }] : []),
      ...(runs ? [{ field: 'active', from: unit.exists ? unit.active : null, to: on ? 'active' : 'inactive' }] : []),
    ]
    const verbs = on ? { enable: 'enable', run: 'start' } : { enable: 'disable', run: 'stop' }
    const steps: Step[] = [
      ...(enables ? [command(['systemctl', verbs.enable, name])] : []),
      ...(runs ? [command(['systemctl', verbs.run, name])] : []),
      // `start` is done when the program was started, which may fail a moment later (seen: services.jsonl scene 50).
      ...(runs && on ? [isActive(name)] : []),
    ]
    return {
      resource: this.id,
      action: 'update',
      risk: runs && !on ? 'disruptive' : 'safe',
      summary: `${[...(enables ? [verbs.enable] : []), ...(runs ? [verbs.run] : [])].join(' and ')} ${name}`,
      fields,
      steps,
      undo: {
        commands: [
          ...(enables ? [['systemctl', on ? 'disable' : 'enable', name]] : []),
          ...(runs ? [['systemctl', on ? 'stop' : 'start', name]] : []),
        ],
      },
    }
  }
}

/** A unit without an [Install] section (`static`) is started by others and can't be enabled. */
const isEnabled = ({ enabled }: UnitState): boolean => enabled.startsWith('enabled') || enabled === 'static'

const command = (argv: readonly string[]): Step => ({ kind: 'command', argv })

export async function unitNow(reader: Reader, name: UnitName): Promise<UnitState | undefined> {
  const argv = ['systemctl', 'show', '--property=Id,Names,LoadState,ActiveState,UnitFileState', '--', name]
  return parseUnits((await reader.query(argv)).stdout).get(name)
}

/** A step that waits for the unit to run. */
export function isActive(name: UnitName): Step {
  return {
    kind: 'verify',
    what: `${name} runs`,
    withinMs: 20_000,
    mend: [`systemctl status ${name}`, `journalctl -u ${name} -n 50`],
    async check(reader) {
      const unit = await unitNow(reader, name)
      return unit?.active === 'active' ? undefined : `it is ${unit?.active ?? 'unknown to systemd'}`
    },
  }
}
