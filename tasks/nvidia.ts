/** Module `nvidia`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const nvidia: TaskModule<PhxConfig> = {
  name: 'nvidia',
  expand: () => [],
}
