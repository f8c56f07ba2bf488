#!/usr/bin/env node
// What scripts/bundle.mjs copies to bin/phx.js. Every chunk of the bundle lies in one file with V8's code cache for it,
// since V8 tells a cache that belongs to another text by its length alone. Read is what a call needs: the chunks that
// program.js imports, and others when they are asked for. Without the cache, compiling would cost half of Node's own
// start; one of another Node version is rejected by V8, and the text compiled as usual.
// CommonJS, since Node takes 6 ms more to start with a module.
const { fstatSync, openSync, readSync } = require('node:fs')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const filename = `${__dirname}/chunks/phx.bundle`
const url = pathToFileURL(__filename).href
const modules = new Map()
let [file, begin, index] = [0, 0, {}]

/** Open until the end: what is asked for late comes from the same bundle, even if another has taken its place since. */
function open() {
  file = openSync(filename)
  const [length, size] = read(0, 24).latin1Slice().split(' ').map(Number)
  if (fstatSync(file).size !== size) throw new Error('it is cut')
  begin = 24 + length
  index = JSON.parse(read(24, length).latin1Slice())
}

function read(at, length) {
  const buffer = Buffer.allocUnsafeSlow(length)
  readSync(file, buffer, 0, length, at)
  return buffer
}

function load(name) {
  const known = modules.get(name)
  if (known) return known.exports
  const place = index[name]
  if (!place) return require(name)
  const [at, length, cacheLength] = place
  const script = new Script(read(begin + at, length).latin1Slice(), {
    filename: `${filename}/${name}`,
    cachedData: read(begin + at + length, cacheLength),
  })
  const module = { exports: {} }
  modules.set(name, module)
  script.runInThisContext()(module.exports, load, module, url)
  return module.exports
}

// A call that ends without an answer has failed.
process.exitCode = 1
try {
  open()
} catch (error) {
  process.stderr.write(`phx: error: phx is not whole, install it anew: ${filename}: ${error.message}\n`)
  process.exit()
}
load('./program.js')
  .program(process.argv.slice(2), process)
  .then((code) => {
    process.exitCode = code
  })
