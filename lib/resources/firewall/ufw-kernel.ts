/**
 * Whether the kernel has what ufw's files say. It comes before the rules: as long as its chains are gone, ufw can't add
 * any (ufw 0.36.2, backend_iptables.py, _reload_user_rules).
 */
import type { DeclaredFirewall } from '../../config/firewall.ts'
import type { Change, Comparison, Lock, Look, Resource, Step } from '../../engine/resource.ts'
import type { Argv } from '../../host/host.ts'
import {
  builtinChains,
  filterFaults,
  hooksOf,
  type Netfilter,
  netfilterProbe,
  readNetfilter,
} from '../probes/netfilter.ts'
import { type PolicyName, readUfw, type UfwState, ufwProbe } from '../probes/ufw.ts'
import { ufwLock } from './ufw-rules.ts'

/** Reloading takes every chain down and up again: some seconds on a slow host. */
export const ufwDeadlineMs = 120_000

/** While ufw is off nothing of it has to be there. */
export async function kernelFaults(look: Look, ufw: UfwState) {
  return ufw.enabled ? filterFaults(ufw, await look.at(netfilterProbe)) : { faults: [], unhooked: [] }
}

export class UfwKernel implements Resource {
  readonly id = 'ufw-kernel'
  readonly locks: readonly Lock[] = [ufwLock]
  readonly #declared: DeclaredFirewall

  constructor(declared: DeclaredFirewall) {
    this.#declared = declared
  }

  async ahead(look: Look): Promise<void> {
    if ((await look.at(ufwProbe))?.enabled) await look.at(netfilterProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const ufw = await look.at(ufwProbe)
    if (!ufw?.enabled) return { changes: [], refusals: [], notes: [], live: null }
    const { faults, unhooked } = await kernelFaults(look, ufw)
    const isLeft = faults.length === 0 || this.#declared.enabled === false
    const changes = isLeft ? [] : [this.#load(faults, unhooked, await look.at(netfilterProbe))]
    return { changes, refusals: [], notes: [], live: { missing: faults } }
  }

  /** `ufw --force enable` does nothing as long as one of its chains is there (ufw-init-functions, ufw_start): reload does. */
  #load(faults: readonly string[], unhooked: readonly PolicyName[], kernel: Netfilter): Change {
    return {
      resource: this.id,
      action: 'run',
      risk: 'disruptive',
      summary: 'load ufw anew: the kernel does not have what its files say',
      fields: faults.map((fault) => ({ field: 'kernel', from: fault, to: null })),
      steps: [
        { kind: 'command', argv: ['ufw', 'reload'], timeoutMs: ufwDeadlineMs },
        ...unhooked.flatMap((direction) => hookSteps(direction, kernel)),
        kernelHasIt,
      ],
      undo: { impossible: "what was missing was ufw's own" },
    }
  }
}

/**
 * Reloading hangs the chains in only when they are gone altogether; after `iptables -F` they are there, empty and asked by
 * nobody (ufw-init-functions, ufw_start). Which of them hang where matters, so those left are taken out and all put back.
 */
function hookSteps(direction: PolicyName, kernel: Netfilter): Step[] {
  const chain = builtinChains[direction]
  const standing = hooksOf(direction).filter((hook) => kernel.chains.has(hook))
  if (standing.length < hooksOf(direction).length) return []
  const hanging = hooksOf(direction).filter((hook) => kernel.chains.get(chain)?.includes(`-j ${hook}`) === true)
  return [
    ...hanging.map((hook) => command(['iptables', '-D', chain, '-j', hook])),
    ...hooksOf(direction).map((hook) => command(['iptables', '-A', chain, '-j', hook])),
  ]
}

/** What hangs in the chains that linger from an earlier start though nothing asks them; ufw is off, and about to be on. */
export async function lingeringHooks(look: Look, ufw: UfwState): Promise<Step[]> {
  const kernel = await look.at(netfilterProbe)
  return filterFaults(ufw, kernel).unhooked.flatMap((direction) => hookSteps(direction, kernel))
}

const command = (argv: Argv): Step => ({ kind: 'command', argv })

export const kernelHasIt: Step = {
  kind: 'verify',
  what: "the kernel has ufw's rules",
  mend: ['ufw status verbose', 'iptables -S', 'journalctl -u ufw -n 50'],
  async check(reader) {
    const ufw = await readUfw(reader)
    if (ufw === null) return 'ufw is not installed'
    const { faults } = filterFaults(ufw, await readNetfilter(reader))
    return faults.length === 0 ? undefined : faults.join('; ')
  },
}
