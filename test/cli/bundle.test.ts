import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bundleProgram } from '../../scripts/bundle.mjs'

const folder = mkdtempSync(join(tmpdir(), 'phx-bundle-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const source = `import { basename } from 'node:path'
export async function program(argv: readonly string[], own: NodeJS.Process): Promise<number> {
  const { sep } = await import('node:path')
  own.stdout.write(\`\${basename(argv[0] ?? '')} \${sep} → \${basename(import.meta.url)}\\n\`)
  return argv.length
}
`

async function made(): Promise<string> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'entry.ts'), source)
  const { cache } = await bundleProgram({ entry: join(folder, 'entry.ts'), folder, calls: [] })
  assert.ok(cache.length > 0)
  return join(folder, 'phx.js')
}

const call = (program: string) => spawnSync(process.execPath, [program, '/a/b'], { encoding: 'utf8' })

test('a bundled program starts, imports, and gives its exit code', async () => {
  const { stdout, stderr, status } = call(await made())
  assert.is(stderr, '')
  assert.is(stdout, 'b / → phx.js\n')
  assert.is(status, 1)
})

test('a code cache that V8 rejects costs time, nothing else', async () => {
  const program = await made()
  const path = join(folder, 'chunks/phx.bundle')
  const bundle = readFileSync(path)
  const end = Number(bundle.subarray(-12).toString())
  for (const cache of [Buffer.alloc(0), Buffer.alloc(100), bundle.subarray(end, -12).reverse()]) {
    writeFileSync(path, Buffer.concat([bundle.subarray(0, end), cache, bundle.subarray(-12)]))
    const { stdout, stderr } = call(program)
    assert.is(stderr, '')
    assert.is(stdout, 'b / → phx.js\n')
  }
})

test.run()
