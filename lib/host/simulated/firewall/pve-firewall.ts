/** pve-firewall(8) as far as it says whether it filters and whether it can read its files; the files are all there is. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'

const textAt = (state: SimState, path: string): string => state.files[path]?.content ?? ''

const rule =
  /^\|?(?:IN|OUT|FORWARD)\s+(?:\w+\()?(?:ACCEPT|DROP|REJECT)\)?(?:\s+--?(?:i|p|proto|dport|sport|source|dest|log|icmp-type)\s+\S+)*\s*$/i

const clusterFile = '/etc/pve/firewall/cluster.fw'

/** Aliases and sets of addresses that the file knows, sets with their sign. */
function namesIn(text: string): string[] {
  const aliases = /^\[ALIASES\]\n([^[]*)/im.exec(text)?.[1] ?? ''
  return [
    ...[...aliases.matchAll(/^([A-Za-z][\w-]+)\s/gm)].map(([, name = '']) => name.toLowerCase()),
    ...[...text.matchAll(/^\[IPSET\s+([\w.-]+)\]/gim)].map(([, name = '']) => `+${name}`),
  ]
}

/** What is wrong with a rule that can be read, as PVE::Firewall says it (verify_rule). */
function faults(body: string, known: readonly string[], isOfGuest: boolean): string[] {
  return [...body.matchAll(/\s--?(i|source|dest|dport|sport)\s+(\S+)/g)].flatMap(([, option = '', value = '']) => {
    if (option === 'i')
      return isOfGuest && !/^net\d+$/.test(value) ? ["iface: value does not match the regex pattern 'net\\d+'"] : []
    if (option.endsWith('port')) return portFaults(option, value)
    const [, sign = '', name] = /^(\+?)(?:guest\/|dc\/|sdn\/)?([A-Za-z][\w.-]+)$/.exec(value) ?? []
    if (name === undefined || known.includes(sign === '' ? name.toLowerCase() : `+${name}`)) return []
    return [sign === '' ? `${option}: no such alias '${value}'` : `${option}: no such ipset '${name}'`]
  })
}

/** As parse_port_name_number_or_range has it. */
function portFaults(option: string, value: string): string[] {
  const parts = value.split(',').map((part) => part.split(':'))
  const backwards = parts.find(([from, to]) => to !== undefined && Number(from) > Number(to))
  if (backwards)
    return [
      `${option}: backwards range '${backwards.join(':')}' not allowed, did you mean '${backwards.reverse().join(':')}'?`,
    ]
  return parts.flat().length > 15 ? [`${option}: too many entries in port list (> 15 numbers)`] : []
}

/** What PVE::Firewall warns of on its way through a file (generic_fw_config_parser, parse_fw_rule). */
function complaints(state: SimState, path: string, isOfGuest = false): string[] {
  const known = [clusterFile, path].flatMap((file) => namesIn(textAt(state, file)))
  let section = ''
  return textAt(state, path)
    .split('\n')
    .flatMap((line, index) => {
      // Not the carriage return of other systems: PVE::Firewall finds no section then.
      const text = line.replace(/^[ \t]+|[ \t]+$/g, '')
      const head = /^\[(\w+)[^\]]*\](?:\s*#.*)?$/s.exec(text)?.[1]
      if (head !== undefined) section = head.toLowerCase()
      if (text.trim() === '' || text.startsWith('#') || head !== undefined) return []
      const prefix = `${path} (line ${index + 1})`
      if (section === '') return [`${prefix}: skip line - no section\n`]
      if (section !== 'rules') return []
      const body = text.replace(/#.*$/s, '').trim()
      if (!/^\|?GROUP\s+\S+/i.test(body) && !rule.test(body)) return [`${prefix}: unable to parse rule: ${body}\n`]
      const wrong = faults(body, known, isOfGuest)
      if (wrong.length === 0) return []
      return [`${prefix} - errors in rule parameters: ${text}\n`, ...wrong.map((one) => `  ${one}\n`)]
    })
}

/** Files of guests that are there; of others nobody reads them (PVE::Firewall, read_vm_firewall_configs). */
const filesOfGuests = (state: SimState): string[] =>
  Object.keys(state.files).flatMap((path) => {
    const id = /^\/etc\/pve\/(?:qemu-server|lxc)\/(\d+)\.conf$/.exec(path)?.[1]
    return id === undefined ? [] : `/etc/pve/firewall/${id}.fw`
  })

export const pveFirewall: Tool = (state, { args }) => {
  const isOn = /^enable:\s*1\s*$/m.test(textAt(state, clusterFile))
  const isActive = state.units?.['pve-firewall.service']?.active === true
  switch (args.join(' ')) {
    case 'status':
      return answer(0, `Status: ${isOn ? 'enabled' : 'disabled'}/${isActive ? 'running' : 'stopped'}\n`)
    case 'compile': {
      const own = [clusterFile, `/etc/pve/nodes/${state.hostname}/host.fw`].flatMap((path) => complaints(state, path))
      const said = [...own, ...filesOfGuests(state).flatMap((path) => complaints(state, path, true))]
      const off = isOn ? '' : 'firewall disabled\n'
      return answer(0, `ipset cmdlist:\n\niptables cmdlist:\n\nip6tables cmdlist:\n\nno changes\n${off}`, said.join(''))
    }
    default:
      throw new NotSimulated(`pve-firewall ${args.join(' ')}`)
  }
}
