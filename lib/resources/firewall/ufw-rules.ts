/** phx's rules in ufw: all that are wanted, none that nothing declares any more, and nobody else's touched. */
import type { DeclaredFirewall, FirewallRule } from '../../config/firewall.ts'
import type { Change, Comparison, Lock, Look, Note, Refusal, Resource } from '../../engine/resource.ts'
import { type UfwRule, type UfwState, ufwFiles, ufwProbe } from '../probes/ufw.ts'
import { lockoutRefusal } from './lockout.ts'
import { commentOf, isOurs } from './mark.ts'
import { addCommand, deleteCommand, fieldsOf, nameOf, nameOfLive, readBack } from './ufw-command.ts'
import { familiesOf, planUfw, sievesAfter, type UfwPlan } from './ufw-plan.ts'
import { nothingWanted, wantedRules } from './wanted.ts'
import { inWords } from './words.ts'

/** Three `ufw allow` at once: each says `Rules updated`, one rule is kept (seen: services.jsonl scene 38). */
export const ufwLock: Lock = { name: 'ufw', mode: 'exclusive' }

/** What ufw is like right after it was installed. */
export const freshUfw: UfwState = {
  enabled: false,
  ipv6: true,
  policies: { input: 'DROP', output: 'ACCEPT', forward: 'DROP' },
  rules: [],
  chains: new Map(),
  broken: null,
}

const ruleId = (rule: Parameters<typeof inWords>[0]): string => `ufw-rule:${nameOf(rule)}`

export class UfwRules implements Resource {
  readonly id = 'ufw-rules'
  readonly locks: readonly Lock[] = [ufwLock]
  readonly #declared: DeclaredFirewall

  constructor(declared: DeclaredFirewall) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const isWanted = this.#declared.backend === 'ufw'
    const installed = await look.at(ufwProbe)
    if (installed === null && !isWanted) return { changes: [], refusals: [], notes: [], live: null }
    const ufw = installed ?? freshUfw
    const live = installed && { rules: namesOf(ufw) }
    const wanted = isWanted ? await wantedRules(look, this.#declared) : nothingWanted
    const bad = ufw.broken !== null && isWanted ? [brokenFile(this.id, ufw.broken)] : []
    const contradictions = wanted.contradictions.map(
      (why): Refusal => ({ resource: this.id, why, fields: [], mend: ['keep one of the two in the config'] }),
    )
    const plan = planUfw(wanted.rules, ufw)
    const refusals = [...bad, ...contradictions, ...plan.rivals.map((one) => this.#rival(one))]
    const notes = [...(isWanted ? this.#declared.gaps : []), ...plan.unsayable].map(
      (text): Note => ({ resource: this.id, level: 'warning', text }),
    )
    if (refusals.length > 0) return { changes: [], refusals, notes, live }
    const lockout = await this.#lockout(look, ufw, plan)
    if (lockout) return { changes: [], refusals: [lockout], notes, live }
    const changes = [
      ...plan.add.map(({ rule, instead }) => added(rule, instead, ufw)),
      ...plan.move.map(({ rule, live: standing }) => moved(rule, standing, ufw)),
      ...plan.remove.map((rule) => removed(rule, ufw)),
    ]
    return { changes, refusals: [], notes, live }
  }

  #rival({ rule, live }: UfwPlan['rivals'][number]): Refusal {
    const what = inWords(fieldsOf(live))
    return {
      resource: ruleId(rule),
      why: `ufw has a rule that is not phx's, ${live.action} ${what}, where the config wants ${rule.action} (${rule.purpose}): ufw keeps one of the two`,
      fields: [{ field: 'action', from: live.action, to: rule.action }],
      mend: [
        `if the config is right: ${deleteCommand({ ...live, comment: null }).join(' ')}`,
        'if the rule is right: take what asks for the other one out of the config',
      ],
    }
  }

  /** While ufw is on: taking a rule away, or adding one that closes, may shut someone out. */
  async #lockout(look: Look, ufw: UfwState, plan: UfwPlan): Promise<Refusal | undefined> {
    const closes = plan.remove.length + plan.move.length > 0 || plan.add.some(({ rule }) => rule.action !== 'allow')
    if (!ufw.enabled || !closes) return undefined
    const after = { sieves: sievesAfter(ufw, plan), policy: ufw.policies.input ?? 'DROP' }
    return lockoutRefusal(look, this.id, "changing phx's rules in ufw", after, [
      'if no firewall is wanted any more: ufw disable',
      'if ufw is to stay on without phx: let it in by a rule of your own, such as ufw allow 22/tcp',
    ])
  }
}

const namesOf = (ufw: UfwState): string[] =>
  [...new Set(ufw.rules.flatMap((rule) => (isOurs(rule.comment) ? (nameOfLive(rule) ?? []) : [])))].sort()

const brokenFile = (resource: string, path: string): Refusal => ({
  resource,
  why: `${path} is no file of rules: ufw takes it for empty, and the first change would make that true`,
  fields: [],
  mend: [`look at it, and at what ufw keeps beside it: ls -l ${path}*`, `or give its rules up: ufw reset`],
})

const isThere = (ufw: UfwState, rule: FirewallRule): boolean =>
  familiesOf(rule, ufw.ipv6).every((family) =>
    ufw.rules.some(
      (live) =>
        live.family === family &&
        nameOfLive(live) === nameOf(rule) &&
        live.action === rule.action &&
        live.comment === commentOf(rule),
    ),
  )

const hasRule = (rule: FirewallRule) =>
  readBack(`${ufwFiles.rules} has the rule`, (ufw) =>
    isThere(ufw, rule) ? undefined : 'ufw reported success, and the rule is not there',
  )

function added(rule: FirewallRule, instead: UfwRule | null, ufw: UfwState): Change {
  const isClosing = rule.action !== 'allow' && ufw.enabled
  return {
    resource: ruleId(rule),
    action: instead ? 'update' : 'create',
    risk: isClosing ? 'disruptive' : 'safe',
    summary: `${rule.action} ${inWords(rule)} (${rule.purpose})`,
    fields: [
      ...(instead?.action === rule.action ? [] : [{ field: 'action', from: instead?.action ?? null, to: rule.action }]),
      ...(instead?.comment === commentOf(rule)
        ? []
        : [{ field: 'comment', from: instead?.comment ?? null, to: commentOf(rule) }]),
    ],
    steps: [{ kind: 'command', argv: addCommand(rule) }, hasRule(rule)],
    undo: { commands: [['ufw', 'delete', ...addCommand(rule).slice(1)]] },
  }
}

function moved(rule: FirewallRule, live: UfwRule, ufw: UfwState): Change {
  return {
    resource: ruleId(rule),
    action: 'update',
    risk: ufw.enabled ? 'disruptive' : 'safe',
    summary: `put ${rule.action} ${inWords(rule)} (${rule.purpose}) behind the rules that come before it`,
    fields: [{ field: 'place', from: 'too early', to: 'in its order' }],
    steps: [{ kind: 'command', argv: deleteCommand(live) }, { kind: 'command', argv: addCommand(rule) }, hasRule(rule)],
    undo: { impossible: 'the order of before is not kept; the rules are the same' },
  }
}

function removed(live: UfwRule, ufw: UfwState): Change {
  const name = nameOfLive(live)
  return {
    resource: ruleId(fieldsOf(live)),
    action: 'remove',
    risk: ufw.enabled && live.action !== 'deny' && live.action !== 'reject' ? 'disruptive' : 'safe',
    summary: `take away ${live.action} ${name} (${live.comment}), which nothing declares any more`,
    fields: [{ field: 'action', from: live.action, to: null }],
    steps: [
      { kind: 'command', argv: deleteCommand(live) },
      readBack(`${ufwFiles.rules} no longer has the rule`, (after) =>
        after.rules.some((rule) => nameOfLive(rule) === name && rule.comment === live.comment)
          ? 'ufw reported success, and the rule is still there'
          : undefined,
      ),
    ],
    undo: { commands: [deleteCommand(live).filter((word) => word !== 'delete')] },
  }
}
