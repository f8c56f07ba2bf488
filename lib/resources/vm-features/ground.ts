/** Things that live on a dataset: made only while it is mounted, never in the empty folder underneath. */
import type { PathGround } from '../../config/path-ground.ts'
import type { Change, Comparison, Foreseen, Look, Probe, Refusal, Step } from '../../engine/resource.ts'
import { datasetId } from '../dataset/dataset.ts'
import { propertiesByName } from '../probes/ask.ts'
import { carrierOf, mountsProbe, parseMounts } from '../probes/mounts.ts'
import { poolId } from '../zpool/pool.ts'

type Standing = { readonly is: 'mounted' | 'coming' | 'new' } | { readonly is: 'away'; readonly why: string }

const carries = (ground: PathGround, source: string | undefined): boolean => source === ground.dataset

/** Asked only of a dataset that is not mounted. */
function willMountProbe({ dataset, at, placedBy }: PathGround): Probe<Standing> {
  const argv = ['zfs', 'get', '-Hp', '-o', 'name,property,value,source', 'canmount,keystatus,mountpoint', dataset]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      const { exitCode, stdout, stderr } = await reader.query(argv)
      if (exitCode !== 0) return { is: 'away', why: stderr.trim() || 'zfs could not be asked' }
      const values = propertiesByName(stdout).get(dataset)
      if (values?.get('keystatus')?.value === 'unavailable') return { is: 'away', why: 'its key is not loaded' }
      const canmount = values?.get('canmount')?.value
      if (canmount !== 'on') return { is: 'away', why: `its property canmount is ${canmount}` }
      const { value: place, source } = values?.get('mountpoint') ?? { value: '', source: '' }
      // A mountpoint that nobody declares is others': the zfs task leaves it.
      const isLeft = placedBy === null || (placedBy !== dataset && source === 'local')
      if (place !== at && isLeft) return { is: 'away', why: `its property mountpoint is ${place}` }
      // The zfs task, which goes before, mounts it and sets its mount point right.
      return { is: 'coming' }
    },
  }
}

async function standing(look: Look, foreseen: Foreseen, ground: PathGround, path: string): Promise<Standing> {
  if (foreseen.isMadeAnew(poolId(ground.pool)) || foreseen.isMadeAnew(datasetId(ground.dataset))) return { is: 'new' }
  const carrier = carrierOf(await look.at(mountsProbe), path)
  return carries(ground, carrier?.source) ? { is: 'mounted' } : look.at(willMountProbe(ground))
}

/** The first step of every change: between the look and the change the dataset may have gone. */
export function isMounted(ground: PathGround, path: string): Step {
  return {
    kind: 'verify',
    what: `${path} lies on ${ground.dataset}`,
    mend: [`see why it is not mounted: zfs get mounted,canmount,mountpoint,keystatus ${ground.dataset}`],
    async check(reader) {
      const carrier = carrierOf(parseMounts((await reader.readFile('/proc/mounts')) ?? ''), path)
      if (carries(ground, carrier?.source)) return undefined
      return `${ground.dataset} is not mounted at ${ground.at}: it would be written on ${carrier?.source ?? 'the root disk'}`
    },
  }
}

interface OnDataset {
  /** Id of the resource. */
  readonly id: string
  readonly path: string
  readonly ground: PathGround
  /** What is to be done, for the plan of a dataset that can't be looked into yet. */
  readonly summary: string
  /** The change on a dataset that is about to be made, and so has nothing in it; where that can be known beforehand. */
  readonly ifNew?: () => Change
}

/** What `compare` finds on the mounted dataset; otherwise what will be done once it is, or a refusal. */
export async function onDataset(
  look: Look,
  foreseen: Foreseen,
  { id, path, ground, summary, ifNew }: OnDataset,
  compare: () => Promise<Comparison>,
): Promise<Comparison> {
  const now = await standing(look, foreseen, ground, path)
  if (now.is === 'mounted') return compare()
  if (now.is === 'new' && ifNew) return { changes: [ifNew()], refusals: [], notes: [], live: undefined }
  if (now.is === 'away')
    return { changes: [], refusals: [notMounted(id, ground, path, now.why)], notes: [], live: undefined }
  // An update, since nobody knows yet whether it is there: looked at again before anything is done.
  const change = {
    resource: id,
    action: 'update' as const,
    risk: 'safe' as const,
    summary: `${summary}, once ${ground.dataset} is mounted`,
    fields: [],
    steps: [isMounted(ground, path)],
    undo: { commands: [] },
  }
  return { changes: [change], refusals: [], notes: [], live: undefined }
}

function notMounted(id: string, { dataset, at }: PathGround, path: string, why: string): Refusal {
  return {
    resource: id,
    why: `${dataset} is not mounted at ${at} (${why}): ${path} would be written on the disk underneath`,
    fields: [],
    mend: [`see zfs get mounted,canmount,mountpoint,keystatus ${dataset}`, `then: zfs mount ${dataset}`],
  }
}
