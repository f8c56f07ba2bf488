/** A declared pool that isn't imported: imported, made, or refused. */
import type { DeclaredPool } from '../../config/zfs.ts'
import type { Change, Comparison, FieldChange, Look, Refusal } from '../../engine/resource.ts'
import { contentDigest, contentText, isBlank, isHalfMade, typedFor } from '../disk/content.ts'
import { type ImportablePool, importableProbe } from '../probes/importable.ts'
import { plural } from '../size.ts'
import { asLookedAt, createStep, poolText, wipeAll } from './create.ts'
import { disksToTake } from './disks.ts'
import { compareLayout, declaredGroups, layoutFields, liveGroups } from './layout.ts'

const only = (part: Partial<Comparison>): Comparison => ({ changes: [], refusals: [], notes: [], live: null, ...part })

/** `begun`: a run of phx was about to make this pool and was cut off, so what it left half made is its own. */
export async function compareAbsent(
  look: Look,
  id: string,
  pool: DeclaredPool,
  all: readonly DeclaredPool[],
  begun: boolean,
): Promise<Comparison> {
  const namesakes = (await look.at(importableProbe)).filter((one) => one.name === pool.name)
  const [namesake] = namesakes
  if (namesake)
    return only(await compareExported(look, id, { ...pool, import: pool.import || begun }, namesake, namesakes.length))

  const { refusals, contents } = await disksToTake(look, id, pool, all, null)
  if (refusals.length > 0) return only({ refusals })
  const blocked = await blockedMountpoint(look, id, pool)
  if (blocked) return only({ refusals: [blocked] })

  const dirty = contents.filter((content) => !isBlank(content) && !(begun && isHalfMade(content)))
  const create = createStep(pool)
  const fields = [...layoutFields(await declaredGroups(look, pool.vdevs), []), ...propertyFields(pool)]
  if (dirty.length === 0) {
    const change: Change = {
      resource: id,
      action: 'create',
      risk: 'safe',
      summary: `create ${poolText(pool)}`,
      fields,
      steps: [create],
      undo: { commands: [['zpool', 'destroy', pool.name]] },
    }
    return only({ changes: [change] })
  }
  const change: Change = {
    resource: id,
    action: 'create',
    risk: 'destructive',
    summary: `create ${poolText(pool)}, wiping ${plural(dirty.length, 'disk')} with data`,
    fields,
    steps: [...asLookedAt(dirty), ...wipeAll(dirty), create],
    loss: {
      victims: dirty.map(contentText),
      // One disk's serial would agree to the loss of the others too.
      typed: dirty.length === 1 ? [...new Set([...typedFor(dirty), pool.name])] : [pool.name],
      identity: `disks ${dirty
        .map(({ found }) => found.identity)
        .sort()
        .join(', ')} with content ${contentDigest(dirty)}`,
    },
    undo: { impossible: 'what was on the disks is gone' },
  }
  return only({ changes: [change] })
}

const propertyFields = (pool: DeclaredPool): FieldChange[] =>
  [...Object.entries(pool.poolProperties), ...Object.entries(pool.rootProperties)].map(([field, to]) => {
    return { field, from: null, to }
  })

/** A pool of that name that isn't imported is never created over; it is imported when the config says so and it is the one. */
async function compareExported(
  look: Look,
  id: string,
  pool: DeclaredPool,
  exported: ImportablePool,
  count: number,
): Promise<Partial<Comparison>> {
  const { name } = pool
  const refuse = (why: string, mend: readonly string[], fields: Refusal['fields'] = []): Partial<Comparison> => ({
    refusals: [{ resource: id, why, fields, mend }],
  })
  const aside = `or give it another name: zpool import -d /dev/disk/by-id ${exported.guid} ${name}-old`
  if (count > 1) {
    return refuse(`${count} pools called ${name} exist and none is imported: phx can't tell which is meant`, [
      'list them: zpool import',
      `import the right one by its id: zpool import -d /dev/disk/by-id ID ${name}`,
    ])
  }
  if (exported.state !== 'ONLINE' && exported.state !== 'DEGRADED') {
    return refuse(
      `pool ${name} exists, isn't imported, and can't be now: ${exported.state}, ${exported.status ?? 'no reason given'}`,
      [
        'see which disks are missing: zpool import',
        'connect them and run phx plan again; phx never makes a pool over one of the same name',
      ],
    )
  }
  if (/last accessed by another system/.test(exported.status ?? '')) {
    return refuse(`pool ${name} exists, isn't imported, and was last used by another system`, [
      'make sure that no other host uses its disks now, then import it by hand:',
      `zpool import -f -d /dev/disk/by-id ${exported.guid}`,
    ])
  }
  // Cache disks and spares don't carry the pool's layout, and the listing need not show them.
  const kept = (group: { role: string }): boolean => group.role !== 'cache' && group.role !== 'spare'
  const declared = (await declaredGroups(look, pool.vdevs)).filter(kept)
  const live = (await liveGroups(look, exported.vdevs)).filter(kept)
  const difference = compareLayout(declared, live)
  const matches = difference.declared.length === 0 && difference.live.length === 0
  if (!matches) {
    return refuse(
      `a pool called ${name} exists and isn't imported, and it is not the declared one (its id is ${exported.guid})`,
      ['look at it: zpool import', aside],
      layoutFields(declared, live),
    )
  }
  if (!pool.import) {
    return refuse(`pool ${name} exists but isn't imported: phx never makes a pool over one of the same name`, [
      `import it: zpool import -d /dev/disk/by-id ${exported.guid}`,
      'or let phx do so: "import": true in the pool\'s section of the config',
      aside,
    ])
  }
  const search = pool.vdevs.flatMap((vdev) => vdev.disks).every((path) => path.startsWith('/dev/disk/by-id/'))
  const change: Change = {
    resource: id,
    action: 'run',
    risk: 'safe',
    summary: `import pool ${name} (id ${exported.guid}, ${exported.state})`,
    fields: [{ field: 'imported', from: false, to: true }],
    // By its id: the name could by then be another pool's.
    steps: [
      { kind: 'command', argv: ['zpool', 'import', ...(search ? ['-d', '/dev/disk/by-id'] : []), exported.guid] },
    ],
    undo: { commands: [['zpool', 'export', name]] },
    reveals: true,
  }
  const text = `the datasets of pool ${name} can be seen only once it is imported; they are compared then`
  return { changes: [change], notes: [{ resource: id, level: 'info', text }] }
}

/** `zpool create` refuses a mount point that isn't empty, with -f too (seen: zfs.jsonl scene 40). */
async function blockedMountpoint(look: Look, id: string, pool: DeclaredPool): Promise<Refusal | undefined> {
  const place = pool.rootProperties.mountpoint ?? `/${pool.name}`
  if (!place.startsWith('/')) return undefined
  const inside = (await look.reader.listDir(place)) ?? []
  if (inside.length === 0) return undefined
  const shown = inside.slice(0, 3).join(', ')
  return {
    resource: id,
    why: `pool ${pool.name} can't be made: its mount point ${place} is not empty (${shown}${inside.length > 3 ? ', …' : ''})`,
    fields: [],
    mend: [
      `see what is in it: ls -la ${place}`,
      'move that away, or declare another mountpoint in filesystem_properties',
    ],
  }
}
