/** kill-at.ts as Node can load it before phx. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { transform } from 'esbuild'
import type { Program } from './program.ts'

export async function killPreload(program: Program): Promise<string> {
  const path = join(program.scratch, 'kill-at.mjs')
  const source = readFileSync(join(import.meta.dirname, 'kill-at.ts'), 'utf8')
  writeFileSync(path, (await transform(source, { loader: 'ts', format: 'esm' })).code)
  return path
}
