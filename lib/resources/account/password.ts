/** The password of an account, as a crypt(5) hash from a secret reference: applied whenever another one is in /etc/shadow. */
import { describeSecret, type SecretReference } from '../../config/secrets.ts'
import type { Comparison, Foreseen, Lock, Look, Refusal, Resource } from '../../engine/resource.ts'
import type { Secret } from '../../engine/secret.ts'
import { shadowProbe } from '../probes/accounts.ts'
import { accountId, accountsLock } from './account.ts'

/** yescrypt, gost-yescrypt, scrypt, bcrypt, SHA-512, SHA-256: what libxcrypt calls strong enough to be new (crypt(5)). */
const strongHash = /^\$(y|gy|7|2[abxy]|6|5)\$[^\s:*!\\]+$/

export class Password implements Resource {
  readonly id: string
  readonly locks: readonly Lock[] = [accountsLock]
  readonly #name: string
  readonly #source: SecretReference

  constructor(name: string, source: SecretReference) {
    this.id = `password:${name}`
    this.#name = name
    this.#source = source
  }

  async ready(look: Look): Promise<readonly Refusal[]> {
    const hash = await this.#hash(look)
    return 'why' in hash ? [hash] : []
  }

  async compare(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const secret = await this.#hash(look)
    if ('why' in secret) return { changes: [], refusals: [secret], notes: [], live: undefined }
    const isNew = foreseen.isMadeAnew(accountId(this.#name))
    const now = isNew ? 'none' : standing((await look.at(shadowProbe)).get(this.#name), secret)
    const live = { password: now }
    if (now === asDeclared) return { changes: [], refusals: [], notes: [], live }
    return {
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary: `set the password of ${this.#name}`,
          fields: [{ field: 'password', from: now, to: asDeclared }],
          steps: [
            {
              kind: 'command',
              argv: ['chpasswd', '--encrypted'],
              stdin: secret.map((hash) => `${this.#name}:${hash}\n`),
            },
          ],
          undo: { impossible: 'phx keeps no hash that was there before' },
        },
      ],
      refusals: [],
      notes: [],
      live,
    }
  }

  async #hash(look: Look): Promise<Secret | Refusal> {
    const resolved = await look.secrets.resolve(this.#source)
    if (!resolved.ok) return this.#refusal(`can't be read: ${resolved.why}`, resolved.mend)
    if (strongHash.test(resolved.secret.reveal())) return resolved.secret
    return this.#refusal('is no hash that phx would put into /etc/shadow ($y$…, $2b$…, $6$…, $5$…)', [
      'make one, which asks for the password: mkpasswd --method=yescrypt (package whois)',
    ])
  }

  #refusal(why: string, mend: readonly string[]): Refusal {
    const whole = `the password hash of ${this.#name} (${describeSecret(this.#source)}) ${why}`
    return { resource: this.id, why: whole, fields: [], mend }
  }
}

const asDeclared = 'as declared'

/** How the account's password stands, in words that give nothing away. A lock is a sign before the hash (usermod(8), -L). */
function standing(hash: string | undefined, declared: Secret): string {
  if (hash === declared.reveal()) return asDeclared
  if (hash === undefined || hash === '' || /^[!*]+$/.test(hash)) return 'none'
  return hash.startsWith('!') ? 'locked' : 'another'
}
