/** Module `lxc-volumes`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const lxcVolumes: TaskModule<PhxConfig> = {
  name: 'lxc-volumes',
  expand: () => [],
}
