/** phx's rules in this node's host.fw: known by their comment, written only on a difference; other .fw files are not touched. */
import type { DeclaredFirewall } from '../../config/firewall.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
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
import { type PveFirewall, pveFirewallProbe } from '../probes/pve-firewall.ts'
import { lockoutRefusal } from './lockout.ts'
import {
  meaningOf,
  optionsIn,
  ourRules,
  requireReadable,
  ruleLine,
  saysNothing,
  sievesIn,
  withOption,
  withRules,
} from './pve-text.ts'
import { nothingWanted, wantedRules } from './wanted.ts'

export const pveFirewallLock: Lock = { name: 'pve-firewall', mode: 'exclusive' }

/** The cluster's file system takes these and no others (pmxcfs, cfs_fuse_chmod and cfs_fuse_chown). */
export const pveFile = { mode: 0o640, owner: 'root:www-data' }

export class PveRules implements Resource {
  readonly id = 'pve-firewall-rules'
  readonly locks: readonly Lock[] = [pveFirewallLock]
  readonly #declared: DeclaredFirewall

  constructor(declared: DeclaredFirewall) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const isWanted = this.#declared.backend === 'pve-firewall'
    const pve = await look.at(pveFirewallProbe)
    if (pve === undefined) {
      if (!isWanted) return { changes: [], refusals: [], notes: [], live: null }
      throw new CannotLook('pve-firewall is declared, but there is no /etc/pve: this is no Proxmox VE host', [
        'on Proxmox VE: systemctl status pve-cluster',
        'elsewhere: "backend": "ufw"',
      ])
    }
    requireReadable(pve.hostFile, pve.host ?? '')
    const { rules, contradictions } = isWanted ? await wantedRules(look, this.#declared) : nothingWanted
    const refusals = contradictions.map(
      (why): Refusal => ({ resource: this.id, why, fields: [], mend: ['keep one of the two in the config'] }),
    )
    const wanted = rules.map(ruleLine)
    const found = ourRules(pve.host ?? '')
    const gaps = isWanted ? this.#declared.gaps : []
    const notes = gaps.map((text): Note => ({ resource: this.id, level: 'warning', text }))
    // `enable: 0` takes this one node out, whatever the cluster says.
    const isNodeOff = isWanted && this.#declared.enabled === true && optionsIn(pve.host ?? '').get('enable') === '0'
    const live = { rules: found.map((line) => line.trim()), off: isNodeOff }
    const isSo = !isNodeOff && ruleChanges(found, wanted).length === 0
    if (isSo || refusals.length > 0) return { changes: [], refusals, notes, live }
    const lockout = pve.enabled ? await this.#lockout(look, pve, wanted) : undefined
    if (lockout) return { changes: [], refusals: [lockout], notes, live }
    return { changes: [this.#write(pve, wanted, found, isNodeOff)], refusals: [], notes, live }
  }

  #lockout(look: Look, pve: PveFirewall, wanted: readonly string[]): Promise<Refusal | undefined> {
    return lockoutRefusal(look, this.id, "changing phx's rules in host.fw", pveAfter(pve, wanted), [
      'if no firewall is wanted any more: pvesh set /cluster/firewall/options --enable 0',
      `if it is to stay on without phx: let it in by a rule of your own in ${pve.hostFile}`,
    ])
  }

  #write(pve: PveFirewall, wanted: readonly string[], found: readonly string[], isNodeOff: boolean): Change {
    const rules = ruleChanges(found, wanted)
    const ruled = withRules(pve.host ?? '', wanted)
    const text = isNodeOff ? withOption(ruled, 'enable', '1') : ruled
    const path = pve.hostFile
    const isGoing = rules.some(({ field, to }) => field === 'rule' && to === null)
    const count = (side: 'from' | 'to') => rules.filter((one) => one.field === 'rule' && one[side] !== null).length
    return {
      resource: this.id,
      action: pve.host === null ? 'create' : 'update',
      risk: pve.enabled && (isGoing || isNodeOff) ? 'disruptive' : 'safe',
      summary: `bring phx's rules in ${path} up to date (${count('to')} to come, ${count('from')} to go)`,
      fields: [...rules, ...(isNodeOff ? [{ field: 'enable', from: '0', to: '1' }] : [])],
      steps: [
        saysNothing(text)
          ? { kind: 'remove', path }
          : { kind: 'write', file: { path, content: text, ...pveFile }, replaces: pve.host },
        ...(wanted.length > 0 ? [readsRules(path)] : []),
      ],
      undo: pve.host === null ? { commands: [['rm', path]] } : { impossible: 'the journal has its former text' },
    }
  }
}

/** What becomes of phx's rules, for people. */
export function ruleChanges(found: readonly string[], wanted: readonly string[]): FieldChange[] {
  const meant = (lines: readonly string[]): Set<string> => new Set(lines.map(meaningOf))
  const [old, coming] = [meant(found), meant(wanted)]
  const gone = found.filter((line) => !coming.has(meaningOf(line)))
  const news = wanted.filter((line) => !old.has(meaningOf(line)))
  if (gone.length + news.length > 0)
    return [
      ...gone.map((line) => ({ field: 'rule', from: line.trim(), to: null })),
      ...news.map((line) => ({ field: 'rule', from: null, to: line })),
    ]
  const isSame = JSON.stringify(wanted.map(meaningOf)) === JSON.stringify(found.map(meaningOf))
  return isSame ? [] : [{ field: 'order', from: 'another', to: 'as declared' }]
}

/** What is asked once phx's rules are these: the host's rules before the cluster's (PVE::Firewall, enable_host_firewall). */
export function pveAfter(pve: PveFirewall, wanted: readonly string[]) {
  return {
    sieves: [...sievesIn(withRules(pve.host ?? '', wanted)), ...sievesIn(pve.cluster ?? '')],
    policy: optionsIn(pve.cluster ?? '').get('policy_in') ?? 'DROP',
  }
}

/** A rule that Proxmox VE can't read is left out with a warning that names the file, and the exit code stays 0. */
export const readsRules = (path: string): Step => ({
  kind: 'verify',
  what: "Proxmox VE reads phx's rules",
  mend: ['pve-firewall compile'],
  async check(reader) {
    if (!(await reader.hasTool('pve-firewall'))) return 'pve-firewall is not installed'
    const { exitCode, stdout, stderr } = await reader.query(['pve-firewall', 'compile'])
    const complaint = `${stderr}\n${stdout}`
      .split('\n')
      .find((line) => /error|unable to parse/.test(line) && line.includes('# phx:') && line.includes(path))
    if (complaint !== undefined) return complaint.trim()
    return exitCode === 0 ? undefined : stderr.trim() || `pve-firewall compile ended with exit code ${exitCode}`
  },
})
