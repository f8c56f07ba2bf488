/** A container's options as pct.conf(5) has them. */
import type { DeclaredCard, DeclaredLxc } from '../../config/guests/lxc.ts'
import { behind, exactly, type Option, otherCards, properties, startup, type Values } from '../guest/option.ts'

/** `bootOrder` is the place in the order of starting that the graph gives it; null: none. */
export function wantedOptions(declared: DeclaredLxc, live: Values, bootOrder: number | null): Option[] {
  const { name, cores, memoryMb, swapMb, startsAtBoot, nameservers, searchDomain, pctOptions } = declared
  return [
    exactly('hostname', name),
    ...(cores === null ? [] : [exactly('cores', String(cores))]),
    ...(memoryMb === null ? [] : [exactly('memory', String(memoryMb), '512')]),
    ...(swapMb === null ? [] : [exactly('swap', String(swapMb), '512')]),
    exactly('onboot', startsAtBoot ? '1' : '0', '0'),
    ...startup(declared, live, bootOrder),
    ...declared.cards.map((card) => networkCard(card, live.get(card.net), declared.firewall)),
    ...otherCards(
      declared,
      live,
      declared.cards.map(({ net }) => net),
    ),
    ...(nameservers.length > 0 ? [exactly('nameserver', nameservers.join(' '))] : []),
    ...(searchDomain === null ? [] : [exactly('searchdomain', searchDomain)]),
    ...(pctOptions.length > 0
      ? [
          properties(
            'features',
            live.get('features'),
            Object.fromEntries(pctOptions.map(({ key, value }) => [key, value])),
          ),
        ]
      : []),
  ]
}

/** An address that nobody declared, and whatever else stands there, stays as it is; a gateway goes with its address. */
function networkCard(card: DeclaredCard, live: string | undefined, firewall: DeclaredLxc['firewall']): Option {
  const { net, name, bridge, ip, gateway, macAddress } = card
  const kept = ip === 'dhcp' ? live?.replace(/,gw=[^,]*/, '') : live
  const wanted = {
    ...{ name, bridge, ip },
    ...(gateway === null ? {} : { gw: gateway }),
    ...(macAddress === null ? {} : { hwaddr: macAddress }),
    ...behind(firewall),
  }
  return properties(net, kept, wanted)
}
