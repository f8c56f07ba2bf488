/** Options of a guest's configuration as qm.conf(5) and pct.conf(5) have them: what is declared, and when what is there is the same. */
import type { DeclaredGuest } from '../../config/guests/guest.ts'
import type { Value } from '../../engine/resource.ts'
import { propertiesOf } from '../probes/guest-conf.ts'

export type Values = ReadonlyMap<string, string>

export interface Option {
  /** Also the option of `qm set` and `pct set`. */
  readonly key: string
  /** As they take it. */
  readonly text: string
  /** For people; `text` unless given. */
  readonly shown?: Value
  isSo(live: string | undefined): boolean
  /** What stands in the configuration, for people; as it is unless given. */
  read?(live: string): string
  /** The tool takes the name of a file with the text, in place of the text. */
  readonly isFile?: true
}

export const exactly = (key: string, text: string, byDefault?: string): Option => ({
  key,
  text,
  isSo: (live) => (live ?? byDefault) === text,
})

/** An option whose value is a list of properties, of which only some are declared: others stay as they are. */
export function properties(key: string, live: string | undefined, wanted: Readonly<Record<string, string>>): Option {
  const all = new Map(live === undefined ? [] : propertiesOf(live))
  for (const [name, value] of Object.entries(wanted)) all.set(name, value)
  const text = [...all].map(([name, value]) => (name === '' ? value : `${name}=${value}`)).join(',')
  const isSo = (value: string | undefined): boolean => {
    const there = propertiesOf(value ?? '')
    return Object.entries(wanted).every(([name, wants]) => there.get(name) === wants)
  }
  return { key, text, isSo }
}

/** What puts a network card behind the guest's firewall; a card stays there when it is switched off. */
export const behind = (firewall: DeclaredGuest['firewall']): { firewall?: '1' } =>
  firewall?.isEnabled ? { firewall: '1' } : {}

/** Cards that came with what the guest was made from: the firewall is no use as long as there is a way around it. */
export function otherCards(
  { firewall }: Pick<DeclaredGuest, 'firewall'>,
  live: Values,
  declared: readonly string[],
): Option[] {
  if (!firewall?.isEnabled) return []
  return [...live].flatMap(([key, value]) =>
    /^net\d+$/.test(key) && !declared.includes(key) ? [properties(key, value, { firewall: '1' })] : [],
  )
}

/** `bootOrder` is the place in the order of starting that the graph gives it; null: none. */
export function startup(
  declared: Pick<DeclaredGuest, 'bootOrder' | 'bootDelaySeconds'>,
  live: Values,
  bootOrder: number | null,
): Option[] {
  const order = declared.bootOrder ?? bootOrder
  if (order === null && declared.bootDelaySeconds === null) return []
  const wanted = {
    ...(order === null ? {} : { order: String(order) }),
    ...(declared.bootDelaySeconds === null ? {} : { up: String(declared.bootDelaySeconds) }),
  }
  return [properties('startup', live.get('startup'), wanted)]
}
