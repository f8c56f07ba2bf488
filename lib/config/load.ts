/** Reads the config and says everything that is wrong with it at once: syntax, schema, and what a schema can't say. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { readScripts } from './feature-scripts.ts'
import type { PhxConfig } from './generated/types.ts'
import { validate } from './generated/validator.js'
import { readGuestFiles } from './guest-files.ts'
import { lookAtFiles } from './guests/files.ts'
import { locateJson } from './locate.ts'
import { faultsOf, keyOf, type Part, type PartFinding, problemOf, valueIn } from './part.ts'
import type { Finding, Problem } from './problem.ts'
import { rules } from './rules/index.ts'
import { schemaFindings } from './schema-findings.ts'
import { Spot } from './spot.ts'
import { unsafeTexts } from './unsafe-texts.ts'
import { type PartValue, type Whole, wholeOf } from './whole.ts'

export type { PhxConfig }

export type Loaded =
  | {
      readonly ok: true
      readonly file: string
      readonly config: PhxConfig /** Warnings only. */
      readonly problems: readonly Problem[]
    }
  | { readonly ok: false; readonly file: string; readonly problems: readonly Problem[] }

export function loadConfig(file: string): Loaded {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    return { ok: false, file, problems: [unreadable(file, error as NodeJS.ErrnoException)] }
  }
  try {
    // Also drops a byte order mark, which JSON.parse would stumble over.
    return parseConfig(new TextDecoder('utf-8', { fatal: true }).decode(bytes), file, dirname(file))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return { ok: false, file, problems: [problemAtStart(file, 'the file is not UTF-8 text', 'save it as UTF-8')] }
  }
}

/**
 * The same for a text at hand; `file` is only for the problems. Files beside the config (guests, scripts, what is put
 * into guests) are read from `folder`, when there is one.
 */
export function parseConfig(text: string, file: string, folder?: string): Loaded {
  const main: Part = { file, document: locateJson(text), root: [] }
  const guestFiles = readGuestFiles(main, folder)
  const parts = [main, ...guestFiles.parts]
  const problems = parts.flatMap(faultsOf)
  const told = [...guestFiles.findings]
  const values = parts.map((part) => {
    if (part.document.value === undefined) return { part, value: undefined }
    const { value, findings } = lookAt(part)
    told.push(...without(findings, told))
    return { part, value }
  })
  const [first, ...others] = values as [PartValue, ...PartValue[]]
  if (first.value === undefined) return { ok: false, file, problems }
  const whole = wholeOf(first, others)
  told.push(...without(whole.findings, told))
  const byRules = findingsIn(whole, guestFiles.areWhole)
  told.push(...without(byRules, told))
  const config = whole.value as PhxConfig
  if (folder !== undefined && typeof config === 'object' && config !== null) {
    const findings = [...readScripts(config, folder), ...lookAtFiles(config, folder)]
    told.push(
      ...without(
        findings.map((finding) => placed(finding, whole)),
        told,
      ),
    )
  }
  problems.push(...told.map(problemOf))
  const files = parts.map((part) => part.file)
  problems.sort((one, other) => {
    return files.indexOf(one.file) - files.indexOf(other.file) || one.line - other.line || one.column - other.column
  })
  return problems.some(isError) ? { ok: false, file, problems } : { ok: true, file, config, problems }
}

const isError = ({ severity }: { readonly severity: string }): boolean => severity === 'error'

/** What one file by itself has wrong, and its value without the secrets that stand in it. */
function lookAt(part: Part): { readonly value: unknown; readonly findings: readonly PartFinding[] } {
  const { findings: unsafe, document } = unsafeTexts(valueIn(part))
  const bySchema = validate(document) ? [] : schemaFindings(document, validate.errors ?? [])
  const inPart = (finding: Finding): PartFinding => ({ part, path: finding.path, finding })
  // Where a value is refused for what it is, the schema and then the rules have nothing to add about the same value.
  const refused = unsafe.map(inPart)
  return { value: document, findings: [...refused, ...without(bySchema.map(inPart), refused)] }
}

/** A guest in a file that could not be read is not missing: then nothing is said about guests. */
function findingsIn(whole: Whole, areWhole: boolean): PartFinding[] {
  const config = new Spot(whole.value)
  const found = rules.flatMap((rule) => [...rule(config)])
  return found.filter(({ path }) => areWhole || path[0] !== 'guests').map((finding) => placed(finding, whole))
}

function placed(finding: Finding, whole: Whole): PartFinding {
  const other = finding.other === undefined ? {} : { other: whole.placeOf(finding.other) }
  return { ...whole.placeOf(finding.path), finding, ...other }
}

function without(findings: readonly PartFinding[], refusals: readonly PartFinding[]): PartFinding[] {
  const refused = new Set(refusals.map(keyOf))
  return findings.filter((one) => !refused.has(keyOf(one)))
}

function unreadable(file: string, error: NodeJS.ErrnoException): Problem {
  if (error.code === 'ENOENT') {
    return problemAtStart(file, 'there is no such file', 'name the config with --config FILE, or change to its folder')
  }
  return problemAtStart(file, `the file can't be read: ${error.message}`, 'see its owner and mode')
}

function problemAtStart(file: string, message: string, mend: string): Problem {
  return { severity: 'error', file, line: 1, column: 1, path: '$', message, mend }
}
