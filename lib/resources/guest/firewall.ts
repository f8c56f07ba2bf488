/**
 * The rules of a guest's firewall, in its file of Proxmox VE: /etc/pve/firewall/ID.fw. They hold for the network cards
 * with firewall=1, which the guest's options see to, and once the datacenter's firewall is on.
 */
import type { DeclaredGuest } from '../../config/guests/guest.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, Look, Note, Owned, Resource, Value } from '../../engine/resource.ts'
import type { GuestRef } from '../../host/host.ts'
import { pveFile, readsRules, ruleChanges } from '../firewall/pve-rules.ts'
import {
  hasRules,
  optionsIn,
  ourRules,
  requireReadable,
  ruleLine,
  saysNothing,
  withOption,
  withoutOption,
  withRules,
} from '../firewall/pve-text.ts'
import { guestConfProbe } from '../probes/guest-conf.ts'
import { guestName, runningGuestsProbe } from '../probes/guests.ts'
import { pveFirewallProbe } from '../probes/pve-firewall.ts'
import { guestId, guestLock } from './inside.ts'

/** Proxmox VE removes it with its guest. */
export const guestFirewallFile = (id: string): string => `/etc/pve/firewall/${id}.fw`

interface Surroundings {
  /** The guest that it is a clone of; null: of none. */
  readonly source: Pick<DeclaredGuest, 'id' | 'firewall'> | null
  /** Whether the config has the datacenter's firewall switched on. */
  readonly isSwitchedOn: boolean
}

type Declared = Pick<DeclaredGuest, 'firewall'> & GuestRef

export class GuestFirewall implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: Declared
  readonly #around: Surroundings

  /** Of a guest whose firewall is declared no more, what phx put there goes. */
  constructor(declared: Declared, around: Surroundings) {
    this.id = `${guestId(declared)}/firewall`
    this.locks = [guestLock(declared)]
    this.#declared = declared
    this.#around = around
  }

  async compare(look: Look, _foreseen: unknown, owned: Owned): Promise<Comparison> {
    const { firewall, id } = this.#declared
    const name = guestName(this.#declared)
    const path = guestFirewallFile(id)
    const isThere = (await look.at(guestConfProbe(this.#declared))) !== undefined
    const found = await this.#found(look, isThere)
    requireReadable(path, found ?? '')
    const text = firewall === null ? this.#released(found ?? '', owned) : declaredText(found ?? '', firewall)
    const isFiltering = this.#around.isSwitchedOn || (await look.at(pveFirewallProbe))?.enabled === true
    const notes: Note[] = []
    const warn = (why: string): unknown => notes.push({ resource: this.id, level: 'warning', text: why })
    if (firewall?.isEnabled && !isFiltering) {
      warn(
        `the datacenter's firewall is off, so nothing of ${name} is filtered yet: "backend": "pve-firewall" and "enabled": true in "firewall"`,
      )
    }
    const comparison = { changes: [], refusals: [], notes, live: liveOf(found ?? '', firewall !== null) }
    if (text === (found ?? '')) return comparison
    if (firewall === null && enableOf(text) === '1') {
      warn(`${path} has rules of others, so the firewall of ${name} stays on: nothing comes in but what they let in`)
    }
    if (!(await look.reader.hasTool('pve-firewall'))) {
      throw new CannotLook(`can't set the firewall of ${name}: pve-firewall is not installed`, [
        'apt-get install pve-firewall',
      ])
    }
    const isRunning = isThere && (await look.at(runningGuestsProbe)).has(id)
    return { ...comparison, changes: [this.#write(found, text, isRunning && isFiltering)] }
  }

  /** A clone gets the file of what it is cloned from (PVE::Firewall::Helpers, clone_vmfw_conf), as this run makes it. */
  async #found(look: Look, isThere: boolean): Promise<string | null> {
    const { source } = this.#around
    const read = async (id: string) => (await look.reader.readFile(guestFirewallFile(id))) ?? null
    if (isThere || source === null) return read(this.#declared.id)
    const text = await read(source.id)
    return source.firewall === null ? text : declaredText(text ?? '', source.firewall)
  }

  /** Without phx's rules; and off, since with no rule at all it would let nothing in, unless it was never phx's. */
  #released(text: string, owned: Owned): string {
    const others = withRules(text, [])
    const isOurs = owned.live(this.id)?.enable === '1' || owned.begun(this.id) || ourRules(text).length > 0
    return isOurs && !hasRules(others) ? withoutOption(others, 'enable') : others
  }

  #write(found: string | null, text: string, isInForce: boolean): Change {
    const path = guestFirewallFile(this.#declared.id)
    const [before, after] = [found ?? '', text]
    const rules = ruleChanges(ourRules(before), ourRules(after))
    const [from, to] = [enableOf(before), enableOf(after)]
    const fields = [...rules, ...(from === to ? [] : [{ field: 'enable', from, to }])]
    // More is stopped from then on than was before: with a rule less or another order, or once it is on.
    const stopsMore = to === '1' && (from !== '1' || rules.some((one) => one.from !== null))
    return {
      resource: this.id,
      action: found === null ? 'create' : saysNothing(text) ? 'remove' : 'update',
      risk: isInForce && stopsMore ? 'disruptive' : 'safe',
      summary: `bring the firewall of ${guestName(this.#declared)} up to date, in ${path}`,
      fields,
      steps: saysNothing(text)
        ? [{ kind: 'remove', path }]
        : [
            ...(found === null ? [{ kind: 'command' as const, argv: ['mkdir', '-p', '/etc/pve/firewall'] }] : []),
            { kind: 'write', file: { path, content: text, ...pveFile }, replaces: found },
            readsRules(path),
          ],
      undo: found === null ? { commands: [['rm', path]] } : { impossible: 'the journal has its former text' },
    }
  }
}

const enableOf = (text: string): string | null => optionsIn(text).get('enable') ?? null

function declaredText(text: string, { isEnabled, rules }: NonNullable<Declared['firewall']>): string {
  const wanted = rules.map(ruleLine)
  const ruled = ruleChanges(ourRules(text), wanted).length === 0 ? text : withRules(text, wanted)
  // Off is also what says nothing.
  if ((enableOf(ruled) === '1') === isEnabled) return ruled
  return withOption(ruled, 'enable', isEnabled ? '1' : '0')
}

/** Of a firewall that is declared no more, only phx's rules matter. */
function liveOf(text: string, isDeclared: boolean): { [field: string]: Value } {
  const rules = ourRules(text).map((line) => line.trim())
  return { rules, ...(isDeclared ? { enable: enableOf(text) } : {}) }
}
