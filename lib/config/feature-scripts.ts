/**
 * Feature scripts: files beside the config, read when it is loaded, so that `validate` tells of a missing one and a run
 * sends what was read. They belong to the config, and are kept with it.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { PhxConfig } from './generated/types.ts'
import type { Finding } from './problem.ts'
import { error, Spot, warning } from './spot.ts'

export interface FeatureScript {
  /** As the config names the feature. */
  readonly name: string
  readonly file: string
  readonly content: string
  readonly sha256: string
}

export type FeatureScripts = ReadonlyMap<string, FeatureScript>

/** The one feature that needs no script: the snippet for the first boot is it. */
export const baseSetup = 'base_setup'

const read = new WeakMap<PhxConfig, FeatureScripts>()

/** By feature; none for a config that came from no file. */
export const featureScripts = (config: PhxConfig): FeatureScripts => read.get(config) ?? new Map()

/** Says which scripts a config has. */
export function keepScripts(config: PhxConfig, scripts: Iterable<FeatureScript>): void {
  read.set(config, new Map([...scripts].map((script) => [script.name, script])))
}

export function scriptOf(name: string, content: string): FeatureScript {
  return { name, file: `${name}.sh`, content, sha256: createHash('sha256').update(content).digest('hex') }
}

/** Reads what the features of the config's machines name; `folder` is that of the config. Says what is wrong with it. */
export function readScripts(config: PhxConfig, folder: string): Finding[] {
  const section = config.vm_features
  if (section === undefined) return []
  const from = resolve(folder, section.scripts ?? 'vm-features')
  const vms = new Spot(config).get('guests', 'vms').items()
  const scripts = new Map<string, FeatureScript>()
  const findings: Finding[] = []
  for (const spot of vms.flatMap((vm) => vm.get('features').items())) {
    const name = spot.text ?? ''
    if (scripts.has(name)) continue
    const found = scriptIn(from, name, spot)
    if (found === undefined) continue
    if ('severity' in found) findings.push(found)
    else scripts.set(name, found)
    if (!('severity' in found) && !found.content.startsWith('#!')) findings.push(withoutInterpreter(spot, from, name))
  }
  keepScripts(config, scripts.values())
  return findings
}

/** Undefined for `base_setup` without a script: it is the snippet alone. */
function scriptIn(folder: string, name: string, spot: Spot): FeatureScript | Finding | undefined {
  const names = [`${name}.sh`, `feature_install_${name}.sh`]
  const [only, other] = names.flatMap((file) => readIfThere(join(folder, file)) ?? [])
  if (only === undefined) {
    if (name === baseSetup) return undefined
    const mend = `write ${names[0]} (or ${names[1]}) into ${folder}, or take the feature away`
    return error(spot, `there is no script for the feature ${name}`, mend)
  }
  if (other !== undefined) return error(spot, `${names.join(' and ')} are both in ${folder}`, 'keep one of the two')
  if ('why' in only) return error(spot, `the script of the feature ${name} can't be read: ${only.why}`, 'mend the file')
  return scriptOf(name, only.text)
}

const withoutInterpreter = (spot: Spot, folder: string, name: string): Finding =>
  warning(spot, `the script of ${name} in ${folder} does not say what runs it`, 'begin it with #!/bin/bash')

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
