/**
 * Makes a program that starts fast: one bundle, V8's code cache for it, and a launcher. Also used by benchmarks, for
 * phx with other task modules.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { codeCache, packBundle } from './code-cache.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

export const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  legalComments: 'none',
  charset: 'ascii',
  write: false,
  logLevel: 'warning',
}

/** Written beside and renamed: a phx that starts at this moment finds the old file or the new one, whole. */
export function put(path, content) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

/**
 * `entry` exports `program(argv, process)`. Writes `folder`/phx.js and `folder`/chunks/phx.bundle. `calls` are command
 * lines to make once, silently: what they compile is in the cache.
 */
export async function bundleProgram({ entry, folder, calls }) {
  const { outputFiles } = await build({
    ...common,
    entryPoints: [entry],
    // One function in CommonJS's manner; what is imported dynamically sleeps inside it until it is asked for.
    format: 'cjs',
    banner: { js: '(function(exports,require,module,phxUrl){' },
    footer: { js: '})' },
    define: { 'import.meta.url': 'phxUrl' },
    // A script from the code cache can't import(); Node's own modules come by require() then, also late.
    supported: { 'dynamic-import': false },
  })
  const text = Buffer.from(outputFiles[0].text, 'latin1')
  const filename = join(folder, 'chunks/phx.bundle')
  const cache = await codeCache(text.toString('latin1'), filename, calls)
  put(filename, packBundle(text, cache))
  put(join(folder, 'phx.js'), readFileSync(join(root, 'scripts/launcher.mjs')))
  chmodSync(join(folder, 'phx.js'), 0o755)
  return { text, cache }
}
