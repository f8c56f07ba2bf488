/** The packages and units that the areas bring, as one list each. */
import type { SimPackage, SimUnit } from '../area.ts'
import { areas } from '../areas.ts'
import { fstabUnit } from '../disk-tools/fstab.ts'
import type { SimState } from '../model.ts'
import { transientUnit } from './transient.ts'

function merge(one: SimPackage, other: SimPackage): SimPackage {
  const both = <T>(first: readonly T[] = [], second: readonly T[] = []): T[] => [...new Set([...first, ...second])]
  return {
    ...other,
    ...one,
    depends: both(one.depends, other.depends),
    tools: both(one.tools, other.tools),
    units: both(one.units, other.units),
    files: { ...other.files, ...one.files },
    ...(one.preinstalled || other.preinstalled ? { preinstalled: true } : {}),
    postinst(state) {
      other.postinst?.(state)
      one.postinst?.(state)
    },
  }
}

let packages: ReadonlyMap<string, SimPackage> | undefined

/** By name; two areas may each say a part of what a package brings. */
export function allPackages(): ReadonlyMap<string, SimPackage> {
  if (packages) return packages
  const found = new Map<string, SimPackage>()
  for (const area of areas) {
    for (const [name, one] of Object.entries(area.packages ?? {})) {
      const before = found.get(name)
      found.set(name, before ? merge(before, one) : one)
    }
  }
  packages = found
  return found
}

/** The newest version in the archive. */
export const candidateOf = (state: SimState, name: string): string | undefined =>
  state.system?.published?.[name] ?? allPackages().get(name)?.version

export const isInstalled = (state: SimState, name: string): boolean => state.packages?.[name]?.status === 'installed'

/** A unit that no package claims belongs to the base system. */
function isThere(state: SimState, unit: string): boolean {
  const claiming = [...allPackages()].filter(([, { units = [] }]) => units.includes(unit))
  return claiming.length === 0 || claiming.some(([name]) => isInstalled(state, name))
}

export interface FoundUnit {
  /** Its full first name. */
  readonly name: string
  readonly behaviour: SimUnit
  /** Where its unit file lies. */
  readonly path: string
  readonly isStatic: boolean
}

const unitSuffix = /\.(automount|service|socket|timer|target|mount|device|path|scope|slice)$/

/** systemctl takes a name without a suffix for a service (systemctl(1)). */
export const fullUnitName = (name: string): string => (unitSuffix.test(name) ? name : `${name}.service`)

/** A unit by any of its names, or undefined when the host has none. */
export function findUnit(state: SimState, asked: string): FoundUnit | undefined {
  const full = fullUnitName(asked)
  const own = unitFromFile(state, full)
  if (own) return own
  const mount = fstabUnit(state, full)
  if (mount) return { name: full, behaviour: mount, path: `/run/systemd/generator/${full}`, isStatic: true }
  for (const { units = {} } of areas) {
    for (const [name, behaviour] of Object.entries(units)) {
      if (name !== full && !behaviour.aliases?.includes(full)) continue
      if (!isThere(state, name)) continue
      return { name, behaviour, path: `/usr/lib/systemd/system/${name}`, isStatic: behaviour.static === true }
    }
  }
  return undefined
}

const ownFolders = ['/etc/systemd/system', '/run/systemd/transient', '/usr/lib/systemd/system']

/** The unit's file as it lies there now, which systemd may not have read yet. */
export function unitFile(state: SimState, name: string): { path: string; text: string } | undefined {
  const path = ownFolders.map((folder) => `${folder}/${name}`).find((one) => state.files[one]?.type === 'file')
  const text = path === undefined ? undefined : state.files[path]?.content
  return path === undefined || text === undefined ? undefined : { path, text }
}

/** A unit file that someone put on the host: what it would run is taken to succeed, but for /bin/false and what is no path. */
function unitFromFile(state: SimState, name: string): FoundUnit | undefined {
  const file = unitFile(state, name)
  if (file === undefined) return undefined
  const transient = transientUnit(state, name)
  if (transient) return { name, behaviour: transient, path: file.path, isStatic: true }
  const text = state.system?.unitFiles?.[name] ?? file.text
  const isOneshot = /^Type=oneshot$/m.test(text)
  const program = /^ExecStart=-?(\S+)/m.exec(text)?.[1] ?? '/bin/true'
  const start = (of: SimState): string | undefined => {
    const fails = /^(\/usr)?\/bin\/false$/.test(program) || !program.startsWith('/')
    if (!fails) return undefined
    if (isOneshot) return 'the control process exited with error code'
    // Started is done; that the program fails shows a moment later (scene 50).
    const record = of.units?.[name]
    if (record) Object.assign(record, { active: false, failed: 'the program failed' })
    return undefined
  }
  const behaviour: SimUnit = { ...(isOneshot ? { type: 'oneshot' } : {}), start }
  return { name, behaviour, path: file.path, isStatic: !/^(WantedBy|RequiredBy|UpheldBy|Alias|Also)=/m.test(text) }
}
