/** Builds bin/phx.js, and the lab's tools beside it. Runs right after `npm ci`, on Node alone. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'bin')
const started = performance.now()

let bundling
try {
  bundling = { ...(await import('./bundle.mjs')), ...(await import('./code-cache.mjs')), ...(await import('esbuild')) }
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  console.error('phx: esbuild is not installed, so bin/phx.js is not built: run npm ci without --omit=dev')
  process.exit(existsSync(join(bin, 'phx.js')) ? 0 : 1)
}
const { bundleProgram, common, put, build, usualCalls } = bundling

/** The lab's VM has real ZFS and no Proxmox: its pvesm, pct and qm are the simulated ones, as programs. */
async function buildLabTool(tool, source) {
  const { outputFiles } = await build({ ...common, entryPoints: [source], format: 'esm' })
  put(join(bin, `lab-${tool}.mjs`), outputFiles[0].text)
  chmodSync(join(bin, `lab-${tool}.mjs`), 0o755)
}

const folder = mkdtempSync(join(tmpdir(), 'phx-build-'))
try {
  const calls = usualCalls(join(root, 'phoenix.config.json'), folder)
  const [chunks] = await Promise.all([
    bundleProgram({ entry: 'bin/program.mts', folder: bin, calls }),
    buildLabTool('pvesm', 'lib/host/simulated/pve/program.ts'),
    buildLabTool('pct', 'lib/host/simulated/pve/pct/program.ts'),
    buildLabTool('pveum', 'lib/host/simulated/pve/pveum/program.ts'),
    buildLabTool('qm', 'lib/host/simulated/pve/qm/program.ts'),
    buildLabTool('emulator', 'test/lab/guest/emulator.ts'),
  ])
  const kilobytes = (part) => `${Math.round(chunks.reduce((sum, chunk) => sum + chunk[part].length, 0) / 1024)} KB`
  const took = Math.round(performance.now() - started)
  console.log(`bin/phx.js: ${chunks.length} chunks, ${kilobytes('text')}, code cache ${kilobytes('cache')}, ${took} ms`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
