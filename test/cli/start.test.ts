/**
 * What a call loads before it does anything: a module that is imported where it need not be shows here, not in a time
 * that differs between machines.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleProgram } from '../../scripts/bundle.mjs'

interface Limits {
  readonly call: readonly string[]
  /** What is loaded beside program.js and what is shared, by the names of the modules that are imported dynamically. */
  readonly loads: readonly string[]
  /** Of program text, a tenth more than it was when this was written. */
  readonly kilobytes: number
}

const folder = mkdtempSync(join(tmpdir(), 'phx-start-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const config = ['-c', resolve('phoenix.config.json')]
const simulated = ['--host', `simulated:${join(folder, 'host')}`]

const calls: readonly Limits[] = [
  { call: ['validate', ...config], loads: [], kilobytes: 510 },
  { call: ['runs', ...simulated], loads: [], kilobytes: 510 },
  { call: ['--version'], loads: ['full'], kilobytes: 710 },
  // "core" is zx, for the processes that a look starts.
  { call: ['plan', ...config, '--state-dir', folder], loads: ['core', 'local', 'tasks'], kilobytes: 1190 },
  { call: ['plan', ...config, ...simulated], loads: ['host', 'tasks'], kilobytes: 2040 },
]

/** Writes down every chunk that the launcher compiles. */
const watcher = `
const { appendFileSync } = require('node:fs')
const vm = require('node:vm')
vm.Script = class extends vm.Script {
  constructor(text, options) {
    super(text, options)
    appendFileSync(process.env.LOADED, JSON.stringify({ filename: options.filename, length: text.length }) + '\\n')
  }
}
`

function loadedBy(call: readonly string[]): readonly { readonly name: string; readonly length: number }[] {
  const file = join(folder, 'loaded')
  writeFileSync(file, '')
  const args = ['--require', join(folder, 'watcher.cjs'), join(folder, 'phx.js'), ...call]
  // Its exit code is no matter: this machine need not have the tools of a hypervisor.
  spawnSync(process.execPath, args, { env: { ...process.env, LOADED: file } })
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const { filename, length } = JSON.parse(line)
    // `tasks-P3GA6UES.js`: esbuild's name for what tasks/index.ts became.
    return { name: filename.replace(/^.*\//, '').replace(/(-[A-Z0-9]{8})?\.js$/, ''), length }
  })
}

test.before(async () => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'watcher.cjs'), watcher)
  await bundleProgram({ entry: 'bin/program.mts', folder, calls: [] })
})

for (const { call, loads, kilobytes } of calls) {
  test(`phx ${call[0]}${call.includes('--state-dir') ? ' on this machine' : ''} loads what it needs`, () => {
    const loaded = loadedBy(call)
    const names = loaded.map(({ name }) => name).filter((name) => name !== 'program' && name !== 'chunk')
    assert.equal(names.sort(), loads, 'import() what only some calls need where they need it, or add it to this list')
    const sum = Math.round(loaded.reduce((total, { length }) => total + length, 0) / 1024)
    const parts = loaded.map(({ name, length }) => `${name} ${Math.round(length / 1024)}`).join(', ')
    assert.ok(
      sum <= kilobytes,
      `every such call loads ${sum} KB of program text now, more than ${kilobytes}: ${parts}. See with esbuild's ` +
        'metafile what came in; import() what only some calls need, or raise the limit when all of them do',
    )
  })
}

test.run()
