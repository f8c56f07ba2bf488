/** Module `samba`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const samba: TaskModule<PhxConfig> = {
  name: 'samba',
  expand: () => [],
}
