/**
 * A Samba user. Its password is compared by the hash that Samba keeps, so that an unchanged one causes no change and a
 * changed one is applied. Nothing of either is shown anywhere.
 */
import type { DeclaredSambaUser } from '../../config/samba.ts'
import type { Action, Change, Comparison, FieldChange, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import type { Secret } from '../../engine/secret.ts'
import { sambaUsersProbe } from '../probes/samba-users.ts'
import { ntHash } from './nt-hash.ts'

export const sambaUserPrefix = 'samba-user:'
export const sambaUserId = (name: string): string => `${sambaUserPrefix}${name}`

/** Everyone who writes Samba's database through phx takes it. */
export const sambaUsersLock: Lock = { name: 'samba-users', mode: 'exclusive' }

/** smbpasswd reads that much of a line and calls the rest another one (seen: smbpasswd of Samba 4.22.11). */
const longestPassword = 255

export class SambaUser implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [sambaUsersLock]
  readonly #declared: DeclaredSambaUser

  constructor(declared: DeclaredSambaUser) {
    this.id = sambaUserId(declared.name)
    this.#declared = declared
  }

  ahead(look: Look): Promise<unknown> {
    return look.at(sambaUsersProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const { name, password: source } = this.#declared
    const account = (await look.at(sambaUsersProbe)).get(name)
    const live = account ? { enabled: !account.isDisabled } : null
    if (source === null) {
      const text = `Samba user ${name} has no password declared and none in Samba: nobody can log in as ${name}`
      const isMute = account?.hash === undefined || account.hash === null
      return { changes: [], refusals: [], notes: isMute ? [{ resource: this.id, level: 'warning', text }] : [], live }
    }
    const resolved = await look.secrets.resolve(source)
    if (!resolved.ok) return { changes: [], refusals: [this.#refuse(resolved.why, resolved.mend)], notes: [], live }
    const { secret } = resolved
    if (Buffer.byteLength(secret.reveal()) > longestPassword) {
      const why = `it is longer than the ${longestPassword} bytes that smbpasswd reads`
      return { changes: [], refusals: [this.#refuse(why, ['choose a shorter one'])], notes: [], live }
    }
    if (!account) return { changes: [this.#set(secret, 'create')], refusals: [], notes: [], live }
    const isSame = account.hash?.reveal() === ntHash(secret.reveal())
    if (!isSame) return { changes: [this.#set(secret, 'update', account.isDisabled)], refusals: [], notes: [], live }
    return { changes: account.isDisabled ? [this.#enable()] : [], refusals: [], notes: [], live }
  }

  #refuse(why: string, mend: readonly string[]): Refusal {
    const { name } = this.#declared
    return { resource: this.id, why: `the password of Samba user ${name} can't be used: ${why}`, fields: [], mend }
  }

  /** `-a` makes the user or changes the password, and enables a disabled one; both times it asks twice. */
  #set(secret: Secret, action: Action & ('create' | 'update'), isDisabled = false): Change {
    const { name } = this.#declared
    const isNew = action === 'create'
    const fields: FieldChange[] = [
      { field: 'password', from: isNew ? null : 'another one', to: 'as declared' },
      ...(isDisabled ? [{ field: 'enabled', from: false, to: true }] : []),
    ]
    return {
      resource: this.id,
      action,
      risk: 'safe',
      summary: isNew ? `add Samba user ${name}` : `set the password of Samba user ${name} to the declared one`,
      fields,
      steps: [
        {
          kind: 'command',
          argv: ['smbpasswd', '-s', '-a', name],
          stdin: secret.map((text) => `${text}\n${text}\n`),
        },
        ...(isDisabled ? [{ kind: 'command' as const, argv: ['smbpasswd', '-e', name] }] : []),
      ],
      undo: isNew
        ? { commands: [['pdbedit', '-x', name]] }
        : { impossible: 'the former password is known to nobody but its owner' },
    }
  }

  #enable(): Change {
    const { name } = this.#declared
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `enable Samba user ${name}`,
      fields: [{ field: 'enabled', from: false, to: true }],
      steps: [{ kind: 'command', argv: ['smbpasswd', '-e', name] }],
      undo: { commands: [['smbpasswd', '-d', name]] },
    }
  }
}
