/** An account that phx made and that is no longer declared: it stays with its home, and a person is told. */
import type { Comparison, Look, Owned, Resource } from '../../engine/resource.ts'
import { accountsProbe } from '../probes/accounts.ts'
import { accountId } from './account.ts'
import { homeOf } from './home.ts'

export class LeftAccount implements Resource {
  readonly id: string
  readonly locks: readonly [] = []
  readonly #name: string

  constructor(name: string) {
    this.id = accountId(name)
    this.#name = name
  }

  async compare(look: Look, _: unknown, owned: Owned): Promise<Comparison> {
    const accounts = await look.at(accountsProbe)
    const account = accounts.get(this.#name)
    if (!account || !owned.created(this.id)) return { changes: [], refusals: [], notes: [], live: account ? {} : null }
    const { fault } = await homeOf(look.reader, accounts, account)
    const away = fault ? `userdel ${this.#name} takes it away` : `userdel --remove ${this.#name} takes both away`
    const text = `account ${this.#name} is no longer declared: it stays, and so does ${account.home}; ${away}`
    return { changes: [], refusals: [], notes: [{ resource: this.id, level: 'info', text }], live: {} }
  }
}
