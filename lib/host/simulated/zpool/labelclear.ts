/** `zpool labelclear`, and `zdb -l`, which shows what it would clear. */
import { type BlockDevice, findDevice, settleVolumes } from '../devices.ts'
import type { Pool, SimState, Vdev } from '../model.ts'
import { answer, NotSimulated, type Tool, type ToolAnswer } from '../tool.ts'
import { heldBy, readableLabel, useOfLabel } from './labels.ts'
import { isAnswer, parseOptions, usageError } from './options.ts'
import { metaslabShift, rawSpace } from './sizes.ts'
import { allLeaves, firstPartition, kernelType, parity, searchFolders, topLevels } from './tree.ts'

export function labelclear(state: SimState, args: readonly string[]): ToolAnswer {
  const parsed = parseOptions('labelclear', args, 'f')
  if (isAnswer(parsed)) return parsed
  const [given, further] = parsed.names
  if (given === undefined) return usageError('labelclear', 'missing vdev name')
  if (further !== undefined) return usageError('labelclear', 'too many arguments')
  settleVolumes(state)
  const found = open(state, given)
  if ('error' in found) return answer(1, '', found.error)
  const { device, path } = found
  const label = device.content.label?.intact === true ? readableLabel(device) : null
  // A disk given to ZFS whole carries its label in the first partition, not here (zfs.jsonl scene 53).
  if (label === null) return answer(255, '', `failed to clear label for ${path}\n`)
  const use = useOfLabel(state, label)
  const force = parsed.flags.has('f')
  if (use?.is === 'exported' || use?.is === 'potentially active') {
    if (!force) {
      return answer(
        1,
        '',
        `use '-f' to override the following error:\n${path} is a member of ${use.is} pool "${use.pool}"\n`,
      )
    }
  } else if (use !== null && !(force && heldBy(state, device) === undefined)) {
    const role = { active: 'ACTIVE', spare: 'SPARE', cache: 'L2CACHE' }[use.is]
    const hint = force ? '. Offline the disk first to clear its label.' : ''
    return answer(1, '\n', `${path} is a member (${role}) of pool "${use.pool}"${hint}`)
  }
  device.content.label = null
  return answer(0)
}

function open(state: SimState, given: string): { device: BlockDevice; path: string } | { error: string } {
  const direct = findDevice(state, given)
  if (direct !== undefined) return { device: direct, path: given }
  if (given.startsWith('/')) return { error: `failed to open ${given}: No such file or directory\n` }
  for (const folder of searchFolders) {
    const path = `${folder}/${given}`
    const device = findDevice(state, path)
    if (device === undefined) continue
    const inner = device.partition === null ? findDevice(state, firstPartition(path)) : device
    if (inner !== undefined) return { device: inner, path: inner === device ? path : firstPartition(path) }
  }
  return { error: `failed to find device ${given}, try specifying absolute path instead\n` }
}

/** Only `-l DEVICE`: the labels of a device (zfs.jsonl scene 114). */
export const zdb: Tool = (state, { args }) => {
  const [option, path, further] = args
  if (option !== '-l' || path === undefined || further !== undefined) throw new NotSimulated(`zdb ${args.join(' ')}`)
  const device = findDevice(state, path)
  if (device === undefined) return answer(1, '', `cannot open '${path}': No such file or directory\n`)
  if (device.disk?.readErrors === true)
    return answer(2, [0, 1, 2, 3].map((copy) => `failed to read label ${copy}\n`).join(''))
  const label = readableLabel(device)
  const pool = label === null ? undefined : state.pools.find((each) => each.guid === label.poolGuid)
  const leaf =
    label === null || pool === undefined ? undefined : allLeaves(pool).find((each) => each.guid === label.vdevGuid)
  if (label === null || pool === undefined || leaf === undefined) {
    return answer(2, [0, 1, 2, 3].map((copy) => `failed to unpack label ${copy}\n`).join(''))
  }
  const numbers = { active: 0, exported: 1, destroyed: 2, detached: 2 }
  const role = label.role === 'spare' ? 3 : label.role === 'cache' ? 4 : numbers[label.state ?? 'active']
  const lines = [
    'version: 5000',
    ...(label.role === 'data' ? [`name: '${pool.name}'`] : []),
    `state: ${role}`,
    ...(label.role === 'data' ? dataLines(pool, leaf, label.txg ?? 0, label.host) : [`guid: ${leaf.guid}`]),
  ]
  const bar = '------------------------------------\nLABEL 0 \n------------------------------------\n'
  return answer(
    0,
    `${bar}${lines.map((line) => `    ${line}\n`).join('')}    labels = ${(label.copies ?? [0, 1, 2, 3]).join(' ')} \n`,
  )
}

function dataLines(pool: Pool, leaf: Vdev, txg: number, host: { id: string; name: string } | undefined): string[] {
  const top = topLevels(pool).find((each) => each === leaf || each.children.some((child) => child === leaf)) ?? leaf
  const space = top.asize ?? rawSpace(top)
  return [
    `txg: ${txg}`,
    `pool_guid: ${pool.guid}`,
    'errata: 0',
    'min_alloc: 512',
    'max_alloc: 512',
    ...(host === undefined ? [] : [`hostid: ${Number.parseInt(host.id, 16)}`, `hostname: '${host.name}'`]),
    `top_guid: ${top.guid}`,
    `guid: ${leaf.guid}`,
    `vdev_children: ${topLevels(pool).length}`,
    'vdev_tree:',
    `    type: '${kernelType(top)}'`,
    `    id: ${top.id ?? 0}`,
    `    guid: ${top.guid}`,
    ...(parity(top) > 0 ? [`    nparity: ${parity(top)}`] : []),
    ...(top === leaf ? [`    path: '${leaf.path}'`, `    whole_disk: ${leaf.wholeDisk ? 1 : 0}`] : []),
    '    metaslab_array: 64',
    `    metaslab_shift: ${top.metaslabShift ?? metaslabShift(space)}`,
    `    ashift: ${top.ashift}`,
    `    asize: ${space}`,
    '    min_alloc: 512',
    '    is_log: 0',
    '    create_txg: 4',
    ...top.children.flatMap((child, at) => [
      `    children[${at}]:`,
      `        type: '${kernelType(child)}'`,
      `        id: ${at}`,
      `        guid: ${child.guid}`,
      `        path: '${child.path}'`,
      `        whole_disk: ${child.wholeDisk ? 1 : 0}`,
      '        create_txg: 4',
    ]),
    'features_for_read:',
    '    com.delphix:hole_birth',
    '    com.delphix:embedded_data',
    '    com.klarasystems:vdev_zaps_v2',
  ]
}
