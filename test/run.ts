/**
 * Runs every test file in a process of its own and ends with the line `N passed, N failed`, counted from what uvu
 * really ran. A file that dies before its summary counts as one failure, whatever its exit code says.
 *
 * Usage: npm test [-- PART-OF-A-FILE-NAME…]
 */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const wanted = process.argv.slice(2)
const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort()
  .map((file) => join(import.meta.dirname, file))

interface Tally {
  passed: number
  failed: number
  skipped: number
  output: string
}

/** uvu's summary, one block a `test.run()`; a file without any has run nothing. */
function tally(output: string, exitCode: number | null): Tally {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: uvu colours its summary
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '')
  const sum = (label: string) =>
    [...plain.matchAll(new RegExp(`^ +${label}: +(\\d+)$`, 'gm'))].reduce((total, match) => total + Number(match[1]), 0)
  const total = sum('Total')
  const passed = sum('Passed')
  const skipped = sum('Skipped')
  const died = total === 0 || (exitCode !== 0 && passed === total) ? 1 : 0
  return { passed, failed: total - passed + died, skipped, output }
}

function runFile(file: string): Promise<Tally> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], {
      cwd: root,
      env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    child.on('close', (code) => resolve(tally(output, code)))
  })
}

const totals = { passed: 0, failed: 0, skipped: 0 }
const queue = [...files]
async function worker(): Promise<void> {
  for (let file = queue.shift(); file; file = queue.shift()) {
    const started = Date.now()
    const result = await runFile(file)
    totals.passed += result.passed
    totals.failed += result.failed
    totals.skipped += result.skipped
    const skipped = result.skipped > 0 ? `, ${result.skipped} skipped` : ''
    const seconds = ((Date.now() - started) / 1000).toFixed(1)
    console.log(`${relative(root, file)}: ${result.passed} passed, ${result.failed} failed${skipped} (${seconds} s)`)
    if (result.failed > 0 || result.skipped > 0) console.log(result.output)
  }
}
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, worker))
const skipped = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`)
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
