#!/usr/bin/env node
// What scripts/bundle.mjs copies to bin/phx.js. Every chunk of the bundle lies in one file with V8's code cache for it,
// since V8 tells a cache that belongs to another text by its length alone. Read is what a call needs: the chunks that
// program.js imports, and others when they are asked for. Without the cache, compiling would cost half of Node's own
// start; one of another Node version is rejected by V8, and the text compiled as usual.
// CommonJS, since Node takes 6 ms more to start with a module.
const { openSync, readSync } = require('node:fs')
const { pathToFileURL } = require('node:url')
const { Script } = require('node:vm')

const filename = `${__dirname}/chunks/phx.bundle`
// Open until the end: what is asked for late comes from the same bundle, even if another has taken its place since.
const file = openSync(filename)

function read(at, length) {
  const buffer = Buffer.allocUnsafeSlow(length)
  readSync(file, buffer, 0, length, at)
  return buffer
}

const begin = 8 + Number(read(0, 8).latin1Slice())
const index = JSON.parse(read(8, begin - 8).latin1Slice())
const url = pathToFileURL(__filename).href
const modules = new Map()

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
load('./program.js')
  .program(process.argv.slice(2), process)
  .then((code) => {
    process.exitCode = code
  })
