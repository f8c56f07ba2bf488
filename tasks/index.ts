/** Every hypervisor step that phx knows, in the order in which a person would take them. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import type { TaskModule } from '../lib/engine/resource.ts'
import { storage } from './storage.ts'
import { zfs } from './zfs.ts'

export const modules: readonly TaskModule<PhxConfig>[] = [zfs, storage]
