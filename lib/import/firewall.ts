/** The firewall, at the top or where it once stood, inside shared_volumes; and the rules of the guests. */
import type { Old } from './old.ts'
import type { Fields, OldReader } from './read.ts'
import { hasField, shapeAt } from './shape.ts'

export function readFirewall(reader: OldReader, hypervisor: Old): Fields | undefined {
  const here = hypervisor.get('firewall')
  const old = hypervisor.get('shared_volumes', 'firewall')
  if (here.isPresent && old.isPresent) {
    if (JSON.stringify(here.value) === JSON.stringify(old.value)) {
      reader.report.normalised(old, 'shared_volumes.firewall', 'firewall', 'both said the same')
    } else {
      const message = 'the firewall stands at two places that differ; the one at the top is taken'
      reader.report.leavesOut(old, message, 'carry over what is missing')
    }
  }
  const firewall = here.isPresent ? here : old
  if (!firewall.isPresent) return undefined
  const made = reader.fields(firewall, 'firewall', {
    global_firewall_rules: (rules) => readRules(reader, rules),
    default_input_policy: (policy) => upper(reader, policy),
    default_output_policy: (policy) => upper(reader, policy),
  })
  if (!here.isPresent) reader.report.normalised(old, 'shared_volumes.firewall', 'firewall')
  if (made !== undefined && made.backend === undefined) {
    const message = 'nothing says which firewall: the scripts drove ufw until 16 October, then that of Proxmox VE'
    reader.report.asks(firewall, message, 'add "backend": "ufw" or "pve-firewall"; until then phx switches none on')
  }
  return made
}

export function readGuestFirewall(reader: OldReader, firewall: Old, place: string): Fields | undefined {
  return reader.fields(firewall, place, { rules: (rules) => readRules(reader, rules) })
}

function readRules(reader: OldReader, rules: Old): unknown[] {
  const seen = new Set<string>()
  return reader.list(rules, (rule) => {
    const made = readRule(reader, rule)
    if (made === undefined) return undefined
    const { comment: _comment, ...meaning } = made
    const key = JSON.stringify(Object.entries(meaning).sort())
    if (seen.has(key)) {
      reader.report.normalised(rule, made, 'one rule', 'it is there twice')
      return undefined
    }
    seen.add(key)
    if (opensAll(made)) {
      const message = `this lets everything through${where(made)}, on every port`
      reader.report.asks(rule, message, 'if it was for a search for a fault, take it out')
    }
    return made
  })
}

/** A field less makes a rule wider: one that is not understood whole is left out whole. */
function readRule(reader: OldReader, rule: Old): Fields | undefined {
  const place = 'firewall.global_firewall_rules[]'
  const unknown = rule.fields().find(([name, field]) => field.isPresent && !hasField(place, name))
  if (unknown !== undefined) {
    const known = Object.keys(shapeAt(place).properties).join(', ')
    return reader.report.leavesOut(rule, `phx has no "${unknown[0]}" in a rule`, `say it with ${known}`)
  }
  const word = (old: Old, change: (text: string) => string): unknown => {
    if (old.text === undefined) return reader.value(old, `${place}.${String(old.path.at(-1))}`)
    const made = change(old.text.trim())
    reader.became(old, made)
    return made
  }
  const unlessAny = (old: Old): unknown => {
    // jq's word for what is not there, and what people write for everything.
    if (/^(null|any|all|)$/i.test(old.text?.trim() ?? '-')) {
      reader.report.normalised(old, old.value, 'not given: any')
      return undefined
    }
    return word(old, (text) => (old.path.at(-1) === 'proto' ? text.toLowerCase() : text))
  }
  return reader.fields(rule, place, {
    type: (old) => word(old, (text) => text.toLowerCase()),
    action: (old) => upper(reader, old),
    proto: unlessAny,
    source: unlessAny,
    dest: unlessAny,
    port: (old) =>
      old.text === undefined ? reader.value(old, `${place}.port`) : word(old, (text) => text.replace(/\s+/g, '')),
    comment: (old) => word(old, (text) => text.replace(/['"]/g, '').replace(/\s+/g, ' ')),
  })
}

function upper(reader: OldReader, old: Old): unknown {
  const made = old.text === undefined ? old.value : old.text.trim().toUpperCase()
  reader.became(old, made)
  return made
}

function opensAll(rule: Fields): boolean {
  return rule.action === 'ACCEPT' && rule.proto === undefined && rule.port === undefined && rule.iface === undefined
}

function where({ source, dest }: Fields): string {
  return `${source === undefined ? '' : ` from ${String(source)}`}${dest === undefined ? '' : ` to ${String(dest)}`}`
}
