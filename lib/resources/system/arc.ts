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
import { header, lineChanges } from '../file/owned-file.ts'

const folder = '/etc/modprobe.d'
/** Options of one module from several files are put one after the other by the files' names, and the last counts (modprobe.d(5)); Proxmox VE's installer writes zfs.conf. */
const path = `${folder}/zz-phx-zfs.conf`
const livePath = '/sys/module/zfs/parameters/zfs_arc_max'
const initramfsHook = '/usr/share/initramfs-tools/hooks/zfs'
const bootUuids = '/etc/kernel/proxmox-boot-uuids'

const ours = header('zfs.arc_max_gb')
/** Stands in the file until the initial RAM disk has it: a run that is cut off in between is found by it. */
const pending = '# The initial RAM disk is made anew at this moment; if this line stays, run phx again.'

const textOf = (bytes: number, more: readonly string[] = []): string =>
  `${[ours, ...more, `options zfs zfs_arc_max=${bytes}`].join('\n')}\n`

const limitIn = (text: string): number | undefined => {
  const found = [...text.matchAll(/^\s*options\s+zfs\s(?:.*\s)?zfs_arc_max=(\d+)/gm)].at(-1)?.[1]
  return found === undefined ? undefined : Number(found)
}

const gib = (bytes: number): string => (bytes === 0 ? "ZFS's own" : `${Math.round((bytes / 2 ** 30) * 100) / 100} GiB`)

interface Other {
  readonly path: string
  readonly bytes: number
}

export class ArcLimit implements Resource {
  readonly id = 'zfs-arc-max'
  readonly locks: readonly Lock[] = [{ name: 'initramfs', mode: 'exclusive' }]
  /** Bytes; 0 leaves it to ZFS; undefined: nothing is declared, and only phx's own line goes. */
  readonly #wanted: number | undefined

  constructor(wanted: number | undefined) {
    this.#wanted = wanted
  }

  async compare(look: Look): Promise<Comparison> {
    const { reader } = look
    const [text, liveText, meminfo] = await Promise.all([
      reader.readFile(path),
      reader.readFile(livePath),
      reader.readFile('/proc/meminfo'),
    ])
    const others = await limitsOfOthers(look)
    const now = liveText === undefined ? undefined : Number(liveText.trim())
    const live = { atStart: limitIn(text ?? '') ?? null, now: now ?? null }
    const memory = Number(/^MemTotal:\s+(\d+) kB$/m.exec(meminfo ?? '')?.[1] ?? 0) * 1024
    const wanted = this.#wanted
    if (wanted !== undefined && memory > 0 && wanted >= memory)
      return { changes: [], refusals: [this.#tooLarge(wanted, memory)], notes: [], live }
    const atStart = wanted === undefined || wanted === 0 ? undefined : wanted
    // Without a line of phx's the others' hold, if there are any.
    const nowWanted = atStart ?? others.at(-1)?.bytes ?? 0
    const setsNow = now !== undefined && now !== nowWanted && (wanted !== undefined || text !== undefined)
    const steps: Step[] = [
      ...((await this.#isWritten(text, atStart)) ? [] : await this.#writeSteps(look, text ?? null, atStart)),
      ...(setsNow ? [setNow(nowWanted)] : []),
    ]
    if (steps.length === 0) return { changes: [], refusals: [], notes: this.#notes(others, atStart), live }
    const change = this.#change(text, atStart, setsNow ? { from: now, to: nowWanted } : undefined, steps)
    return { changes: [change], refusals: [], notes: this.#notes(others, atStart), live }
  }

  async #isWritten(text: string | undefined, atStart: number | undefined): Promise<boolean> {
    return text === (atStart === undefined ? undefined : textOf(atStart))
  }

  /** The file, the initial RAM disks with it, and the word that this is done. */
  async #writeSteps({ reader }: Look, before: string | null, atStart: number | undefined): Promise<Step[]> {
    const isInInitrd = (await reader.stat(initramfsHook)) !== undefined && (await reader.hasTool('update-initramfs'))
    const rebuild: Step[] = isInInitrd
      ? [{ kind: 'command', argv: ['update-initramfs', '-u', '-k', 'all'], timeoutMs: 1_200_000 }]
      : []
    const sync: Step[] =
      isInInitrd && (await reader.stat(bootUuids)) !== undefined
        ? [{ kind: 'command', argv: ['proxmox-boot-tool', 'refresh'], timeoutMs: 300_000 }]
        : []
    const write = (content: string, replaces: string | null): Step => ({
      kind: 'write',
      file: { path, content, mode: 0o644 },
      replaces,
    })
    // A comment alone is no option: the disks are made anew without the limit before the file goes.
    const unfinished = atStart === undefined ? `${ours}\n${pending}\n` : textOf(atStart, [pending])
    const finish: Step =
      atStart === undefined ? { kind: 'remove', path } : write(textOf(atStart), isInInitrd ? unfinished : before)
    return isInInitrd ? [write(unfinished, before), ...rebuild, ...sync, finish] : [finish]
  }

  #change(
    text: string | undefined,
    atStart: number | undefined,
    now: { from: number; to: number } | undefined,
    steps: readonly Step[],
  ): Change {
    const content = atStart === undefined ? '' : textOf(atStart)
    const fields: FieldChange[] = [
      ...(text === content || (text === undefined && atStart === undefined) ? [] : lineChanges(text ?? '', content)),
      ...(now ? [{ field: 'now', from: now.from, to: now.to }] : []),
    ]
    return {
      resource: this.id,
      action:
        text === undefined
          ? atStart === undefined
            ? 'update'
            : 'create'
          : atStart === undefined
            ? 'remove'
            : 'update',
      risk: 'safe',
      summary: `limit ZFS's cache in memory: ${gib(atStart ?? now?.to ?? 0)}`,
      fields,
      steps,
      undo: now ? { commands: [argvOf(now.from)] } : { impossible: 'the journal has the former text' },
    }
  }

  #notes(others: readonly Other[], atStart: number | undefined): Note[] {
    if (atStart === undefined) return []
    return others
      .filter(({ bytes }) => bytes !== atStart)
      .map((other) => ({
        resource: this.id,
        level: 'info',
        text: `${other.path} limits it to ${gib(other.bytes)}; phx's file is read after it and holds`,
      }))
  }

  #tooLarge(wanted: number, memory: number): Refusal {
    const why = `${gib(wanted)} for ZFS's cache is more than the host's memory, ${gib(memory)}: ZFS would ignore it`
    return { resource: this.id, why, fields: [], mend: ['declare a smaller zfs.arc_max_gb'] }
  }
}

/** The script is fixed; value and place are its arguments. */
const argvOf = (bytes: number): string[] => ['sh', '-c', 'echo "$1" >"$2"', 'sh', String(bytes), livePath]

const setNow = (bytes: number): Step => ({ kind: 'command', argv: argvOf(bytes) })

/** In the order in which they are read. */
async function limitsOfOthers({ reader }: Look): Promise<Other[]> {
  const names = ((await reader.listDir(folder)) ?? []).filter((name) => name.endsWith('.conf'))
  const found = await Promise.all(
    names.map(async (name): Promise<Other[]> => {
      const at = `${folder}/${name}`
      const bytes = at === path ? undefined : limitIn((await reader.readFile(at)) ?? '')
      return bytes === undefined ? [] : [{ path: at, bytes }]
    }),
  )
  return found.flat()
}
