/** `pvesm add`, `set`, `remove`: each successful one rewrites the whole of storage.cfg. */
import { activate, disabledHere, sectionNamed, zfs } from './activate.ts'
import { type Config, checkSection, decodeAll, readConfig, type Section, textOf, writeConfig } from './config.ts'
import { absolutePath, splitList } from './formats.ts'
import type { Parameters } from './options.ts'
import { Refusal, type Surroundings, type Voice } from './surroundings.ts'
import { properties, type StorageType, storageTypes } from './types.ts'

export function addStorage(machine: Surroundings, voice: Voice, given: Parameters): void {
  const id = take(given, 'storage')
  const type = storageTypes.get(take(given, 'type'))
  if (type === undefined) throw new Error(`no such storage type: the schema lets none through`)
  const secrets = takeSecrets(type, given, [])
  const section = checkSection(id, type, given, voice)
  attempt('create', () => {
    const config = readConfig(machine, voice)
    if (config.sections.has(id)) throw new Refusal(`storage ID '${id}' already defined\n`)
    keepSecrets(machine, voice, section, secrets)
    if (type.name === 'zfspool') recordMountpoint(machine, voice, section)
    warnOfMkdir(voice, section)
    try {
      if (disabledHere(machine, section) === null) activate(machine, voice, section)
    } catch (error) {
      forgetSecrets(machine, section)
      throw error
    }
    config.sections.set(id, section)
    writeConfig(machine, config)
  })
}

/** Changes the file and nothing else: a storage is not activated, nor its server asked for (facts, proxmox-tools.md). */
export function setStorage(machine: Surroundings, voice: Voice, given: Parameters): void {
  const id = take(given, 'storage')
  const digest = given.get('digest')
  const drop = splitList(given.get('delete') ?? '')
  given.delete('digest')
  given.delete('delete')
  attempt('update', () => {
    const config = readConfig(machine, voice)
    if (digest !== undefined && digest !== '' && digest !== config.digest) {
      throw new Refusal('detected modified configuration - file changed by other user? Try again.\n')
    }
    const section = sectionNamed(config, id)
    const secrets = takeSecrets(section.type, given, drop)
    for (const name of given.keys()) {
      if (section.type.options.get(name)?.fixed) throw new Refusal(`can't change value of fixed parameter '${name}'\n`)
    }
    const values = decodeAll(section.type, given, voice)
    deleteProperties(section, values, drop)
    keepSecrets(machine, voice, { ...section, values }, secrets)
    for (const [name, value] of values) section.values.set(name, value)
    warnOfMkdir(voice, section)
    writeConfig(machine, config)
  })
}

/** Looks at no volume and no guest: data, folders, mounts and what guests' configurations say stay as they are. */
export function removeStorage(machine: Surroundings, voice: Voice, given: Parameters): void {
  const id = take(given, 'storage')
  attempt('delete', () => {
    const config = readConfig(machine, voice)
    const section = sectionNamed(config, id)
    if (isBase(config, id)) {
      throw new Refusal("can't remove storage - storage is used as base of another storage\n")
    }
    forgetSecrets(machine, section)
    config.sections.delete(id)
    writeConfig(machine, config)
  })
}

const take = (given: Parameters, name: string): string => {
  const value = given.get(name) ?? ''
  given.delete(name)
  return value
}

function attempt(verb: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(`${verb} storage failed: ${error.message}`)
    throw error
  }
}

const isBase = (config: Config, id: string): boolean =>
  [...config.sections.values()].some((section) => textOf(section, 'base')?.startsWith(`${id}:`))

function deleteProperties(section: Section, changed: Section['values'], names: readonly string[]): void {
  for (const name of names) {
    const option = section.type.options.get(name)
    if (option === undefined) throw new Refusal(`no such option '${name}'\n`)
    if (option.required) throw new Refusal(`unable to delete required option '${name}'\n`)
    if (option.fixed) throw new Refusal(`unable to delete fixed option '${name}'\n`)
    if (changed.has(name)) throw new Refusal(`cannot set and delete property '${name}' at the same time!\n`)
    section.values.delete(name)
  }
}

/** zfspool writes the dataset's mount point into the section, unasked; a failure to read it is no error (n=5, n=10). */
function recordMountpoint(machine: Surroundings, voice: Voice, section: Section): void {
  const live = mountpointOf(machine, voice, textOf(section, 'pool') ?? '')
  const told = textOf(section, 'mountpoint')
  if (told === undefined) {
    if (live !== null) section.values.set('mountpoint', live)
  } else if (live !== null && live !== told) {
    voice.warn(`warning for ${section.id} - mountpoint: ${told} does not match current mount point: ${live}\n`)
  }
}

function mountpointOf(machine: Surroundings, voice: Voice, dataset: string): string | null {
  try {
    const [value] = zfs(machine, voice, ['zfs', 'get', '-o', 'value', '-Hp', 'mountpoint', dataset]).split('\n')
    return value !== undefined && absolutePath(value) === null ? value : null
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

function warnOfMkdir(voice: Voice, section: Section): void {
  if (!section.values.has('mkdir')) return
  voice.warn(
    `NOTE: The 'mkdir' option set for '${section.id}' is deprecated and will be removed in Proxmox VE 9. ` +
      "Use 'create-base-path' or 'create-subdirs' instead.\n",
  )
}

/** Secrets by property; null is one to forget. They never reach the section. */
type Secrets = Map<string, string | null>

function takeSecrets(type: StorageType, given: Parameters, drop: string[]): Secrets {
  const secrets: Secrets = new Map()
  for (const name of type.options.keys()) {
    if (properties[name]?.secret !== true) continue
    const value = given.get(name)
    if (value !== undefined) secrets.set(name, value)
    given.delete(name)
    const at = drop.indexOf(name)
    if (at >= 0) {
      drop.splice(at, 1)
      secrets.set(name, null)
    }
  }
  return secrets
}

const suffixes: Readonly<Record<string, string>> = {
  password: 'pw',
  'encryption-key': 'enc',
  'master-pubkey': 'master.pem',
}
const secretFile = (id: string, name: string): string => `/etc/pve/priv/storage/${id}.${suffixes[name] ?? name}`

function keepSecrets(machine: Surroundings, voice: Voice, section: Section, secrets: Secrets): void {
  for (const [name, value] of secrets) {
    const file = secretFile(section.id, name)
    if (value === null) {
      machine.remove(file)
      continue
    }
    if (section.type.name === 'cifs' && !section.values.has('username')) {
      voice.warn(`storage ${section.id}: ignoring password parameter, no user set\n`) // and yet kept: n=216
    }
    machine.writeFile(file, secretText(section.type.name, value), 0o600)
  }
}

function secretText(type: string, value: string): string {
  if (type === 'cifs') return `password=${value}\n`
  return type === 'esxi' ? value : `${value}\n`
}

function forgetSecrets(machine: Surroundings, section: Section): void {
  for (const name of Object.keys(suffixes)) {
    if (section.type.options.has(name)) machine.remove(secretFile(section.id, name))
  }
}
