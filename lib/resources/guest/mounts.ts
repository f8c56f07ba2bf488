/**
 * NFS shares that a machine mounts: one line each in its fstab(5), marked as phx's by the option `x-phx`, which mount(8)
 * keeps to itself ("x-": for other programs); the folder; and the mount, proved by what the kernel has there, and by
 * writing to it where that is what it is for.
 */
import type { DeclaredShare } from '../../config/guests/shares.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Foreseen,
  Lock,
  Look,
  Owned,
  Resource,
  Step,
} from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { type Mount, mountsProbe, parseMounts } from '../probes/mounts.ts'
import { writeTest } from './write-test.ts'

export const sharesId = 'nfs-shares'

const fstab = '/etc/fstab'
const mark = 'x-phx'

/** A server that is away makes mount(8) try for two minutes and more. */
const mountingMs = 180_000

interface Line {
  /** As it stands in the file. */
  readonly text: string
  /** Null for comments and empty lines. */
  readonly entry: { readonly source: string; readonly target: string; readonly isOurs: boolean } | null
}

const decoded = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
const encoded = (field: string): string =>
  field.replace(/[\s\\]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`)

function linesOf(text: string): Line[] {
  return text.split('\n').map((line) => {
    const [source, target, , options = ''] = line.trim().split(/\s+/)
    if (source === undefined || target === undefined || source === '' || source.startsWith('#'))
      return { text: line, entry: null }
    return {
      text: line,
      entry: { source: decoded(source), target: decoded(target), isOurs: options.split(',').includes(mark) },
    }
  })
}

const sourceOf = ({ server, source }: DeclaredShare): string =>
  `${server.includes(':') ? `[${server}]` : server}:${source}`

const lineOf = (share: DeclaredShare): string =>
  [encoded(sourceOf(share)), encoded(share.guestPath), 'nfs', `${share.options},${mark}`, '0', '0'].join(' ')

export class NfsShares implements Resource {
  readonly id = sharesId
  readonly locks: readonly Lock[] = []
  readonly #shares: readonly DeclaredShare[]
  readonly #who: string
  /** In this run: what the stamp says of an earlier one is settled by that. */
  readonly #proved = new Set<string>()

  /** `who` is the guest, for the names of files that several guests could write. */
  constructor(shares: readonly DeclaredShare[], who: string) {
    this.#shares = shares
    this.#who = who
  }

  async compare(look: Look, _foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const [text, mounts] = await Promise.all([look.reader.readFile(fstab), look.at(mountsProbe)])
    const lines = linesOf(text ?? '')
    const gone = this.#undeclared(lines)
    const wanted = this.#text(lines)
    const wrong = this.#shares.filter((share) => !isMounted(mounts, share))
    const live = Object.fromEntries([
      ...this.#shares.map((share) => [share.guestPath, atTop(mounts, share.guestPath)?.source ?? null]),
      ['fstab', (text ?? '') === wanted ? 'as declared' : 'different'],
    ])
    // Mounted by a run that didn't get to its proof, or whose proof failed.
    const unproved = owned.begun(this.id)
      ? this.#shares.filter((share) => !wrong.includes(share) && !this.#proved.has(share.guestPath))
      : []
    if ((text ?? '') === wanted && wrong.length + unproved.length === 0)
      return { changes: [], refusals: [], notes: [], live }
    const replaced = wrong.filter((share) => isMountPoint(mounts, share.guestPath))
    const leaving = gone.filter((target) => isMountPoint(mounts, target))
    const steps: Step[] = [
      // Before the lines go that say how they are mounted.
      ...[...replaced.map(({ guestPath }) => guestPath), ...leaving].map(unmount),
      ...((text ?? '') === wanted ? [] : this.#write(wanted, text)),
      ...wrong.flatMap((share) => this.#mount(share)),
      ...unproved.flatMap((share) => this.#proof(share)),
    ]
    const fields = [...this.#fields(lines, mounts), ...unproved.map(({ guestPath }) => proofOf(guestPath))]
    const isDisruptive = replaced.length + leaving.length > 0
    const change = this.#change(steps, fields, isDisruptive)
    return {
      // To make: so that a run that is cut off before the proof is known by its stamp.
      changes: [{ ...change, action: wrong.length + unproved.length > 0 ? 'create' : 'update' }],
      refusals: [],
      notes: [],
      live,
    }
  }

  /** Where phx mounted what is no longer declared. */
  #undeclared(lines: readonly Line[]): string[] {
    const declared = new Set(this.#shares.map(({ guestPath }) => guestPath))
    return lines.flatMap(({ entry }) => (entry?.isOurs && !declared.has(entry.target) ? entry.target : []))
  }

  /** The file as it is to be: each declared line once, in the place of the first one for its folder, whoever wrote that. */
  #text(lines: readonly Line[]): string {
    const open = new Map(this.#shares.map((share) => [share.guestPath, lineOf(share)]))
    const declared = new Set(open.keys())
    const kept = lines.flatMap(({ text, entry }) => {
      if (entry === null) return [text]
      if (!declared.has(entry.target)) return entry.isOurs ? [] : [text]
      const line = open.get(entry.target)
      open.delete(entry.target)
      return line === undefined ? [] : [line]
    })
    if (open.size === 0) return kept.join('\n')
    const whole = kept.at(-1) === '' ? kept.slice(0, -1) : kept
    return `${[...whole, ...open.values()].join('\n')}\n`
  }

  #write(content: string, before: string | undefined): Step[] {
    return [
      { kind: 'write', file: { path: fstab, content, mode: 0o644 }, replaces: before ?? null },
      // Its units are made from this file (systemd-fstab-generator(8)).
      { kind: 'command', argv: ['systemctl', 'daemon-reload'] },
    ]
  }

  #mount(share: DeclaredShare): Step[] {
    const { guestPath } = share
    return [
      { kind: 'command', argv: ['mkdir', '-p', '--', guestPath] },
      { kind: 'command', argv: ['mount', guestPath], timeoutMs: mountingMs },
      ...this.#proof(share),
    ]
  }

  #proof(share: DeclaredShare): Step[] {
    const { guestPath, isReadOnly } = share
    const proved = (): void => {
      this.#proved.add(guestPath)
    }
    const mounted: Step = {
      kind: 'verify',
      what: `${sourceOf(share)} is mounted on ${guestPath}${isReadOnly ? '' : ', for writing'}`,
      check: async (reader) => {
        const why = await faultOf(reader, share)
        if (why === undefined && isReadOnly) proved()
        return why
      },
    }
    return [mounted, ...(isReadOnly ? [] : writeTest(share, this.#who, proved))]
  }

  #fields(lines: readonly Line[], mounts: readonly Mount[]): FieldChange[] {
    const declared = this.#shares.flatMap((share): FieldChange[] => {
      const { guestPath } = share
      const before = lines.filter(({ entry }) => entry?.target === guestPath).map(({ text }) => text)
      const isSo = before.length === 1 && before[0] === lineOf(share)
      const mounted = atTop(mounts, guestPath)
      return [
        ...(isSo ? [] : [{ field: `fstab ${guestPath}`, from: before.length > 0 ? before : null, to: lineOf(share) }]),
        ...(isMounted(mounts, share)
          ? []
          : [{ field: guestPath, from: mounted ? `${mounted.source} (${mounted.type})` : null, to: sourceOf(share) }]),
      ]
    })
    const left = this.#undeclared(lines).map((target) => ({
      field: `fstab ${target}`,
      from: 'mounted by phx',
      to: null,
    }))
    return [...declared, ...left]
  }

  #change(steps: readonly Step[], fields: readonly FieldChange[], isDisruptive: boolean): Change {
    return {
      resource: this.id,
      action: 'update',
      risk: isDisruptive ? 'disruptive' : 'safe',
      summary:
        this.#shares.length > 0
          ? `mount ${this.#shares.map(({ guestPath }) => guestPath).join(', ')}`
          : 'take away the shares that phx mounted',
      fields,
      steps,
      undo: { impossible: 'the former lines of fstab stand in the fields of this change' },
    }
  }
}

const proofOf = (path: string): FieldChange => ({ field: path, from: 'mounted, not proved', to: 'proved' })

const unmount = (target: string): Step => ({ kind: 'command', argv: ['umount', '--', target], timeoutMs: mountingMs })

/** Of several mounts on one place the last hides the others. */
const atTop = (mounts: readonly Mount[], path: string): Mount | undefined => mounts.findLast(({ at }) => at === path)
const isMountPoint = (mounts: readonly Mount[], path: string): boolean => atTop(mounts, path) !== undefined

function isMounted(mounts: readonly Mount[], share: DeclaredShare): boolean {
  const mounted = atTop(mounts, share.guestPath)
  if (mounted === undefined || !/^nfs4?$/.test(mounted.type) || mounted.source !== sourceOf(share)) return false
  return share.isReadOnly || !mounted.options.includes('ro')
}

async function faultOf(reader: Reader, share: DeclaredShare): Promise<string | undefined> {
  const mounts = parseMounts((await reader.readFile('/proc/mounts')) ?? '')
  const mounted = atTop(mounts, share.guestPath)
  if (mounted === undefined) return 'nothing is mounted there'
  if (isMounted(mounts, share)) return undefined
  return `there is ${mounted.source} (${mounted.type} ${mounted.options.join(',')})`
}
