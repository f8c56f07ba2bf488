/**
 * `npm run demo`: phx on a simulated host in a temporary folder. Every command is printed before its real output. Ends
 * with exit code 1 when a step surprises: above all when the second run changes anything.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'phx-demo-'))
const host = `simulated:${join(folder, 'host')}`
const program = join(root, 'bin/phx.js')
const surprises: string[] = []

function phx(args: readonly string[], expected: { readonly exitCode: number; readonly says: RegExp }): void {
  const shown = args.map((word) => word.replace(folder, '/tmp/demo')).join(' ')
  console.log(`\n$ phx ${shown}`)
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { cwd: root, encoding: 'utf8' })
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  if (status !== expected.exitCode) surprises.push(`phx ${shown}: exit code ${status}, expected ${expected.exitCode}`)
  if (!expected.says.test(stdout)) surprises.push(`phx ${shown}: its output does not say ${expected.says}`)
}

if (!existsSync(program)) {
  console.error('bin/phx.js is not built: npm run build')
  process.exit(1)
}
try {
  phx(['validate'], { exitCode: 0, says: /is valid/ })
  phx(['run', 'setup', '--host', host], { exitCode: 0, says: /Done: [1-9]\d* changed/ })
  phx(['run', 'setup', '--host', host], { exitCode: 0, says: /Nothing to do/ })
  phx(['graph', '--status', '--host', host], { exitCode: 0, says: /up to date/ })
  console.log('\nThe same on a Proxmox host: phx plan, then phx run.')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const surprise of surprises) console.error(`demo: ${surprise}`)
process.exitCode = surprises.length > 0 ? 1 : 0
