/** The options of a container. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { GuestOptions } from '../guest/options.ts'
import { guestConfProbe, settledValues } from '../probes/guest-conf.ts'
import { wantedOptions } from './wanted.ts'

export const containerOptions = (declared: DeclaredLxc, bootOrder: number | null): GuestOptions =>
  new GuestOptions({
    guest: declared,
    wanted: (live) => wantedOptions(declared, live, bootOrder),
    made: async (look) => {
      const { origin, name } = declared
      if (origin === null) return new Map()
      if (origin.kind === 'template')
        return new Map(wantedOptions(declared, new Map(), bootOrder).map(({ key, text }) => [key, text]))
      const source = await look.at(guestConfProbe({ kind: 'lxc', id: origin.ctid }))
      return new Map([...(source ? settledValues(source) : []), ['hostname', name]])
    },
  })
