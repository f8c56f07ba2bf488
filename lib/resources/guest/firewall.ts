/** A firewall that is declared for a guest. phx doesn't bring it about, and never lets anybody believe that it did. */
import type { DeclaredGuest } from '../../config/guests/guest.ts'
import type { Comparison, Resource } from '../../engine/resource.ts'

export class GuestFirewall implements Resource {
  readonly id: string
  readonly locks = []
  readonly #declared: DeclaredGuest

  constructor(declared: DeclaredGuest) {
    this.id = `${declared.target}/firewall`
    this.#declared = declared
  }

  async compare(): Promise<Comparison> {
    const { id, target } = this.#declared
    const text = `the firewall declared for ${target} is not brought about by phx: its rules go into /etc/pve/firewall/${id}.fw by hand, and firewall=1 on its network card`
    return { changes: [], refusals: [], notes: [{ resource: this.id, level: 'warning', text }], live: {} }
  }
}
