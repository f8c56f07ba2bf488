/** What surrounds a call of phx: its streams, its variables and the task modules that it knows. */
import type { Readable } from 'node:stream'
import type { PhxConfig } from '../config/generated/types.ts'
import type { TaskModule } from '../engine/resource.ts'
import { type Output, type Screen, screen } from '../view/screen.ts'

export type Modules = readonly TaskModule<PhxConfig>[]

export interface Environment {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Output
  readonly stderr: Output
  readonly variables: Readonly<Record<string, string | undefined>>
  /** `tasks/` in the program, 520 KB of text and so loaded on demand; tests and benchmarks bring their own. */
  readonly modules: () => Promise<Modules>
}

export function screenOf(environment: Environment, noColor: boolean): Screen {
  return screen(environment.stdout, environment.stderr, { noColor, variables: environment.variables })
}
