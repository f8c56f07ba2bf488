/** `--restart`: every guest may be restarted where a change needs it, as if the config said so of each. */
import type { PhxConfig } from '../generated/types.ts'

export function allowRestarts({ guests }: PhxConfig): void {
  const all = [...(guests?.vms ?? []), ...Object.values(guests?.lxc_configs ?? {})]
  for (const guest of all) guest.restart = 'allowed'
}
