/**
 * Makes a program that starts fast: a bundle of chunks, V8's code cache for each, and a launcher. Also used by
 * benchmarks, for phx with other task modules.
 */
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'
import { packBundle, replace, withCaches } from './code-cache.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** For a whole program, and for a part of one. */
const output = {
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  legalComments: 'none',
  charset: 'ascii',
  logLevel: 'warning',
}

export const common = { ...output, absWorkingDir: root, bundle: true, write: false }

export function put(path, content) {
  mkdirSync(dirname(path), { recursive: true })
  replace(path, content)
}

/**
 * `entry` exports `program(argv, process)`. Writes `folder`/phx.js and `folder`/chunks/phx.bundle. `calls` are command
 * lines to make once, silently: what they compile is in the cache.
 */
export async function bundleProgram({ entry, folder, calls }) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: { program: entry },
    // What is imported dynamically becomes a chunk of its own, loaded when it is asked for.
    format: 'esm',
    splitting: true,
    outdir: '/',
    define: { 'import.meta.url': 'phxUrl' },
  })
  const filename = join(folder, 'chunks/phx.bundle')
  const chunks = await withCaches(await Promise.all(outputFiles.map(asFunction)), filename, calls)
  put(filename, packBundle(chunks))
  put(join(folder, 'package.json'), '{"type":"commonjs"}\n')
  put(join(folder, 'phx.js'), readFileSync(join(root, 'scripts/launcher.cjs')))
  chmodSync(join(folder, 'phx.js'), 0o755)
  return chunks
}

/** A chunk as one function in CommonJS's manner: V8 keeps a code cache of scripts alone, not of modules. */
async function asFunction({ path, text }) {
  const { code } = await transform(text, {
    ...output,
    format: 'cjs',
    banner: '(function(exports,require,module,phxUrl){',
    footer: '})',
    // A script from the code cache can't import(): chunks and Node's own modules come by require() then, also late.
    supported: { 'dynamic-import': false },
  })
  return { name: `./${basename(path)}`, text: Buffer.from(code, 'latin1') }
}
