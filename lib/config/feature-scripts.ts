/**
 * Feature scripts: files beside the config, read when it is loaded, so that `validate` tells of a missing one and a run
 * sends what was read. They belong to the config, and are kept with it.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Check, checkForms, checksOf, unknownChecks } from './feature-checks.ts'
import type { PhxConfig } from './generated/types.ts'
import type { Finding } from './problem.ts'
import { error, Spot, warning } from './spot.ts'

export interface FeatureScript {
  /** As the config names the feature. */
  readonly name: string
  readonly file: string
  readonly content: string
  readonly sha256: string
  /** What decides whether it is there; empty: whether it was run does. */
  readonly checks: readonly Check[]
}

export type FeatureScripts = ReadonlyMap<string, FeatureScript>

/** The one feature of virtual machines that needs no script: the snippet for the first boot is it. */
export const baseSetup = 'base_setup'

const read = new WeakMap<PhxConfig, FeatureScripts>()

/** By feature; none for a config that came from no file. */
export const featureScripts = (config: PhxConfig): FeatureScripts => read.get(config) ?? new Map()

/** Says which scripts a config has. */
export function keepScripts(config: PhxConfig, scripts: Iterable<FeatureScript>): void {
  read.set(config, new Map([...scripts].map((script) => [script.name, script])))
}

export function scriptOf(name: string, content: string): FeatureScript {
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { name, file: `${name}.sh`, content, sha256, checks: checksOf(content) }
}

/** A script that the config names by its file, or why it can't be read. */
export function scriptFile(name: string, path: string): FeatureScript | { readonly why: string } {
  const found = readIfThere(path) ?? { why: `there is no ${path}` }
  return 'why' in found ? found : scriptOf(name, found.text)
}

/** Reads what the features of the config's guests name; `folder` is that of the config. Says what is wrong with it. */
export function readScripts(config: PhxConfig, folder: string): Finding[] {
  const section = new Spot(config).get('vm_features')
  const from = resolve(folder, section.get('scripts').text ?? 'vm-features')
  // Who has neither the section nor the folder has not come to it yet: their guests can wait, and the host need not.
  const isSetUp = section.isPresent || existsSync(from)
  const scripts = new Map<string, FeatureScript>()
  const findings: Finding[] = []
  for (const { spot, hasSnippet } of featureSpots(new Spot(config))) {
    const name = spot.text ?? ''
    // No name of a file: that has been told.
    if (!/^[a-z0-9_-]+$/.test(name)) continue
    if (scripts.has(name) || (hasSnippet && name === baseSetup && !isThere(from, name))) continue
    const found = scriptIn(from, name, spot)
    if ('severity' in found) findings.push(isSetUp ? found : { ...found, severity: 'warning' })
    else scripts.set(name, found)
    if ('severity' in found) continue
    if (!found.content.startsWith('#!')) findings.push(withoutInterpreter(spot, from, name))
    findings.push(...unknownChecks(found.content).map((check) => noCheck(spot, name, check)))
  }
  keepScripts(config, scripts.values())
  return findings
}

interface FeatureSpot {
  readonly spot: Spot
  /** Whether base_setup may be the snippet for the first boot alone: containers have none. */
  readonly hasSnippet: boolean
}

function featureSpots(config: Spot): FeatureSpot[] {
  const vms = config.get('guests', 'vms').items()
  const containers = config.get('guests', 'lxc_configs').fields()
  return [
    ...vms.flatMap((vm) =>
      vm
        .get('features')
        .items()
        .map((spot) => ({ spot, hasSnippet: true })),
    ),
    ...containers.flatMap(([, lxc]) =>
      lxc
        .get('features')
        .items()
        .map((spot) => ({ spot, hasSnippet: false })),
    ),
  ]
}

const filesOf = (name: string): string[] => [`${name}.sh`, `feature_install_${name}.sh`]

const isThere = (folder: string, name: string): boolean => filesOf(name).some((file) => existsSync(join(folder, file)))

function scriptIn(folder: string, name: string, spot: Spot): FeatureScript | Finding {
  const names = filesOf(name)
  const [only, other] = names.flatMap((file) => readIfThere(join(folder, file)) ?? [])
  if (only === undefined) {
    const mend = `write ${names[0]} (or ${names[1]}) into ${folder}, or take the feature away`
    return error(spot, `there is no script for the feature ${name}`, mend)
  }
  if (other !== undefined) return error(spot, `${names.join(' and ')} are both in ${folder}`, 'keep one of the two')
  if ('why' in only) return error(spot, `the script of the feature ${name} can't be read: ${only.why}`, 'mend the file')
  return scriptOf(name, only.text)
}

const withoutInterpreter = (spot: Spot, folder: string, name: string): Finding =>
  warning(spot, `the script of ${name} in ${folder} does not say what runs it`, 'begin it with #!/bin/bash')

const noCheck = (spot: Spot, name: string, check: string): Finding =>
  error(spot, `the script of ${name} has a check that phx doesn't know: ${check}`, `use ${checkForms}`)

function readIfThere(path: string): { text: string } | { why: string } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
    return text.includes('\0') ? { why: `${path} is no text` } : { text }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    return { why: cause instanceof TypeError ? `${path} is no UTF-8 text` : message }
  }
}
