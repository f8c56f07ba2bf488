/** The files of guests that a config names: each holds what could stand in its section `guests`. */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { locateJson } from './locate.ts'
import type { Part, PartFinding } from './part.ts'
import type { Finding } from './problem.ts'
import { atKey, error, Spot } from './spot.ts'

export interface GuestFiles {
  readonly parts: readonly Part[]
  readonly findings: readonly PartFinding[]
  /** Whether every file could be read: otherwise a guest that is not found may well be declared. */
  readonly areWhole: boolean
}

/** `folder` is that of the config; undefined for a text that came from no file, whose guest files nobody can find. */
export function readGuestFiles(main: Part, folder: string | undefined): GuestFiles {
  const named = new Spot(main.document.value).get('guest_files').items()
  if (folder === undefined || named.length === 0) return { parts: [], findings: [], areWhole: named.length === 0 }
  const parts: Part[] = []
  const findings: PartFinding[] = []
  const seen = new Set([resolve(folder, main.file.split('/').at(-1) ?? '')])
  let areWhole = true
  for (const spot of named) {
    if (spot.text === undefined || spot.text === '') continue
    const read = readPart(spot, spot.text, main.file, folder, seen)
    if ('severity' in read) findings.push({ part: main, path: read.path, finding: read })
    else {
      parts.push(read)
      findings.push(...shapeFindings(read))
    }
    if ('severity' in read || !isObject(read.document.value)) areWhole = false
  }
  return { parts, findings, areWhole }
}

function readPart(spot: Spot, name: string, main: string, folder: string, seen: Set<string>): Part | Finding {
  const path = resolve(folder, name)
  if (seen.has(path)) {
    return error(spot, `${name} is read already: it is the config itself, or named twice`, 'name each file once')
  }
  seen.add(path)
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    const file = isAbsolute(name) ? name : join(dirname(main), name)
    return { file, document: locateJson(text), root: ['guests'] }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (cause instanceof TypeError) return error(spot, `${name} is no UTF-8 text`, 'save it as UTF-8')
    if (code === 'ENOENT') return error(spot, `there is no file ${path}`, 'write it, or take its name away')
    if (code === 'EISDIR') return error(spot, `${path} is a folder`, 'name the files in it, each by itself')
    return error(spot, `${path} can't be read: ${message}`, 'see its owner and mode')
  }
}

/** What people put there besides, and the schema would only call unknown. */
function shapeFindings(part: Part): PartFinding[] {
  const guests = new Spot({ guests: part.document.value }).get('guests')
  const found: Finding[] = []
  if (guests.isPresent && !isObject(guests.value)) {
    const mend = 'write {"vms": […]}, or {"lxc_configs": {…}}'
    found.push(error(guests, 'a file of guests holds an object with members of guests', mend))
  }
  const files = guests.get('guest_files')
  if (files.isPresent) {
    const mend = "name every file in the config's own guest_files"
    found.push(atKey(error(files, 'a file of guests reads no other files', mend)))
  }
  const inner = guests.get('guests')
  if (inner.isPresent) {
    const mend = 'write what is in it directly into the file: {"vms": […], "lxc_configs": {…}}'
    found.push(atKey(error(inner, 'a file of guests is the section itself', mend)))
  }
  return found.map((finding) => ({ part, path: finding.path, finding }))
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
