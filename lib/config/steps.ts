/** Which hypervisor steps a config declares: the edges of the graph hang on it. */
import type { PhxConfig } from './generated/types.ts'
import { declaresSystem } from './initial-setup.ts'

/** `initial-setup`, when the config declares anything of it: steps that install packages need its repositories. */
export const initialSetup = (config: PhxConfig): readonly string[] => (declaresSystem(config) ? ['initial-setup'] : [])
