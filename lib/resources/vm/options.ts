/** A virtual machine's options: read from its file, and set by one `qm set` for all that differ. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { Change, Comparison, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { runningGuestsProbe } from '../probes/guests.ts'
import { vmProbe } from '../probes/vms.ts'
import { locked, machineId } from './machine.ts'
import { creationOptions, type Option, type Surroundings, wantedOptions } from './wanted.ts'

export const optionsId = (vmid: string): string => `${machineId(vmid)}/options`

export class VmOptions implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredVm
  readonly #around: Surroundings

  constructor(declared: DeclaredVm, around: Surroundings) {
    this.id = optionsId(declared.id)
    this.locks = [guestLock(declared)]
    this.#declared = declared
    this.#around = around
  }

  async compare(look: Look, _foreseen: Foreseen): Promise<Comparison> {
    const { id, origin } = this.#declared
    const vm = await look.at(vmProbe(id))
    // A clone has what its template has.
    const source = vm === undefined && origin?.kind === 'clone' ? await look.at(vmProbe(origin.vmid)) : undefined
    const values =
      vm?.settled ?? (source ? new Map([...source.settled, ['name', this.#declared.name]]) : this.#created())
    const options = wantedOptions(this.#declared, values, this.#around)
    const different = options.filter(({ key, isSo }) => !isSo(values.get(key)))
    const live = Object.fromEntries(options.map(({ key }) => [key, shownOf(key, values.get(key))]))
    const nothing = { changes: [], refusals: [], notes: [] }
    if (different.length === 0) return { ...nothing, live: vm === undefined ? null : live }
    const lock = vm?.values.get('lock')
    if (lock !== undefined) throw locked(this.#declared, lock)
    const isRunning = (await look.at(runningGuestsProbe)).has(id)
    return {
      ...nothing,
      changes: [this.#set(different, values, isRunning)],
      live: vm === undefined ? null : live,
    }
  }

  /** As the plan makes it. */
  #created(): ReadonlyMap<string, string> {
    const { origin, storage } = this.#declared
    if (origin === null || origin.kind === 'clone' || storage === null) return new Map()
    return creationOptions(this.#declared, storage, this.#around)
  }

  #set(options: readonly Option[], values: ReadonlyMap<string, string>, isRunning: boolean): Change {
    const { id } = this.#declared
    const former = options.flatMap(({ key }) => {
      const value = values.get(key)
      return value === undefined || key === 'sshkeys' ? [] : [`--${key}`, value]
    })
    return {
      resource: this.id,
      action: 'update',
      // Another bridge takes the network away for a moment.
      risk: isRunning && options.some(({ key }) => key === 'net0') ? 'disruptive' : 'safe',
      summary: `set ${options.map(({ key }) => key).join(', ')} of VM ${id}`,
      fields: options.map(({ key, text, shown }) => {
        return { field: key, from: shownOf(key, values.get(key)), to: shown ?? text }
      }),
      steps: this.#steps(options),
      // What of it waits for a restart shows only then.
      ...(isRunning ? { reveals: true as const } : {}),
      undo: former.length > 0 ? { commands: [['qm', 'set', id, ...former]] } : { impossible: 'they had no value' },
    }
  }

  #steps(options: readonly Option[]): Step[] {
    const { id } = this.#declared
    const keys = options.find(({ key }) => key === 'sshkeys')
    const file = `/run/phx-sshkeys-${id}`
    const argv = ['qm', 'set', id, ...options.flatMap(({ key, text }) => [`--${key}`, key === 'sshkeys' ? file : text])]
    const set: Step = { kind: 'command', argv }
    if (keys === undefined) return [set]
    return [
      { kind: 'write', file: { path: file, content: keys.text, mode: 0o600 } },
      set,
      { kind: 'remove', path: file },
    ]
  }
}

/** For people, and for the stamp. */
function shownOf(key: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (key !== 'sshkeys') return value
  try {
    return decodeURIComponent(value).trim()
  } catch {
    return value
  }
}
