/** cloud-init inside a virtual machine: through, and without an error. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import { Hopeless } from '../../engine/hopeless.ts'
import type { Comparison, Lock, Look, Note, Resource } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { untold } from './told.ts'

/** As `cloud-init status --format json` says it: 23.4 and later also tell what can be lived with. */
interface Status {
  readonly status: string
  readonly extended: string
  readonly errors: readonly string[]
  readonly recoverable: readonly string[]
}

const logs = ['/var/log/cloud-init-output.log']

/** Undefined in an image without it. */
async function statusOf(reader: Reader): Promise<Status | undefined> {
  const asked = await reader.query(['cloud-init', 'status', '--format', 'json'])
  const { stdout, stderr, notFound, exitCode, timedOut } = asked
  if (notFound) return undefined
  // A guest that is busy with its first boot lets even this wait (seen: the lab, more than 30 s).
  if (timedOut) return { status: 'running', extended: 'not known yet', errors: [], recoverable: [] }
  try {
    const told = JSON.parse(stdout) as Record<string, unknown>
    const status = String(told.status ?? '')
    return {
      status,
      extended: String(told.extended_status ?? status),
      errors: Array.isArray(told.errors) ? told.errors.map(String) : [],
      recoverable: recoverableOf(told.recoverable_errors ?? {}),
    }
  } catch {
    throw new CannotLook(`cloud-init status ended with exit code ${exitCode}: ${stderr.trim() || stdout.trim()}`)
  }
}

/** Each once: every stage repeats what it stumbled over (seen: cloud-init 25.1). */
function recoverableOf(told: object): string[] {
  const all = Object.entries(told).flatMap(([level, messages]) =>
    Array.isArray(messages) ? messages.map((message) => `${level}: ${String(message)}`) : [],
  )
  return [...new Set(all)]
}

export class CloudInit implements Resource {
  readonly id = 'cloud-init'
  readonly locks: readonly Lock[] = []
  readonly #declared: DeclaredVm

  constructor(declared: DeclaredVm) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { reader } = look
    const nothing = { changes: [], refusals: [], notes: [] }
    const found = await statusOf(reader)
    if (found === undefined) return { ...nothing, notes: [this.#absent()], live: null }
    const live = { status: found.extended }
    if (found.status === 'done' || found.status === 'disabled') {
      const warnings = found.recoverable.map((text) => this.#note(`cloud-init: ${text}`))
      return { ...nothing, notes: [...warnings, ...(await this.#untold(look))], live }
    }
    if (found.status === 'error') throw await failed(reader, found)
    const { agentTimeoutSeconds } = this.#declared
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'run',
          risk: 'safe',
          summary: 'wait for cloud-init',
          fields: [{ field: 'status', from: found.extended, to: 'done' }],
          steps: [
            {
              kind: 'verify',
              what: 'cloud-init is through',
              withinMs: agentTimeoutSeconds * 1000,
              mend: waysToLook,
              check: async (inside, tell) => {
                const now = await statusOf(inside)
                if (now?.status === 'error') throw new Hopeless((await failed(inside, now)).message)
                if (now === undefined || now.status === 'done' || now.status === 'disabled') {
                  tell(`${await long(inside)}\n${await lastWords(inside)}`)
                  return undefined
                }
                return `its status is ${now.extended}`
              },
            },
          ],
          undo: { impossible: 'nothing is changed' },
        },
      ],
      live,
    }
  }

  /** Changed after the machine was started: cloud-init acts on it at the next start, if nobody brought it about by hand. */
  async #untold(look: Look): Promise<Note[]> {
    const missing = await untold(look, this.#declared)
    if (missing.length === 0) return []
    const { id } = this.#declared
    return [
      this.#note(
        `VM ${id} is without ${missing.join(', ')}: cloud-init sees to it at its next start: phx restart vm:${id}`,
      ),
    ]
  }

  #absent(): Note {
    return this.#note('there is no cloud-init in it: what the config says of its user and network is left to the image')
  }

  #note(text: string): Note {
    return { resource: this.id, level: 'warning', text }
  }
}

const waysToLook = ['in the guest: cloud-init status --long', ...logs.map((log) => `in the guest: less ${log}`)]

async function long(reader: Reader): Promise<string> {
  return (await reader.query(['cloud-init', 'status', '--long'])).stdout.trimEnd()
}

async function lastWords(reader: Reader): Promise<string> {
  const { stdout } = await reader.query(['tail', '-n', '20', '--', ...logs])
  return stdout
}

async function failed(reader: Reader, { errors }: Status): Promise<CannotLook> {
  const words = (await lastWords(reader)).trimEnd()
  return new CannotLook(
    `cloud-init failed: ${errors.join('; ') || 'it names no error'}\n${await long(reader)}\nits last words:\n${words}`,
    waysToLook,
  )
}
