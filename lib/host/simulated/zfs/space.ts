/**
 * Used, available, referenced: the accounting of dsl_dir.c and dsl_dataset.c over what the datasets hold. A dataset's
 * `used` in the model is what was written into it; the empty one's own size comes on top.
 */
import type { Dataset, Pool } from '../model.ts'
import { poolUsable } from '../zpool/sizes.ts'
import { isHead, parentOf, snapshotsOf } from './tree.ts'

export interface Space {
  readonly used: number
  readonly available: number
  readonly referenced: number
  readonly bySnapshots: number
  readonly byDataset: number
  readonly byChildren: number
  readonly byRefreservation: number
}

const MiB = 1024 * 1024

/** Bytes of an empty dataset by the pool's sector size: 512 B (scenes 1 and 77), 4 KiB. */
const emptySize = { small: { filesystem: 24576, volume: 12288 }, large: { filesystem: 98304, volume: 57344 } }
/** What the pool itself needs, counted among the children of its root (scene 1). */
const overhead = { small: 87552, large: 350208 }

/** What file systems can use: the pool without parity and the slop of 1/32, at least 128 MiB (spa_get_slop_space). */
function usableBytes(pool: Pool): number {
  const space = poolUsable(pool)
  const least = Math.min(Math.floor(space / 2), 128 * MiB)
  return space - Math.max(Math.min(Math.floor(space / 32), 128 * 1024 * MiB), least)
}

const sectors = (pool: Pool): 'small' | 'large' => ((pool.data[0]?.ashift ?? 12) > 9 ? 'large' : 'small')

const figure = (dataset: Dataset, name: string): number => Number(dataset.properties[name] ?? 0)

/** What its snapshot or head points at. */
export function referenced(pool: Pool, dataset: Dataset): number {
  if (dataset.type === 'snapshot' || dataset.type === 'bookmark') return dataset.used
  return emptySize[sectors(pool)][dataset.type] + dataset.used
}

interface Node {
  readonly dataset: Dataset
  readonly children: readonly Node[]
  readonly used: number
  readonly unique: number
  readonly bySnapshots: number
  readonly byRefreservation: number
  readonly byChildren: number
}

/** The figures of all datasets of a pool, computed once for a call. */
export function spaceOf(pool: Pool): Map<string, Space> {
  const tree = nodesOf(pool)
  const spaces = new Map<string, Space>()
  if (tree === null) return spaces
  const walk = (node: Node, fromParent: number): void => {
    const left = leftIn(node, fromParent)
    const { dataset } = node
    spaces.set(dataset.name, {
      used: node.used,
      available: Math.max(0, availableTo(pool, node, left)),
      referenced: referenced(pool, dataset),
      bySnapshots: node.bySnapshots,
      byDataset: referenced(pool, dataset),
      byChildren: node.byChildren,
      byRefreservation: node.byRefreservation,
    })
    for (const child of node.children) walk(child, left)
  }
  walk(tree, usableBytes(pool) - tree.used)
  return spaces
}

/** dsl_dir_space_available: what a dataset and those below it may still take. */
function leftIn(node: Node, fromParent: number): number {
  const quota = figure(node.dataset, 'quota')
  const left = fromParent + Math.max(0, figure(node.dataset, 'reservation') - node.used)
  return quota > 0 ? Math.max(0, Math.min(quota - node.used, left)) : left
}

/** dsl_dataset_space: its own refreservation counts for it, its refquota against it. */
function availableTo(pool: Pool, node: Node, left: number): number {
  const free = left + Math.max(0, figure(node.dataset, 'refreservation') - node.unique)
  const refquota = figure(node.dataset, 'refquota')
  return refquota > 0 ? Math.min(free, refquota - referenced(pool, node.dataset)) : free
}

function nodesOf(pool: Pool): Node | null {
  const children = new Map<string, Dataset[]>()
  const snapshots = new Map<string, Dataset[]>()
  for (const dataset of pool.datasets) {
    const parent = parentOf(dataset.name)
    if (parent === null) continue
    if (dataset.type === 'snapshot') snapshots.set(parent, [...(snapshots.get(parent) ?? []), dataset])
    else if (isHead(dataset)) {
      const siblings = children.get(parent)
      if (siblings === undefined) children.set(parent, [dataset])
      else siblings.push(dataset)
    }
  }
  const build = (dataset: Dataset): Node => {
    const below = (children.get(dataset.name) ?? []).map(build)
    const own = referenced(pool, dataset)
    const kept = Math.max(0, ...(snapshots.get(dataset.name) ?? []).map((snapshot) => snapshot.used))
    const unique = Math.max(0, own - kept)
    const bySnapshots = Math.max(0, kept - own)
    const byRefreservation = Math.max(0, figure(dataset, 'refreservation') - unique)
    const reserved = below.reduce(
      (sum, { dataset: child, used }) => sum + Math.max(used, figure(child, 'reservation')),
      0,
    )
    const byChildren = reserved + (dataset.name === pool.name ? overhead[sectors(pool)] : 0)
    const used = own + bySnapshots + byRefreservation + byChildren
    return { dataset, children: below, used, unique, bySnapshots, byRefreservation, byChildren }
  }
  const root = pool.datasets.find((dataset) => dataset.name === pool.name)
  return root === undefined ? null : build(root)
}

/** What only this snapshot holds: with the last one, data that the head has since dropped. */
export function snapshotUsed(pool: Pool, snapshot: Dataset): number {
  const head = pool.datasets.find((dataset) => dataset.name === parentOf(snapshot.name))
  const last = head && snapshotsOf(pool, head.name).at(-1)
  return head && last === snapshot ? Math.max(0, snapshot.used - referenced(pool, head)) : 0
}

/** Properties that the kernel may refuse for want of space. */
export const limits = ['quota', 'refquota', 'reservation', 'refreservation']

/** Whether a quota or reservation can be had (the `_check` functions of dsl_dir.c and dsl_dataset.c); the kernel says ENOSPC. */
export function fits(pool: Pool, dataset: Dataset, name: string, wanted: number): boolean {
  if (!limits.includes(name)) return true
  const spaces = spaceOf(pool)
  const space = spaces.get(dataset.name)
  if (space === undefined) return true
  const unique =
    figure(dataset, 'refreservation') > 0
      ? figure(dataset, 'refreservation') - space.byRefreservation
      : space.referenced
  switch (name) {
    case 'quota':
      return wanted === 0 || (wanted >= figure(dataset, 'reservation') && wanted >= space.used)
    case 'refquota':
      return wanted === 0 || (wanted >= space.referenced && wanted >= figure(dataset, 'refreservation'))
    case 'reservation': {
      const parent = parentOf(dataset.name)
      const free = parent === null ? usableBytes(pool) - space.used : dirAvailable(pool, parent)
      const more = Math.max(space.used, wanted) - Math.max(space.used, figure(dataset, 'reservation'))
      const quota = figure(dataset, 'quota')
      return more <= 0 || (more <= free && (quota === 0 || wanted <= quota))
    }
    case 'refreservation': {
      const more = Math.max(unique, wanted) - Math.max(unique, figure(dataset, 'refreservation'))
      const refquota = figure(dataset, 'refquota')
      return more <= 0 || (more <= dirAvailable(pool, dataset.name) && (refquota === 0 || wanted <= refquota))
    }
    default:
      return true
  }
}

/** dsl_dir_space_available of one dataset. */
export function dirAvailable(pool: Pool, name: string): number {
  const tree = nodesOf(pool)
  if (tree === null) return 0
  let node: Node | undefined = tree
  let left = leftIn(tree, usableBytes(pool) - tree.used)
  while (node !== undefined && node.dataset.name !== name) {
    node = node.children.find(({ dataset: { name: at } }) => name === at || name.startsWith(`${at}/`))
    if (node !== undefined) left = leftIn(node, left)
  }
  return left
}
