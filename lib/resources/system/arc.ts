/**
 * The upper limit of ZFS's cache (zfs(4), zfs_arc_max): for the next start a line in /etc/modprobe.d, in the initial RAM
 * disk too where ZFS is loaded from there, and now in /sys.
 */
import type {
  Change,
  Comparison,
  FieldChange,
  Lock,
  Look,
  Note,
  Refusal,
  Resource,
  Step,
} from '../../engine/resource.ts'
import { pending, rebuildInitramfs } from '../file/initramfs.ts'
import { header, lineChanges, settledSteps } from '../file/owned-file.ts'
import { type ArcNow, arcNowProbe, limitIn, limitsOfOthersProbe, type OtherLimit } from '../probes/arc.ts'

/** Options of one module from several files are put one after the other by the files' names, and the last counts (modprobe.d(5)); Proxmox VE's installer writes zfs.conf. */
export const arcFile = '/etc/modprobe.d/zz-phx-zfs.conf'
const parameters = '/sys/module/zfs/parameters'
const initramfsHook = '/usr/share/initramfs-tools/hooks/zfs'

/** Below it ZFS ignores the limit without a word (OpenZFS arc.c, arc_tuning_update). */
const smallest = 64 * 2 ** 20

const ours = header('zfs.arc_max_gb')
/** A limit that is not above the lower one is ignored too, and that is 1/32 of the memory unless told (zfs(4), zfs_arc_min). */
const minFor = (bytes: number, memory: number): number | undefined => (bytes <= memory / 32 ? bytes - 1 : undefined)

interface Limit {
  readonly max: number
  readonly min: number | undefined
}

const textOf = ({ max, min }: Limit): string =>
  `${[ours, ...(min === undefined ? [] : [`options zfs zfs_arc_min=${min}`]), `options zfs zfs_arc_max=${max}`].join(
    '\n',
  )}\n`

const gib = (bytes: number): string => (bytes === 0 ? "ZFS's own" : `${Math.round((bytes / 2 ** 30) * 100) / 100} GiB`)

export class ArcLimit implements Resource {
  readonly id = 'zfs-arc-max'
  readonly locks: readonly Lock[] = [{ name: 'initramfs', mode: 'exclusive' }]
  /** Bytes; 0 leaves it to ZFS; undefined: nothing is declared, and only phx's own line goes. */
  readonly #wanted: number | undefined

  constructor(wanted: number | undefined) {
    this.#wanted = wanted
  }

  async compare(look: Look): Promise<Comparison> {
    const text = await look.reader.readFile(arcFile)
    if (this.#wanted === undefined && text === undefined) return { changes: [], refusals: [], notes: [], live: null }
    const [now, others] = await Promise.all([look.at(arcNowProbe), look.at(limitsOfOthersProbe(arcFile))])
    const live = { atStart: limitIn(text ?? '') ?? null, now: now.parameter ?? null }
    const refusal = this.#refusal(now)
    if (refusal) return { changes: [], refusals: [refusal], notes: [], live }
    const limit = this.#limit(now.memory)
    // Without a line of phx's the others' hold, if there are any.
    const wantedNow = limit?.max ?? others.at(-1)?.bytes ?? 0
    const setting = settingSteps(now, wantedNow)
    const isWritten = text === (limit === undefined ? undefined : textOf(limit))
    const steps = [...(isWritten ? [] : await writingSteps(look, text ?? null, limit)), ...setting]
    const notes = this.#notes(others, limit)
    if (steps.length === 0) return { changes: [], refusals: [], notes, live }
    const fields: FieldChange[] = [
      ...(isWritten ? [] : lineChanges(text ?? '', limit === undefined ? '' : textOf(limit))),
      ...(setting.length === 0 ? [] : [{ field: 'now', from: now.max ?? now.parameter ?? null, to: wantedNow }]),
    ]
    return { changes: [this.#change(text, limit, wantedNow, now, fields, steps)], refusals: [], notes, live }
  }

  #limit(memory: number): Limit | undefined {
    const wanted = this.#wanted
    return wanted === undefined || wanted === 0 ? undefined : { max: wanted, min: minFor(wanted, memory) }
  }

  #change(
    text: string | undefined,
    limit: Limit | undefined,
    wantedNow: number,
    now: ArcNow,
    fields: readonly FieldChange[],
    steps: readonly Step[],
  ): Change {
    const isGone = text !== undefined && limit === undefined
    return {
      resource: this.id,
      action: isGone ? 'remove' : text === undefined && limit !== undefined ? 'create' : 'update',
      risk: 'safe',
      summary: `limit ZFS's cache in memory: ${gib(wantedNow)}`,
      fields,
      steps,
      undo:
        now.parameter === undefined
          ? { impossible: 'the journal has the former text' }
          : { commands: [argvOf('zfs_arc_max', now.parameter)] },
    }
  }

  #notes(others: readonly OtherLimit[], limit: Limit | undefined): Note[] {
    if (limit === undefined) return []
    return others
      .filter(({ bytes }) => bytes !== limit.max)
      .map((other) => ({
        resource: this.id,
        level: 'info',
        text: `${other.path} limits it to ${gib(other.bytes)}; phx's file is read after it and holds`,
      }))
  }

  #refusal({ memory }: ArcNow): Refusal | undefined {
    const wanted = this.#wanted ?? 0
    if (wanted === 0) return undefined
    const isLarge = memory > 0 && wanted >= memory
    if (!isLarge && wanted >= smallest) return undefined
    const why = isLarge ? `more than the host's memory, ${gib(memory)}` : 'less than 64 MiB'
    return {
      resource: this.id,
      why: `${gib(wanted)} for ZFS's cache is ${why}: ZFS would ignore it`,
      fields: [],
      mend: [`declare a ${isLarge ? 'smaller' : 'larger'} zfs.arc_max_gb, or 0 to leave it to ZFS`],
    }
  }
}

/** The script is fixed; value and place are its arguments. */
const argvOf = (name: string, bytes: number): string[] => [
  'sh',
  '-c',
  'echo "$1" >"$2"',
  'sh',
  String(bytes),
  `${parameters}/${name}`,
]

/** What ZFS takes at once; where it isn't loaded there is nothing to set. Going back to 0 changes the limit of now only with the next start. */
function settingSteps({ parameter, max, min }: ArcNow, wanted: number): Step[] {
  const isSo =
    parameter === undefined || (parameter === wanted && (wanted === 0 || max === undefined || max === wanted))
  if (isSo) return []
  const lower = wanted > 0 && min !== undefined && min >= wanted ? [argvOf('zfs_arc_min', wanted - 1)] : []
  return [...lower, argvOf('zfs_arc_max', wanted)].map((argv): Step => ({ kind: 'command', argv }))
}

/** The file, and the initial RAM disks with it where ZFS is loaded from them. */
async function writingSteps(look: Look, before: string | null, limit: Limit | undefined): Promise<Step[]> {
  const { reader } = look
  const isInInitrd = (await reader.stat(initramfsHook)) !== undefined && (await reader.hasTool('update-initramfs'))
  const after = isInInitrd ? await rebuildInitramfs(look) : []
  const content = limit === undefined ? null : textOf(limit)
  return settledSteps({ path: arcFile, mode: 0o644, before, content, after, ...(isInInitrd ? { pending } : {}) })
}
