/** What lets an account do everything by sudo: a drop-in of phx's own, checked before it goes live. /etc/sudoers stays as it is. */
import type { DeclaredUser } from '../../config/users.ts'
import type { Comparison, Lock, Look, Note, Resource } from '../../engine/resource.ts'
import { OwnedFile } from '../file/owned-file.ts'
import { loginProbe, shadowProbe } from '../probes/accounts.ts'

/** Without a dot, which would make sudo pass it over (sudoers(5), @includedir). */
const dropIn = (name: string): string => `/etc/sudoers.d/phx-${name}`

export class SudoAccess implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #name: string
  readonly #isDeclared: boolean
  /** Whether phx sets a password: sudo asks for one. */
  readonly #hasPassword: boolean
  readonly #file: OwnedFile

  constructor({ name, sudo, passwordHash }: Pick<DeclaredUser, 'name' | 'sudo' | 'passwordHash'>) {
    this.#file = new OwnedFile({
      path: dropIn(name),
      lines: sudo ? [`${name} ALL=(ALL:ALL) ALL`] : null,
      section: 'users',
      mode: 0o440,
      check: { argv: ['visudo', '-cf', '%s'] },
    })
    this.id = this.#file.id
    this.locks = this.#file.locks
    this.#name = name
    this.#isDeclared = sudo
    this.#hasPassword = passwordHash !== null
  }

  async compare(look: Look): Promise<Comparison> {
    const compared = await this.#file.compare(look)
    if (this.#isDeclared) return { ...compared, notes: [...compared.notes, ...(await this.#notes(look))] }
    const removes = compared.changes.length > 0
    if (!removes || (await look.at(loginProbe)) !== this.#name) return compared
    const why = `phx was started from a login of ${this.#name}, whose sudo is to go: nobody could run phx from there again`
    const mend = ['log in as root or as another administrator, and run it from there', 'or declare "sudo_access": true']
    return { ...compared, changes: [], refusals: [{ resource: this.id, why, fields: [], mend }] }
  }

  async #notes(look: Look): Promise<Note[]> {
    const notes: Note[] = []
    const warn = (text: string): void => void notes.push({ resource: this.id, level: 'warning', text })
    const sudoers = await look.reader.readFile('/etc/sudoers')
    if (sudoers !== undefined && !/^[@#]includedir\s+\/etc\/sudoers\.d\/?\s*$/m.test(sudoers)) {
      warn(
        '/etc/sudoers does not read /etc/sudoers.d, so what phx writes there has no effect: add @includedir /etc/sudoers.d',
      )
    }
    const hash = (await look.at(shadowProbe)).get(this.#name)
    if (!this.#hasPassword && (hash === undefined || /^[!*]/.test(hash))) {
      warn(
        `${this.#name} may use sudo, which asks for a password, and has none: declare password_hash, or passwd ${this.#name}`,
      )
    }
    return notes
  }
}
