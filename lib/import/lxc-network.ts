/** A container's network card: an object at last, one text with commas at first. */
import type { GuestReader } from './guests.ts'
import type { Old } from './old.ts'
import type { Fields } from './read.ts'

/** What the first scripts wrote into net0, whatever the config said. */
const FIRST_CARD = { name: 'eth0', bridge: 'vmbr0' }

export function readCard(guests: GuestReader, old: Old, place: string, lxc: Old): Fields | undefined {
  const { reader } = guests
  if (old.text !== undefined) return cardOfText(guests, old)
  let servers: string[] = []
  const made = reader.fields(old, place, {
    nameserver: (one) => {
      servers = [...servers, ...wordsOf(one)]
      reader.report.normalised(one, one.value, 'nameservers')
    },
    nameservers: (list) => {
      const words = reader.words(list)
      servers = [...servers, ...words]
    },
    hwaddr: (one) => {
      if (one.value !== lxc.get('mac_address').value || old.path.at(-1) !== 'network_config') {
        return reader.value(one, `${place}.hwaddr`)
      }
      reader.report.normalised(one, 'hwaddr', 'mac_address', 'both said the same')
      return undefined
    },
  })
  if (made !== undefined && servers.length > 0) made.nameservers = [...new Set(servers)]
  return made
}

/** `ip/24,gateway,nameserver` */
function cardOfText({ reader }: GuestReader, old: Old): Fields | undefined {
  const [ip = '', gw = '', ...nameservers] = (old.text ?? '').split(',').map((part) => part.trim())
  if (ip === '')
    return reader.report.leavesOut(old, 'no address', 'write {"name": "eth0", "bridge": "vmbr0", "ip": "dhcp"}')
  const servers = nameservers.filter(Boolean)
  const made = reader.from(old, {
    ...FIRST_CARD,
    ip,
    ...(gw === '' ? {} : { gw }),
    ...(servers.length === 0 ? {} : { nameservers: servers }),
  })
  reader.report.normalised(old, old.text, made, 'name and bridge as the scripts wrote them then')
  return made
}

function wordsOf(old: Old): string[] {
  return String(old.value)
    .split(/[\s,]+/)
    .filter(Boolean)
}
