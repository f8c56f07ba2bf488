/** The packages and units that the areas bring, as one list each. */
import type { SimPackage, SimUnit } from '../area.ts'
import { areas } from '../areas.ts'
import type { SimState } from '../model.ts'

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

const unitSuffix = /\.(service|socket|timer|target|mount|device|path|scope|slice)$/

/** systemctl takes a name without a suffix for a service (systemctl(1)). */
export const fullUnitName = (name: string): string => (unitSuffix.test(name) ? name : `${name}.service`)

/** A unit by any of its names, or undefined when the host has none. */
export function findUnit(state: SimState, asked: string): FoundUnit | undefined {
  const full = fullUnitName(asked)
  const own = unitFromFile(state, full)
  if (own) return own
  for (const { units = {} } of areas) {
    for (const [name, behaviour] of Object.entries(units)) {
      if (name !== full && !behaviour.aliases?.includes(full)) continue
      if (!isThere(state, name)) continue
      return { name, behaviour, path: `/usr/lib/systemd/system/${name}`, isStatic: behaviour.static === true }
    }
  }
  return undefined
}

/** A unit file that someone put on the host: what it would run is taken to succeed, unless it is `/bin/false`. */
function unitFromFile(state: SimState, name: string): FoundUnit | undefined {
  const path = ['/etc/systemd/system', '/usr/lib/systemd/system'].map((folder) => `${folder}/${name}`)
  const at = path.find((one) => state.files[one]?.type === 'file')
  const text = at === undefined ? undefined : state.files[at]?.content
  if (at === undefined || text === undefined) return undefined
  const fails = /^ExecStart=-?(\/usr)?\/bin\/false$/m.test(text)
  const behaviour: SimUnit = {
    ...(/^Type=oneshot$/m.test(text) ? { type: 'oneshot' } : {}),
    ...(fails ? { start: () => 'the control process exited with error code' } : {}),
  }
  return { name, behaviour, path: at, isStatic: !/^(WantedBy|RequiredBy|UpheldBy|Alias|Also)=/m.test(text) }
}
