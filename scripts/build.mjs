/**
 * Bundles the command line into bin/phx.js and bin/chunks/: one file for what every call needs, chunks for what a call
 * may need (yargs, listr2, zx, the simulated host). Runs right after `npm ci`, on Node alone.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'bin')

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
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  // CommonJS inside the bundle (p-graph, zx, ajv's helpers) calls require() for Node's own modules.
  banner: { js: "import{createRequire as __phxRequire}from'node:module';const require=__phxRequire(import.meta.url);" },
  write: false,
  logLevel: 'warning',
}

const started = performance.now()
const builds = [
  esbuild.build({
    ...common,
    entryPoints: { phx: 'bin/phx.ts' },
    outdir: 'bin',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  }),
]
// The lab's VM has real ZFS and no Proxmox: its pvesm is the simulated one, as a program.
const labTool = 'lib/host/simulated/pve/program.ts'
if (existsSync(join(root, labTool))) {
  builds.push(esbuild.build({ ...common, entryPoints: { 'lab-pvesm': labTool }, outdir: 'bin' }))
}
const files = (await Promise.all(builds)).flatMap((built) => built.outputFiles)

// New files first, old chunks last: a phx that is starting at this moment finds one set or the other.
mkdirSync(join(bin, 'chunks'), { recursive: true })
for (const file of files.toReversed()) writeFileSync(file.path, file.contents)
const kept = new Set(files.map((file) => basename(file.path)))
for (const name of readdirSync(join(bin, 'chunks'))) if (!kept.has(name)) rmSync(join(bin, 'chunks', name))
for (const name of ['phx.js', 'lab-pvesm.js']) if (kept.has(name)) chmodSync(join(bin, name), 0o755)

const kilobytes = Math.round(files.reduce((sum, file) => sum + file.contents.length, 0) / 1024)
console.log(`bin/phx.js: ${files.length} files, ${kilobytes} KB, ${Math.round(performance.now() - started)} ms`)
