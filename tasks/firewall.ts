/** Module `firewall`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const firewall: TaskModule<PhxConfig> = {
  name: 'firewall',
  expand: () => [],
}
