/** Proxmox VE's firewall itself: on or off, and the policies, in the options of cluster.fw. They hold for every node of a cluster. */
import type { DeclaredFirewall } from '../../config/firewall.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Change, Comparison, FieldChange, Lock, Look, Refusal, Resource, Step } from '../../engine/resource.ts'
import { type PveFirewall, pveFirewallProbe } from '../probes/pve-firewall.ts'
import { lockoutRefusal, sshRefusal } from './lockout.ts'
import { pveAfter, pveFile, pveFirewallLock } from './pve-rules.ts'
import { optionsIn, ruleLine, withOption } from './pve-text.ts'
import { rivalRefusals } from './rivals.ts'
import { wantedRules } from './wanted.ts'

/** What an option is when it is not there (PVE::Firewall). */
const defaults: Readonly<Record<string, string>> = {
  enable: '0',
  policy_in: 'DROP',
  policy_out: 'ACCEPT',
  policy_forward: 'ACCEPT',
}

export class PveSwitch implements Resource {
  readonly id = 'pve-firewall'
  readonly locks: readonly Lock[] = [pveFirewallLock]
  readonly #declared: DeclaredFirewall

  constructor(declared: DeclaredFirewall) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const pve = await look.at(pveFirewallProbe)
    // PveRules, which comes first, has said why.
    if (pve === undefined) return { changes: [], refusals: [], notes: [], live: null }
    const enabled = this.#declared.enabled ?? pve.enabled
    const wrong = this.#wrongOptions(pve, enabled)
    const live = { ...Object.fromEntries(wrong.map(({ field, from }) => [field, from])), enable: pve.enabled }
    const rivals = this.#declared.enabled === true ? await rivalRefusals(look, this.id, this.#declared) : []
    if (wrong.length === 0) return { changes: [], refusals: rivals, notes: [], live }
    if (enabled && !(await look.reader.hasTool('pve-firewall'))) {
      throw new CannotLook("can't switch on Proxmox VE's firewall: pve-firewall is not installed", [
        'apt-get install pve-firewall',
      ])
    }
    const refusals = [...rivals, ...(enabled ? await this.#lockout(look, pve) : [])]
    if (refusals.length > 0) return { changes: [], refusals, notes: [], live }
    return { changes: [this.#cluster(pve, wrong, enabled)], refusals: [], notes: [], live }
  }

  #wrongOptions(pve: PveFirewall, enabled: boolean): FieldChange[] {
    const { input, output, forward } = this.#declared.policies
    const options = optionsIn(pve.cluster ?? '')
    const wanted = {
      // Policies first: from the first moment on they are the declared ones.
      policy_in: input,
      policy_out: output,
      ...(forward === null ? {} : { policy_forward: forward }),
      enable: enabled ? '1' : '0',
    }
    return Object.entries(wanted).flatMap(([field, to]): FieldChange[] => {
      const from = options.get(field) ?? defaults[field] ?? null
      return from === to ? [] : [{ field, from, to }]
    })
  }

  async #lockout(look: Look, pve: PveFirewall): Promise<Refusal[]> {
    const { rules } = await wantedRules(look, this.#declared)
    const { sieves } = pveAfter(pve, rules.map(ruleLine))
    const after = { sieves, policy: this.#declared.policies.input }
    const mend = [
      'let it in by a rule in global_firewall_rules (type in, action ACCEPT, proto tcp, port as text)',
      `or take away the rule that stops it: ${pve.hostFile}, ${pve.clusterFile}`,
    ]
    const doing = "switching on Proxmox VE's firewall"
    // It lets port 22 in by itself, from the networks of the host (pve-firewall(8), ipset management).
    const refusal =
      (await lockoutRefusal(look, this.id, doing, after, mend)) ??
      (await sshRefusal(look, this.id, doing, after, mend, [22]))
    return refusal ? [refusal] : []
  }

  #cluster(pve: PveFirewall, wrong: readonly FieldChange[], enabled: boolean): Change {
    const content = wrong.reduce((text, { field, to }) => withOption(text, field, String(to)), pve.cluster ?? '')
    const path = pve.clusterFile
    const turnsOn = enabled && !pve.enabled
    const what = wrong.map(({ field, to }) => `${field} ${to}`).join(', ')
    return {
      resource: this.id,
      action: 'update',
      risk: enabled || pve.enabled ? 'disruptive' : 'safe',
      summary: turnsOn
        ? `switch on Proxmox VE's firewall, after its rules are there (${what})`
        : `set ${what} of Proxmox VE's firewall`,
      fields: wrong,
      steps: [
        ...(pve.cluster === null ? [{ kind: 'command' as const, argv: ['mkdir', '-p', '/etc/pve/firewall'] }] : []),
        { kind: 'write', file: { path, content, ...pveFile }, replaces: pve.cluster },
        ...(enabled ? [isRunning] : []),
      ],
      undo: turnsOn
        ? { commands: [['pvesh', 'set', '/cluster/firewall/options', '--enable', '0']] }
        : { impossible: 'the journal has its former text' },
    }
  }
}

/** The daemon looks every ten seconds (pve_firewall.pm, $updatetime). */
const isRunning: Step = {
  kind: 'verify',
  what: "Proxmox VE's firewall filters",
  withinMs: 30_000,
  mend: ['pve-firewall status', 'systemctl status pve-firewall', 'journalctl -u pve-firewall -n 50'],
  async check(reader) {
    const { stdout, stderr } = await reader.query(['pve-firewall', 'status'])
    return /^Status: enabled\/running/m.test(stdout) ? undefined : `it says: ${(stdout || stderr).trim()}`
  },
}
