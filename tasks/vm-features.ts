/** Module `vm-features`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const vmFeatures: TaskModule<PhxConfig> = {
  name: 'vm-features',
  expand: () => [],
}
