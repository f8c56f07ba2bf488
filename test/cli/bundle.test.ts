import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleProgram } from '../../scripts/bundle.mjs'
import { packBundle, unpackBundle } from '../../scripts/code-cache.mjs'

const folder = mkdtempSync(join(tmpdir(), 'phx-bundle-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const source = `import { basename } from 'node:path'
export async function program(argv: readonly string[], own: NodeJS.Process): Promise<number> {
  const { sep } = await import('node:path')
  const { late } = await import('./late.ts')
  own.stdout.write(\`\${basename(argv[0] ?? '')} \${sep} → \${late} \${basename(import.meta.url)}\\n\`)
  return argv.length
}
`

async function made(): Promise<string> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'entry.ts'), source)
  writeFileSync(join(folder, 'late.ts'), "export const late = 'asked for'\n")
  const chunks = await bundleProgram({ entry: join(folder, 'entry.ts'), folder, calls: [] })
  assert.ok(chunks.length > 1 && chunks.every(({ cache }) => cache.length > 0))
  return join(folder, 'phx.js')
}

const call = (program: string) => spawnSync(process.execPath, [program, '/a/b'], { encoding: 'utf8' })

test('a bundled program starts, imports, and gives its exit code', async () => {
  const { stdout, stderr, status } = call(await made())
  assert.is(stderr, '')
  assert.is(stdout, 'b / → asked for phx.js\n')
  assert.is(status, 1)
})

test('a program that ends without an answer has failed', async () => {
  const at = join(folder, 'silent')
  mkdirSync(at, { recursive: true })
  writeFileSync(join(at, 'entry.ts'), 'export const program = () => new Promise(() => undefined)\n')
  await bundleProgram({ entry: join(at, 'entry.ts'), folder: at, calls: [] })
  assert.is(call(join(at, 'phx.js')).status, 1)
})

test('a bundle that is missing or cut is told in one line', async () => {
  const program = await made()
  const path = join(folder, 'chunks/phx.bundle')
  const whole = readFileSync(path)
  for (const length of [0, 20, 100, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, length))
    const { stderr, status } = call(program)
    assert.match(stderr, /^phx: error: phx is not whole, install it anew: \S+phx\.bundle: .*\n$/)
    assert.is(status, 1)
  }
  rmSync(path)
  assert.match(call(program).stderr, /^phx: error: phx is not whole, .*ENOENT.*\n$/)
})

test('a code cache that V8 rejects costs time, nothing else', async () => {
  const program = await made()
  const path = join(folder, 'chunks/phx.bundle')
  const chunks = unpackBundle(readFileSync(path))
  for (const spoil of [
    () => Buffer.alloc(0),
    () => Buffer.alloc(100),
    (cache: Buffer) => Buffer.from(cache).reverse(),
  ]) {
    writeFileSync(path, packBundle(chunks.map((chunk) => ({ ...chunk, cache: spoil(chunk.cache) }))))
    const { stdout, stderr } = call(program)
    assert.is(stderr, '')
    assert.is(stdout, 'b / → asked for phx.js\n')
  }
})

test('an installed phx gets its caches anew, from a config as its only need', async () => {
  await bundleProgram({ entry: 'bin/program.mts', folder, calls: [] })
  const path = join(folder, 'chunks/phx.bundle')
  const before = unpackBundle(readFileSync(path))
  const args = ['scripts/code-cache.mjs', folder, 'phoenix.config.json'].map((part) => resolve(part))
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.is(stderr, '')
  assert.is(status, 0)
  const after = unpackBundle(readFileSync(path))
  const texts = (chunks: typeof before) => chunks.map(({ name, text }) => [name, text.toString()])
  assert.equal(texts(after), texts(before))
  const size = (chunks: typeof before) => chunks.reduce((sum, { cache }) => sum + cache.length, 0)
  assert.ok(size(after) > size(before), 'what the usual calls compile is in the caches')
})

test.run()
