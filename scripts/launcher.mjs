#!/usr/bin/env node
// What scripts/build.mjs copies to bin/phx.js: loads the bundle from V8's code cache, without which compiling it would
// cost half of Node's own start. A cache of another Node version is rejected by V8, and the bundle compiled as usual.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, Script } from 'node:vm'

const filename = `${import.meta.dirname}/chunks/phx.cjs`

function codeCache() {
  try {
    return readFileSync(`${import.meta.dirname}/chunks/phx.cache`)
  } catch {
    return undefined
  }
}

const script = new Script(readFileSync(filename, 'latin1'), {
  filename,
  cachedData: codeCache(),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
})
const bundle = { exports: {} }
script.runInThisContext()(bundle.exports, createRequire(filename), bundle, import.meta.url)
process.exitCode = await bundle.exports.program(process.argv.slice(2), process)
