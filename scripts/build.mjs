/**
 * Builds bin/phx.js: a launcher, the bundle of everything (bin/chunks/phx.cjs), and V8's code cache for it
 * (bin/chunks/phx.cache). Runs right after `npm ci`, on Node alone.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, Script } from 'node:vm'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'bin')
const chunks = join(bin, 'chunks')
const started = performance.now()

let esbuild
try {
  esbuild = await import('esbuild')
} catch {
  console.error('phx: esbuild is not installed, so bin/phx.js is not built: run npm ci without --omit=dev')
  process.exit(existsSync(join(bin, 'phx.js')) ? 0 : 1)
}

const common = {
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

/** One function in CommonJS's manner; modules that are imported dynamically stay asleep inside it until they are asked for. */
async function bundle() {
  const { outputFiles } = await esbuild.build({
    ...common,
    entryPoints: ['bin/program.ts'],
    format: 'cjs',
    banner: { js: '(function(exports,require,module,phxUrl){' },
    footer: { js: '})' },
    define: { 'import.meta.url': 'phxUrl' },
  })
  return outputFiles[0].text
}

/** The lab's VM has real ZFS and no Proxmox: its pvesm is the simulated one, as a program. */
async function labTool() {
  const source = 'lib/host/simulated/pve/program.ts'
  if (!existsSync(join(root, source))) return undefined
  const { outputFiles } = await esbuild.build({ ...common, entryPoints: [source], format: 'esm' })
  return outputFiles[0].text
}

/** Runs phx on a simulated host that is thrown away, so that the cache holds what a run compiles. */
async function codeCache(text, filename) {
  const folder = mkdtempSync(join(tmpdir(), 'phx-build-'))
  const script = new Script(text, { filename, importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER })
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, createRequire(filename), loaded, import.meta.url)
  const silent = { write: () => true }
  const on = ['-c', join(root, 'phoenix.config.json'), '--host', `simulated:${join(folder, 'host')}`]
  try {
    for (const verb of ['run', 'run', 'plan', 'status']) {
      const code = await loaded.exports.program([verb, ...on], { ...process, stdout: silent, stderr: silent, env: {} })
      if (code !== 0) throw new Error(`phx ${verb} ended with ${code} on the example config`)
    }
    return script.createCachedData()
  } catch (error) {
    console.error(`phx: built without a code cache: ${error.message}`)
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Written beside and renamed: a phx that starts at this moment finds the old file or the new one, whole. */
function put(path, content) {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

const [text, lab] = await Promise.all([bundle(), labTool()])
mkdirSync(chunks, { recursive: true })
const filename = join(chunks, 'phx.cjs')
put(filename, text)
const cache = await codeCache(text, filename)
if (cache) put(join(chunks, 'phx.cache'), cache)
const kept = new Set(['phx.cjs', ...(cache ? ['phx.cache'] : [])])
for (const name of readdirSync(chunks)) if (!kept.has(name)) rmSync(join(chunks, name), { recursive: true })
copyFileSync(join(root, 'scripts/launcher.mjs'), join(bin, 'phx.js'))
chmodSync(join(bin, 'phx.js'), 0o755)
if (lab !== undefined) {
  put(join(bin, 'lab-pvesm.js'), lab)
  chmodSync(join(bin, 'lab-pvesm.js'), 0o755)
}

const kilobytes = (content) => `${Math.round((content?.length ?? 0) / 1024)} KB`
console.log(
  `bin/phx.js: bundle ${kilobytes(text)}, code cache ${kilobytes(cache)}, ${Math.round(performance.now() - started)} ms`,
)
