/** Every area of the simulated host. */
import type { Area } from './area.ts'

export const areas: readonly Area[] = []
