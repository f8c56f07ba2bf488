/** Module `initial-setup`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const initialSetup: TaskModule<PhxConfig> = {
  name: 'initial-setup',
  expand: () => [],
}
