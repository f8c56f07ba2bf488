import type { Chunk } from './bundle.mjs'

export function packBundle(chunks: readonly Chunk[]): Buffer
export function unpackBundle(bundle: Buffer): readonly Chunk[]
