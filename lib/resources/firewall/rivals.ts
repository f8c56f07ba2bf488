/** One firewall a host: another one that is active is named, with the way from it to the declared one. */
import type { DeclaredFirewall } from '../../config/firewall.ts'
import type { Look, Refusal } from '../../engine/resource.ts'
import { pveFirewallProbe } from '../probes/pve-firewall.ts'
import { ufwProbe } from '../probes/ufw.ts'
import { unitIn, unitsProbe } from '../probes/units.ts'

const bothFilter = 'a packet would have to get through both, and their order is not defined'

export async function rivalRefusals(look: Look, resource: string, declared: DeclaredFirewall): Promise<Refusal[]> {
  const refusals: Refusal[] = []
  const refuse = (active: string, off: string): void => {
    refusals.push({
      resource,
      why: `${declared.backend} is to be switched on while ${active} is active: ${bothFilter}`,
      fields: [{ field: 'backend', from: active, to: declared.backend }],
      mend: [
        `to switch: ${off}, then phx run firewall at once: in between no firewall is on`,
        `to stay: "backend": "${active === 'firewalld' ? 'none' : active}"`,
      ],
    })
  }
  if (declared.backend !== 'ufw' && (await look.at(ufwProbe))?.enabled === true) refuse('ufw', 'ufw disable')
  if (declared.backend !== 'pve-firewall' && (await look.at(pveFirewallProbe))?.enabled === true) {
    refuse('pve-firewall', 'pvesh set /cluster/firewall/options --enable 0')
  }
  if (unitIn(await look.at(unitsProbe), 'firewalld.service').active === 'active') {
    refuse('firewalld', 'systemctl disable --now firewalld')
  }
  return refusals
}
