/** The config as one document, in whichever of its files a guest stands, and the way back to that file. */
import { isDeepStrictEqual } from 'node:util'
import type { Part, PartFinding, PartPlace } from './part.ts'
import type { Path } from './problem.ts'
import { atKey, error, Spot } from './spot.ts'

export interface Whole {
  readonly value: unknown
  readonly findings: readonly PartFinding[]
  /** Where that is which stands at a place of the whole. */
  placeOf(path: Path): PartPlace
}

export interface PartValue {
  readonly part: Part
  /** At its place in the whole config. */
  readonly value: unknown
}

/** The config itself, then its files of guests. */
export function wholeOf(main: PartValue, others: readonly PartValue[]): Whole {
  if (others.length === 0) return { value: main.value, findings: [], placeOf: (path) => ({ part: main.part, path }) }
  const all = [main, ...others]
  const vms = all.flatMap(({ part, value }) => {
    const listed = new Spot(value).get('guests', 'vms').items()
    return listed.map((spot) => ({ part, spot }))
  })
  const containers = united(all, 'lxc_configs', (id, one) =>
    atKey(error(one, `two guests have the id ${id}`, 'give one of them another id')),
  )
  const defaults = united(all, 'vm_defaults', (name, one, other) => {
    if (isDeepStrictEqual(one.value, other.value)) return undefined
    return error(one, `two files give ${name} in vm_defaults, and not the same`, 'say it in one of them')
  })
  const guests = {
    ...(new Spot(main.value).get('guests').value as object | undefined),
    ...(vms.length > 0 ? { vms: vms.map(({ spot }) => spot.value) } : {}),
    ...containers.members,
    ...defaults.members,
  }
  const { guest_files: _, ...rest } = main.value as Record<string, unknown>
  const placeOf = (path: Path): PartPlace => {
    const [section, kind, key, ...inner] = path
    const vm = section === 'guests' && kind === 'vms' ? vms[Number(key)] : undefined
    if (vm !== undefined) return { part: vm.part, path: [...vm.spot.path, ...inner] }
    const part = section === 'guests' ? [containers, defaults].find((map) => map.name === kind)?.partOf(key) : undefined
    return { part: part ?? main.part, path }
  }
  return { value: { ...rest, guests }, findings: [...containers.findings, ...defaults.findings], placeOf }
}

interface United {
  readonly name: string
  /** To be spread into the section: nothing when no file has such a map. */
  readonly members: Readonly<Record<string, object>>
  readonly findings: readonly PartFinding[]
  partOf(key: string | number | undefined): Part | undefined
}

/** The maps of that name made one; the first file that has a field keeps it, and `clash` judges the others. */
function united(
  all: readonly PartValue[],
  name: string,
  clash: (key: string, one: Spot, other: Spot) => PartFinding['finding'] | undefined,
): United {
  const kept = new Map<string, { part: Part; spot: Spot }>()
  const findings: PartFinding[] = []
  for (const { part, value } of all) {
    for (const [key, spot] of new Spot(value).get('guests', name).fields()) {
      const other = kept.get(key)
      if (other === undefined) kept.set(key, { part, spot })
      else {
        const finding = clash(key, spot, other.spot)
        const there = { part: other.part, path: other.spot.path }
        if (finding !== undefined) findings.push({ part, path: finding.path, finding, other: there })
      }
    }
  }
  const map = Object.fromEntries([...kept].map(([key, { spot }]) => [key, spot.value]))
  const isThere = all.some(({ value }) => new Spot(value).get('guests', name).isPresent)
  const members: Record<string, object> = isThere ? { [name]: map } : {}
  return { name, members, findings, partOf: (key) => kept.get(String(key))?.part }
}
