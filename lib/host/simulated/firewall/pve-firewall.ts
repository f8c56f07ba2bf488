/** pve-firewall(8) as far as it says whether it filters and whether it can read its files; the files are all there is. */
import type { SimState } from '../model.ts'
import { answer, NotSimulated, type Tool } from '../tool.ts'

const textAt = (state: SimState, path: string): string => state.files[path]?.content ?? ''

const rule =
  /^\|?(?:IN|OUT|FORWARD)\s+(?:\w+\()?(?:ACCEPT|DROP|REJECT)\)?(?:\s+--?(?:i|p|proto|dport|sport|source|dest|log|icmp-type)\s+\S+)*\s*$/i

/** What PVE::Firewall warns of on its way through a file: lines that are no rules. */
function complaints(state: SimState, path: string): string[] {
  let section = ''
  return textAt(state, path)
    .split('\n')
    .flatMap((line, index) => {
      const text = line.trim()
      const head = /^\[(\w+)/.exec(text)?.[1]
      if (head !== undefined) section = head.toLowerCase()
      if (text === '' || text.startsWith('#') || head !== undefined || section !== 'rules') return []
      const [body = ''] = text.split('#')
      const isGroup = /^\|?GROUP\s+\S+/i.test(body)
      return isGroup || rule.test(body.trim()) ? [] : [`${path} (line ${index + 1}): unable to parse rule: ${text}\n`]
    })
}

export const pveFirewall: Tool = (state, { args }) => {
  const cluster = '/etc/pve/firewall/cluster.fw'
  const isOn = /^enable:\s*1\s*$/m.test(textAt(state, cluster))
  const isActive = state.units?.['pve-firewall.service']?.active === true
  switch (args.join(' ')) {
    case 'status':
      return answer(0, `Status: ${isOn ? 'enabled' : 'disabled'}/${isActive ? 'running' : 'stopped'}\n`)
    case 'compile': {
      const said = [cluster, `/etc/pve/nodes/${state.hostname}/host.fw`].flatMap((path) => complaints(state, path))
      const off = isOn ? '' : 'firewall disabled\n'
      return answer(0, `ipset cmdlist:\n\niptables cmdlist:\n\nip6tables cmdlist:\n\nno changes\n${off}`, said.join(''))
    }
    default:
      throw new NotSimulated(`pve-firewall ${args.join(' ')}`)
  }
}
