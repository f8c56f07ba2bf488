/** The options of a virtual machine. */
import type { DeclaredVm } from '../../config/guests/vm.ts'
import { GuestOptions } from '../guest/options.ts'
import { vmProbe } from '../probes/vms.ts'
import { creationOptions, type Surroundings, wantedOptions } from './wanted.ts'

export const vmOptions = (declared: DeclaredVm, around: Surroundings): GuestOptions =>
  new GuestOptions({
    guest: declared,
    wanted: (live) => wantedOptions(declared, live, around),
    made: async (look) => {
      const { origin, storage, name } = declared
      if (origin === null) return new Map()
      if (origin.kind !== 'clone') return storage === null ? new Map() : creationOptions(declared, storage, around)
      // A clone has what its template has.
      const source = await look.at(vmProbe(origin.vmid))
      return new Map([...(source?.settled ?? []), ['name', name]])
    },
  })
