/**
 * npm run bench [-- PART…] [--write]: measures the figures of docs/performance.md anew and prints them; with --write puts
 * them there. Parts: start, noop, parallel, guests, guests-parallel; probes and ansible only when they are named, since they
 * need the lab.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ansible } from './ansible.ts'
import { guestsNoop } from './guests-noop.ts'
import { guestsParallel } from './guests-parallel.ts'
import { noop } from './noop.ts'
import { parallel } from './parallel.ts'
import { probes } from './probes.ts'
import { machine, makeRig, type Rig } from './rig.ts'
import { start } from './start.ts'

const parts: Readonly<Record<string, (rig: Rig) => Promise<string>>> = {
  start,
  noop,
  parallel,
  guests: guestsNoop,
  'guests-parallel': guestsParallel,
  probes,
  ansible,
}
/** Run only when they are named. */
const inTheLab = new Set(['probes', 'ansible'])
const words = process.argv.slice(2)
const wanted = words.filter((word) => !word.startsWith('--'))
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name))
if (unknown.length > 0)
  throw new Error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`)

const page = join(import.meta.dirname, '..', 'docs', 'performance.md')

/** Puts figures between `<!-- NAME -->` and `<!-- /NAME -->`. */
function write(name: string, figures: string): void {
  const text = readFileSync(page, 'utf8')
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(open), text.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no place for ${name}`)
  writeFileSync(page, `${text.slice(0, from + open.length)}\n${figures}\n${text.slice(to)}`)
}

const rig = await makeRig()
try {
  console.log(machine())
  for (const [name, measure] of Object.entries(parts)) {
    if (wanted.length > 0 ? !wanted.includes(name) : inTheLab.has(name)) continue
    const figures = await measure(rig)
    console.log(`\n${name}\n\n${figures}`)
    if (words.includes('--write')) write(name, `${machine()}\n\n${figures}`)
  }
} finally {
  rig.close()
}
