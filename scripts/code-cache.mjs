/**
 * V8's code cache for every chunk of the bundle: what phx compiled while it made some calls. It fits the Node that made
 * it alone; as a program this file makes the caches of an installed phx anew: node code-cache.mjs BIN-FOLDER CONFIG
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

const headLength = 24

/**
 * In 24 bytes how long the index and how long all of it is, the index (of every chunk: where it begins behind the index, how long its text and
 * its cache are), and the chunks. scripts/launcher.cjs reads of it what a call needs.
 */
export function packBundle(chunks) {
  const index = {}
  let at = 0
  for (const { name, text, cache } of chunks) {
    index[name] = [at, text.length, cache.length]
    at += text.length + cache.length
  }
  const names = Buffer.from(JSON.stringify(index))
  const head = `${names.length} ${headLength + names.length + at}`.padEnd(headLength)
  const parts = chunks.flatMap(({ text, cache }) => [text, cache])
  return Buffer.concat([Buffer.from(head), names, ...parts])
}

export function unpackBundle(bundle) {
  const begin = headLength + Number.parseInt(bundle.latin1Slice(0, headLength), 10)
  return Object.entries(JSON.parse(bundle.latin1Slice(headLength, begin))).map(([name, [at, text, cache]]) => ({
    name,
    text: bundle.subarray(begin + at, begin + at + text),
    cache: bundle.subarray(begin + at + text, begin + at + text + cache),
  }))
}

/** Calls that a converged host gets, on a simulated one in `folder`, and those that need no host. */
export function usualCalls(config, folder) {
  const on = ['-c', config, '--host', `simulated:${folder}`]
  return [
    ...[['run'], ['run'], ['plan']].map((verb) => [...verb, ...on]),
    ['validate', '-c', config],
    ['--version'],
    ['--help'],
  ]
}

/** The chunks with the caches that these calls make; empty ones when a call fails. */
export async function withCaches(chunks, filename, calls) {
  const scripts = new Map(
    chunks.map(({ name, text }) => [name, new Script(text.latin1Slice(), { filename: `${filename}/${name}` })]),
  )
  const modules = new Map()
  const load = (name) => {
    const script = scripts.get(name)
    if (!script) return process.getBuiltinModule(name)
    if (!modules.has(name)) {
      const module = { exports: {} }
      modules.set(name, module)
      script.runInThisContext()(module.exports, load, module, import.meta.url)
    }
    return modules.get(name).exports
  }
  let said = ''
  const kept = { write: (line) => (said += line) }
  try {
    const { program, warmUp } = load('./program.js')
    for (const argv of calls) {
      said = ''
      const code = await program(argv, { stdin: process.stdin, stdout: kept, stderr: kept, env: {} })
      if (code !== 0) throw new Error(`phx ${argv.join(' ')} ended with ${code}: ${said}`)
    }
    await warmUp?.()
    return chunks.map((chunk) => ({ ...chunk, cache: scripts.get(chunk.name).createCachedData() }))
  } catch (error) {
    console.error(`phx: built without a code cache, so it starts slower: ${error.message}`)
    return chunks.map((chunk) => ({ ...chunk, cache: Buffer.alloc(0) }))
  }
}

/** Written beside and renamed: a phx that starts at this moment finds the old file or the new one, whole. */
export function replace(path, content) {
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [bin = '', config = ''] = process.argv.slice(2)
  const filename = join(bin, 'chunks/phx.bundle')
  const folder = mkdtempSync(join(tmpdir(), 'phx-cache-'))
  try {
    const chunks = await withCaches(unpackBundle(readFileSync(filename)), filename, usualCalls(config, folder))
    replace(filename, packBundle(chunks))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
