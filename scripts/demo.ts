/**
 * `npm run demo`: phx on a simulated host in a temporary folder. Every command is printed before its real output. Ends
 * with exit code 1 when a step surprises: above all when the second run changes anything.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const program = join(root, 'bin/phx.js')
const surprises: string[] = []

function phx(folder: string, line: string, expected: RegExp): string {
  console.log(`\n$ phx ${line}`)
  const shown = spawnSync(process.execPath, [program, ...line.split(' ')], { cwd: folder, encoding: 'utf8' })
  process.stdout.write(shown.stdout)
  process.stderr.write(shown.stderr)
  if (shown.status !== 0) surprises.push(`phx ${line} ended with exit code ${shown.status}`)
  if (!expected.test(shown.stdout)) surprises.push(`phx ${line} does not say ${expected}`)
  return shown.stdout
}

if (!existsSync(program)) {
  console.error('bin/phx.js is not built: npm run build')
  process.exit(1)
}
const folder = mkdtempSync(join(tmpdir(), 'phx-demo-'))
try {
  for (const name of ['phoenix.config.json', 'files']) cpSync(join(root, name), join(folder, name), { recursive: true })
  phx(folder, 'run setup --host simulated:host', /^Done: [1-9]\d* changed/m)
  phx(folder, 'run setup --host simulated:host', /^Nothing to do/m)
  const graph = phx(folder, 'graph setup --status --host simulated:host', /✓/)
  if (/[+~≠…✗?] \S+ {2}/.test(graph)) surprises.push('after two runs a task is not up to date')
  console.log('\nOn a Proxmox host the same begins with: phx plan')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const surprise of surprises) console.error(`demo: ${surprise}`)
process.exitCode = surprises.length > 0 ? 1 : 0
