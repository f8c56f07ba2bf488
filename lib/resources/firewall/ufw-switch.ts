/** ufw itself: its policies, and whether it is on. */
import type { DeclaredFirewall } from '../../config/firewall.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Lock,
  Look,
  Note,
  Refusal,
  Resource,
  Step,
} from '../../engine/resource.ts'
import type { Argv } from '../../host/host.ts'
import { type Policy, type PolicyName, type UfwState, ufwProbe } from '../probes/ufw.ts'
import { lockoutRefusal, sshRefusal } from './lockout.ts'
import { rivalRefusals } from './rivals.ts'
import { defaultCommand, readBack } from './ufw-command.ts'
import { kernelFaults, kernelHasIt, lingeringHooks, ufwDeadlineMs } from './ufw-kernel.ts'
import { planUfw, sievesAfter } from './ufw-plan.ts'
import { freshUfw, ufwLock } from './ufw-rules.ts'
import { proxmoxProbe, wantedRules } from './wanted.ts'

const command = (argv: Argv): Step => ({ kind: 'command', argv })

export class UfwSwitch implements Resource {
  readonly id = 'ufw'
  readonly locks: readonly Lock[] = [ufwLock]
  readonly #declared: DeclaredFirewall

  constructor(declared: DeclaredFirewall) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const installed = await look.at(ufwProbe)
    const ufw = installed ?? freshUfw
    const enabled = this.#declared.enabled ?? ufw.enabled
    const rivals = this.#declared.enabled === true ? await rivalRefusals(look, this.id, this.#declared) : []
    const wrong = await this.#wrongPolicies(look, ufw)
    const live = installed && { enabled: ufw.enabled, ...ufw.policies }
    const notes = await this.#notes(look)

    const changes = [
      ...(wrong.length > 0 ? [this.#policies(wrong, ufw)] : []),
      ...(enabled && !ufw.enabled ? [this.#enable(installed ? await lingeringHooks(look, ufw) : [])] : []),
      ...(!enabled && ufw.enabled ? [this.#disable()] : []),
    ]
    const loads = enabled && (await kernelFaults(look, ufw)).faults.length > 0
    const closes = enabled && (changes.length > 0 || loads)
    const refusals = [...rivals, ...(closes ? await this.#lockout(look, ufw) : [])]
    return { changes: refusals.length > 0 ? [] : changes, refusals, notes, live }
  }

  /** The declared policies that are not set. On Proxmox VE a forward policy of DROP would cut guests off, so there ACCEPT is the default. */
  async #wrongPolicies(look: Look, ufw: UfwState): Promise<readonly [PolicyName, Policy][]> {
    const { input, output, forward } = this.#declared.policies
    const passing = forward ?? ((await look.at(proxmoxProbe)) ? 'ACCEPT' : null)
    const wanted: [PolicyName, Policy | null][] = [
      ['input', input],
      ['output', output],
      ['forward', passing],
    ]
    return wanted.flatMap(([name, policy]): [PolicyName, Policy][] =>
      policy !== null && policy !== ufw.policies[name] ? [[name, policy]] : [],
    )
  }

  async #notes(look: Look): Promise<Note[]> {
    const { forward } = this.#declared.policies
    if (forward === null || forward === 'ACCEPT' || !(await look.at(proxmoxProbe))) return []
    const text = `default_forward_policy is ${forward}: guests' traffic is dropped too once bridges pass through the packet filter (net.bridge.bridge-nf-call-iptables)`
    return [{ resource: this.id, level: 'warning', text }]
  }

  async #lockout(look: Look, ufw: UfwState): Promise<Refusal[]> {
    const { rules } = await wantedRules(look, this.#declared)
    const after = { sieves: sievesAfter(ufw, planUfw(rules, ufw)), policy: this.#declared.policies.input }
    const mend = [
      'let it in by a rule in global_firewall_rules (type in, action ACCEPT, proto tcp, port as text)',
      'or take away the rule that stops it: ufw show added',
    ]
    const doing = 'switching ufw on'
    const refusal =
      (await lockoutRefusal(look, this.id, doing, after, mend)) ?? (await sshRefusal(look, this.id, doing, after, mend))
    return refusal ? [refusal] : []
  }

  #policies(wrong: readonly [PolicyName, Policy][], ufw: UfwState): Change {
    const former = wrong.flatMap(([name]): Argv[] => {
      const policy = ufw.policies[name]
      return policy === null ? [] : [defaultCommand(name, policy)]
    })
    return {
      resource: 'ufw-policies',
      action: 'update',
      // While it is on, ufw takes everything down and up again for it.
      risk: ufw.enabled ? 'disruptive' : 'safe',
      summary: `set the default policy: ${wrong.map(([name, policy]) => `${name} ${policy}`).join(', ')}`,
      fields: wrong.map(([name, to]): FieldChange => ({ field: name, from: ufw.policies[name], to })),
      steps: [
        ...wrong.map(([name, policy]) => command(defaultCommand(name, policy))),
        readBack('/etc/default/ufw has the policies', (after) => {
          const [left] = wrong.filter(([name, policy]) => after.policies[name] !== policy)
          return left && `${left[0]} is still ${after.policies[left[0]]}`
        }),
      ],
      undo: { commands: former },
    }
  }

  #enable(hooks: readonly Step[]): Change {
    return {
      resource: this.id,
      action: 'update',
      risk: 'disruptive',
      summary: 'switch ufw on, after its rules are there: what no rule lets in is stopped from then on',
      fields: [{ field: 'enabled', from: false, to: true }],
      // Without --force ufw asks, takes no answer for a no, and ends with 0 (seen: services.jsonl scene 32).
      steps: [
        { kind: 'command', argv: ['ufw', '--force', 'enable'], timeoutMs: ufwDeadlineMs },
        readBack('ufw is on', (after) => (after.enabled ? undefined : 'ENABLED is still no in /etc/ufw/ufw.conf')),
        ...hooks,
        kernelHasIt,
      ],
      undo: { commands: [['ufw', 'disable']] },
    }
  }

  #disable(): Change {
    return {
      resource: this.id,
      action: 'update',
      risk: 'disruptive',
      summary: 'switch ufw off: nothing is stopped any more; the rules stay prepared',
      fields: [{ field: 'enabled', from: true, to: false }],
      steps: [
        { kind: 'command', argv: ['ufw', 'disable'], timeoutMs: ufwDeadlineMs },
        readBack('ufw is off', (after) => (after.enabled ? 'ENABLED is still yes in /etc/ufw/ufw.conf' : undefined)),
      ],
      undo: { commands: [['ufw', '--force', 'enable']] },
    }
  }
}
