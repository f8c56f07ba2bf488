#!/usr/bin/env node
// What scripts/bundle.mjs copies to bin/phx.js. The bundle's text and V8's code cache for it lie in one file, since V8
// tells a cache that belongs to another text by its length alone. Without the cache, compiling would cost half of Node's
// own start; one of another Node version is rejected by V8, and the text compiled as usual.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Script } from 'node:vm'

const filename = `${import.meta.dirname}/chunks/phx.bundle`
const bundle = readFileSync(filename)
// The last 12 bytes: how long the text is.
const end = Number(bundle.subarray(-12).latin1Slice())
const script = new Script(bundle.latin1Slice(0, end), {
  filename,
  cachedData: bundle.subarray(end, -12),
})
const loaded = { exports: {} }
script.runInThisContext()(loaded.exports, createRequire(filename), loaded, import.meta.url)
process.exitCode = await loaded.exports.program(process.argv.slice(2), process)
