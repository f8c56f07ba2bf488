export interface Wanted {
  /** A module that exports `program(argv, process)`. */
  readonly entry: string
  readonly folder: string
  /** Command lines whose compiled code goes into the cache. */
  readonly calls: readonly (readonly string[])[]
}

export interface Chunk {
  readonly name: string
  readonly text: Buffer
  /** Empty when a call failed. */
  readonly cache: Buffer
}

export function bundleProgram(wanted: Wanted): Promise<readonly Chunk[]>
