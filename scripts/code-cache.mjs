/**
 * V8's code cache for the bundle: what phx compiled while it made some calls. It fits the Node that made it alone; as a
 * program this file makes the cache of an installed phx anew: node code-cache.mjs BIN-FOLDER CONFIG
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'

/** The text, its cache, and in the last 12 bytes how long the text is. */
export const packBundle = (text, cache) =>
  Buffer.concat([text, cache, Buffer.from(String(text.length).padStart(12, '0'))])

/** Calls that a converged host gets, on a simulated one in `folder`. */
export function usualCalls(config, folder) {
  const on = ['-c', config, '--host', `simulated:${folder}`]
  return [['run'], ['run'], ['plan']].map((verb) => [...verb, ...on])
}

export async function codeCache(text, filename, calls) {
  const script = new Script(text, { filename })
  const loaded = { exports: {} }
  script.runInThisContext()(loaded.exports, createRequire(filename), loaded, import.meta.url)
  let said = ''
  const kept = { write: (line) => (said += line) }
  try {
    for (const argv of calls) {
      said = ''
      const code = await loaded.exports.program(argv, { stdin: process.stdin, stdout: kept, stderr: kept, env: {} })
      if (code !== 0) throw new Error(`phx ${argv.join(' ')} ended with ${code}: ${said}`)
    }
    await loaded.exports.warmUp?.()
    return script.createCachedData()
  } catch (error) {
    console.error(`phx: built without a code cache, so it starts slower: ${error.message}`)
    return Buffer.alloc(0)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [bin = '', config = ''] = process.argv.slice(2)
  const filename = join(bin, 'chunks/phx.bundle')
  const bundle = readFileSync(filename)
  const text = bundle.subarray(0, Number(bundle.subarray(-12).latin1Slice()))
  const folder = mkdtempSync(join(tmpdir(), 'phx-cache-'))
  try {
    const cache = await codeCache(text.latin1Slice(), filename, usualCalls(config, folder))
    writeFileSync(filename, packBundle(text, cache))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
