/** Reads the config and says everything that is wrong with it at once: syntax, schema, and what a schema can't say. */
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { readScripts } from './feature-scripts.ts'
import type { PhxConfig } from './generated/types.ts'
import { validate } from './generated/validator.js'
import { type LocatedDocument, locateJson } from './locate.ts'
import { type Finding, jsonPath, type Problem, printable } from './problem.ts'
import { rules } from './rules/index.ts'
import { schemaFindings } from './schema-findings.ts'
import { Spot } from './spot.ts'
import { unsafeTexts } from './unsafe-texts.ts'

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

/** The same for a text at hand; `file` is only for the problems. Files beside the config are read from `folder`, when there is one. */
export function parseConfig(text: string, file: string, folder?: string): Loaded {
  const document = locateJson(text)
  const problems: Problem[] = document.faults.map(({ line, column, path, message, mend }) => {
    const place = { file, line, column, path: jsonPath(path) }
    return { severity: 'error', ...place, message: printable(message), mend: printable(mend) }
  })
  if (document.value !== undefined) {
    problems.push(...findingsIn(document.value).map((finding) => placed(finding, document, file)))
  }
  const isSound = !problems.some((problem) => problem.severity === 'error')
  if (isSound && folder !== undefined) {
    const findings = readScripts(document.value as PhxConfig, folder)
    problems.push(...findings.map((finding) => placed(finding, document, file)))
  }
  problems.sort((one, other) => one.line - other.line || one.column - other.column)
  if (problems.some((problem) => problem.severity === 'error')) return { ok: false, file, problems }
  return { ok: true, file, config: document.value as PhxConfig, problems }
}

function findingsIn(value: unknown): Finding[] {
  const { findings: unsafe, document } = unsafeTexts(value)
  const bySchema = validate(document) ? [] : schemaFindings(document, validate.errors ?? [])
  const config = new Spot(document)
  const byRules = rules.flatMap((rule) => [...rule(config)])
  // Where a value is refused for what it is, the schema and then the rules have nothing to add about the same value.
  const safe = without(bySchema, unsafe)
  return [...unsafe, ...safe, ...without(byRules, [...unsafe, ...safe])]
}

function without(findings: readonly Finding[], refusals: readonly Finding[]): Finding[] {
  const refused = new Set(refusals.map(({ path }) => jsonPath(path)))
  return findings.filter(({ path }) => !refused.has(jsonPath(path)))
}

function placed(finding: Finding, document: LocatedDocument, file: string): Problem {
  const { severity, path, at, meant } = finding
  const message = printable(finding.message)
  const mend = printable(finding.mend)
  const place = at === 'key' ? document.keyAt(path) : document.valueAt(path)
  return { severity, file, ...place, path: jsonPath(path), message, mend, ...(meant === undefined ? {} : { meant }) }
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
