/** What virtual machines and containers have in common, with defaults applied and every spelling made one. */
import { type FirewallRule, rulesOf } from '../firewall.ts'
import type { Lxc, Nameservers, PhxConfig, Vm } from '../generated/types.ts'
import { type DeclaredNfs, declaredNfs } from '../nfs.ts'

export type GuestKind = 'vm' | 'lxc'

export interface DeclaredGuest {
  /** As Proxmox VE has it: `8101`. */
  readonly id: string
  /** As phx names it: `vm:8101`, `lxc:901`. */
  readonly target: string
  readonly name: string
  readonly isTemplate: boolean
  /** Whether one of this id that phx did not make may be taken over. */
  readonly mayAdopt: boolean
  /** Never destroyed, whatever is agreed to. */
  readonly isProtected: boolean
  /** Whether a change that needs it may restart it unasked. */
  readonly mayRestart: boolean
  readonly snapshots: { readonly finalForm: boolean; readonly keep: number }
  readonly featureTimeoutSeconds: number
  readonly shutdownTimeoutSeconds: number
  readonly startsAtBoot: boolean
  /** Null: left to the graph. */
  readonly bootOrder: number | null
  readonly bootDelaySeconds: number | null
  /** Names of scripts, in the order in which they run, each once. */
  readonly features: readonly string[]
  /** Targets that come before it, sorted: declared dependencies, and the source of the clone when it is declared. */
  readonly needs: readonly string[]
  /** DNS domain; null when the config has none. */
  readonly searchDomain: string | null
  /** Null: the config says nothing about the guest's firewall. */
  readonly firewall: { readonly isEnabled: boolean; readonly rules: readonly FirewallRule[] } | null
}

/** What the config says of all guests together, worked out once. */
export interface GuestWorld {
  readonly config: PhxConfig
  /** Id → target, of every guest that is declared. */
  readonly targets: ReadonlyMap<string, string>
  /** What this host exports, and the names that it goes by. */
  readonly nfs: Pick<DeclaredNfs, 'entries' | 'ownAddresses'>
}

export function guestWorld(config: PhxConfig): GuestWorld {
  const { vms = [], lxc_configs: containers = {} } = config.guests ?? {}
  const targets = [
    ...vms.map(({ vmid }): [string, string] => [String(vmid), `vm:${vmid}`]),
    ...Object.keys(containers).map((id): [string, string] => [id, `lxc:${id}`]),
  ]
  return { config, targets: new Map(targets), nfs: declaredNfs(config) }
}

/** `given` is the guest with the defaults of its kind; `source` the id that it is cloned from. */
export function declaredGuest(
  kind: GuestKind,
  id: string,
  given: Vm | Lxc,
  source: string | undefined,
  { config, targets }: GuestWorld,
): DeclaredGuest {
  const { snapshots, firewall } = given
  const needed = [...(given.dependencies ?? []), ...(source === undefined ? [] : [source])].flatMap((written) => {
    return targets.get(String(written).replace(/^(vm|lxc):/, '')) ?? []
  })
  return {
    id,
    target: `${kind}:${id}`,
    name: given.name,
    isTemplate: given.is_template ?? false,
    mayAdopt: given.adopt ?? false,
    isProtected: given.protected ?? false,
    mayRestart: given.restart === 'allowed',
    snapshots: { finalForm: snapshots?.final_form ?? true, keep: snapshots?.keep ?? 1 },
    featureTimeoutSeconds: given.feature_timeout_seconds ?? 1800,
    shutdownTimeoutSeconds: given.shutdown_timeout_seconds ?? 120,
    startsAtBoot: given.start_at_boot ?? false,
    bootOrder: given.boot_order ?? null,
    bootDelaySeconds: given.boot_delay ?? null,
    features: [...new Set(given.features)],
    needs: [...new Set(needed)].sort(),
    searchDomain: config.domain_name ?? null,
    firewall:
      firewall === undefined
        ? null
        : { isEnabled: firewall.enabled ?? false, rules: (firewall.rules ?? []).flatMap(rulesOf) },
  }
}

/** One list of them, whether the config has one, several, or a text with blanks between them. */
export function nameserversOf(single: string | undefined, several: Nameservers | undefined): string[] {
  const listed = typeof several === 'string' ? several.split(/[\s,]+/) : (several ?? [])
  return [...new Set([single ?? '', ...listed])].filter((address) => address !== '')
}
