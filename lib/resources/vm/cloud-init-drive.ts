/**
 * The drive with which cloud-init is told of user, keys, network and name servers: made anew when a machine starts, and
 * when somebody asks for it. Until then Proxmox VE keeps what a running machine's drive says where the configuration says
 * something else by now (`qm cloudinit pending`; in the file the section [special:cloudinit]).
 */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import type { Change, Comparison, FieldChange, Foreseen, Look, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { runningGuests, runningGuestsProbe } from '../probes/guests.ts'
import { readVm, type Vm, vmProbe } from '../probes/vms.ts'
import { machineId } from './machine.ts'
import { agentAnswers } from './power.ts'
import { decoded } from './wanted.ts'

export class CloudInitDrive implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredVm

  constructor(declared: DeclaredVm) {
    this.id = `${machineId(declared.id)}/cloud-init-drive`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const vm = foreseen.isMadeAnew(machineId(id)) ? undefined : await look.at(vmProbe(id))
    if (vm === undefined) return { ...nothing, live: undefined }
    const fields = differences(vm)
    const live = { outdated: fields.map(({ field }) => field) }
    // A start makes it anew.
    if (fields.length === 0 || !(await look.at(runningGuestsProbe)).has(id)) return { ...nothing, live }
    return { ...nothing, changes: [this.#update(fields)], live }
  }

  #update(fields: readonly FieldChange[]): Change {
    const { id, mayRestart, shutdownTimeoutSeconds } = this.#declared
    const names = fields.map(({ field }) => field).join(', ')
    const restart: Step[] = [
      {
        kind: 'command',
        argv: ['qm', 'reboot', id, '--timeout', String(shutdownTimeoutSeconds)],
        timeoutMs: (shutdownTimeoutSeconds + 60) * 1000,
      },
      {
        kind: 'verify',
        // qm comes back when it has stopped; qmeventd starts it then.
        what: `VM ${id} runs again`,
        withinMs: 60_000,
        check: async (reader) => ((await runningGuests(reader)).has(id) ? undefined : 'it does not'),
      },
      agentAnswers(this.#declared),
    ]
    return {
      resource: this.id,
      action: 'update',
      risk: mayRestart ? 'disruptive' : 'safe',
      summary: `tell cloud-init of VM ${id} what it does not know yet: ${names}${mayRestart ? ', and restart it' : ''}`,
      fields: mayRestart
        ? fields
        : fields.map((field) => ({
            ...field,
            note: `the guest takes it up when it starts next: phx restart vm:${id}`,
          })),
      steps: [
        { kind: 'command', argv: ['qm', 'cloudinit', 'update', id] },
        {
          kind: 'verify',
          what: `the cloud-init drive of VM ${id} says what its configuration says`,
          check: async (reader) => {
            const now = await readVm(reader, id)
            const left = now === undefined ? [] : differences(now)
            return left.length === 0 ? undefined : `it does not of ${left.map(({ field }) => field).join(', ')}`
          },
        },
        ...(mayRestart ? restart : []),
      ],
      ...(mayRestart ? { reveals: true as const } : {}),
      undo: { impossible: 'the drive follows the configuration' },
    }
  }
}

/** From what the drive says to what the configuration says. */
function differences({ values, drive }: Vm): FieldChange[] {
  const added = (drive.get('added') ?? '').split(',').flatMap((key) => key.trim() || [])
  const keys = new Set([...[...drive.keys()].filter((key) => key !== 'added'), ...added])
  return [...keys].sort().map((field) => ({
    field,
    from: shown(field, drive.get(field)),
    to: shown(field, values.get(field)),
  }))
}

function shown(key: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (key === 'cipassword') return '[secret]'
  return key === 'sshkeys' ? decoded(value).trim() : value
}
