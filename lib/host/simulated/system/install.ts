/** What dpkg does when it installs and removes: files, units, postinst. */
import { makeFolders, parentOf, writeText } from '../filesystem.ts'
import type { SimState } from '../model.ts'
import { allPackages, candidateOf, findUnit, isInstalled } from './catalogue.ts'
import { startUnit, stopUnit } from './units.ts'

/** The packages that would come along, those that are needed first. */
export function withDependencies(state: SimState, names: readonly string[]): string[] {
  const order: string[] = []
  const visit = (name: string): void => {
    if (order.includes(name) || isInstalled(state, name)) return
    for (const needed of allPackages().get(name)?.depends ?? []) visit(needed)
    order.push(name)
  }
  for (const name of names) visit(name)
  return order
}

/** Debian enables and starts what a package brings as soon as it is set up (deb-systemd-helper(1p)); an upgrade restarts it. */
export function setUp(state: SimState, name: string): void {
  const one = allPackages().get(name)
  const isNew = state.packages?.[name]?.status !== 'installed'
  state.packages ??= {}
  state.packages[name] = { version: candidateOf(state, name) ?? '0', status: 'installed' }
  for (const [path, content] of Object.entries(one?.files ?? {})) {
    makeFolders(state, path.endsWith('/') ? path.slice(0, -1) : parentOf(path))
    if (!path.endsWith('/') && state.files[path] === undefined) writeText(state, path, content)
  }
  one?.postinst?.(state)
  for (const unit of one?.units ?? []) {
    const found = findUnit(state, unit)
    if (!found || !isNew) continue
    const before = state.units?.[found.name]
    state.units ??= {}
    // Someone's own setting outlives a removal.
    state.units[found.name] = before ?? { enabled: !found.isStatic, active: false }
    if (before?.masked !== true) startUnit(state, found)
  }
}

/** Those that can't be without it. */
export function withDependents(state: SimState, names: readonly string[]): string[] {
  const gone = new Set(names)
  for (let size = 0; size !== gone.size; ) {
    size = gone.size
    for (const [name, { depends = [] }] of allPackages())
      if (isInstalled(state, name) && depends.some((needed) => gone.has(needed))) gone.add(name)
  }
  return [...gone]
}

/** `remove` leaves the configuration, `purge` doesn't. */
export function takeAway(state: SimState, name: string, purge: boolean): void {
  const one = allPackages().get(name)
  const version = state.packages?.[name]?.version ?? ''
  for (const unit of one?.units ?? []) {
    const found = findUnit(state, unit)
    if (found) stopUnit(state, found)
  }
  const files = Object.keys(one?.files ?? {}).filter((path) => !path.endsWith('/'))
  state.packages ??= {}
  const leavesFiles = !purge && files.length > 0
  state.packages[name] = leavesFiles ? { version, status: 'config-files' } : { version: '', status: 'not-installed' }
  if (!purge) return
  for (const path of files) delete state.files[path]
  for (const unit of one?.units ?? []) delete state.units?.[unit]
}
