/** Module `admin-user`: still to come. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'

export const adminUser: TaskModule<PhxConfig> = {
  name: 'admin-user',
  expand: () => [],
}
