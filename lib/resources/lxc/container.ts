/** A container as such: there, the one that is meant, and made from what is declared. */
import type { DeclaredLxc, LxcOrigin } from '../../config/guests/lxc.ts'
import type { Change, Comparison, Foreseen, Lock, Look, Owned, Refusal, Resource, Step } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { mark, tagsOf } from '../guest/mark.ts'
import { locked } from '../guest/options.ts'
import { type GuestConf, guestConfProbe, isTemplate, readGuestConf } from '../probes/guest-conf.ts'
import { guestName, guestsProbe } from '../probes/guests.ts'
import { storageConfigProbe } from '../probes/storage-config.ts'
import { assertStorage } from '../storage/ready.ts'
import * as refuse from './refuse.ts'
import { wantedOptions } from './wanted.ts'

export const containerId = (id: string): string => `lxc:${id}`

/** A full clone copies the whole root file system; a template is unpacked. */
const makingMs = 3_600_000

/** As pct takes it for a container whose config doesn't say (pct(1), rootfs). */
const usualRootGb = 4

export class Container implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredLxc
  readonly #bootOrder: number | null

  constructor(declared: DeclaredLxc, bootOrder: number | null) {
    const { origin } = declared
    this.id = containerId(declared.id)
    const source: Lock[] = origin?.kind === 'clone' ? [{ name: `guest:${origin.ctid}`, mode: 'shared' }] : []
    this.locks = [guestLock(declared), ...source]
    this.#declared = declared
    this.#bootOrder = bootOrder
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const conf = await look.at(guestConfProbe(this.#declared))
    if (conf === undefined) return this.#absent(look, foreseen)
    const refusals = this.#hindrance(conf, owned)
    const changes = refusals.length > 0 || tagsOf(conf).includes(mark) ? [] : [this.#taken(conf, owned)]
    return { changes, refusals, notes: [], live: { unprivileged: conf.values.get('unprivileged') === '1' } }
  }

  #hindrance(conf: GuestConf, owned: Owned): Refusal[] {
    const declared = this.#declared
    const lock = conf.values.get('lock')
    if (lock === 'create' || lock === 'disk') return [refuse.halfMade(declared, lock)]
    if (lock !== undefined) throw locked(declared, lock)
    const isOurs = tagsOf(conf).includes(mark) || owned.created(this.id)
    if (!isOurs && !declared.mayAdopt) return [refuse.stranger(declared, conf)]
    // Without a record the name has to tell: a tag may have been copied with a clone.
    const isKnown = owned.live(this.id) !== undefined || owned.begun(this.id)
    if (!isKnown && !declared.mayAdopt && refuse.nameOf(conf, declared.id) !== declared.name)
      return [refuse.otherName(declared, conf)]
    if (isTemplate(conf) && !declared.isTemplate) return [refuse.isTemplate(declared)]
    if ((conf.values.get('unprivileged') === '1') !== declared.isUnprivileged) return [refuse.otherMapping(declared)]
    return []
  }

  async #absent(look: Look, foreseen: Foreseen): Promise<Comparison> {
    const { id, origin, storage, needs } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [], live: null }
    const other = (await look.at(guestsProbe)).find((guest) => guest.id === id)
    if (other) return { ...nothing, refusals: [refuse.idTaken(this.#declared, other)] }
    if (origin === null) return { ...nothing, refusals: [refuse.noOrigin(this.#declared)] }
    if (storage !== null) await assertStorage(look, foreseen, storage, 'rootdir', `can't make container ${id}`)
    if (origin.kind === 'template') {
      if (storage === null) return { ...nothing, refusals: [refuse.noStorage(this.#declared)] }
      const file = await templateFile(look, origin.template)
      if (file !== undefined && (await look.reader.stat(file)) === undefined)
        return { ...nothing, refusals: [refuse.noFile(this.#declared, origin.template)] }
      return { ...nothing, changes: [this.#unpack(origin, storage)] }
    }
    const isComing = needs.includes(containerId(origin.ctid))
    const source = await look.at(guestConfProbe({ kind: 'lxc', id: origin.ctid }))
    if (source === undefined && !isComing)
      return { ...nothing, refusals: [refuse.noSource(this.#declared, origin.ctid)] }
    const fault = source === undefined ? undefined : this.#sourceFault(source, origin.ctid, isComing)
    if (fault !== undefined) return { ...nothing, refusals: [fault] }
    return { ...nothing, changes: [this.#clone(origin)] }
  }

  /** What of the source would only show once it is copied, or not be copied at all. */
  #sourceFault(source: GuestConf, ctid: string, isComing: boolean): Refusal | undefined {
    if (!isComing && !isTemplate(source)) return refuse.noTemplate(this.#declared, ctid, source)
    if ((source.values.get('unprivileged') === '1') !== this.#declared.isUnprivileged)
      return refuse.sourceMapping(this.#declared, ctid)
    const bound = [...source.values].find(([key, value]) => /^mp\d+$/.test(key) && value.startsWith('/'))
    return bound === undefined ? undefined : refuse.boundSource(this.#declared, ctid, bound)
  }

  #clone({ ctid }: LxcOrigin & { kind: 'clone' }): Change {
    const { id, name, storage } = this.#declared
    const where = storage === null ? [] : ['--storage', storage]
    const clone = ['pct', 'clone', ctid, id, '--hostname', name, '--full', '1', ...where]
    return this.#made(
      `clone container ${id} (${name}) from ${ctid}`,
      [{ field: 'clone_from_ctid', from: null, to: ctid }],
      [{ kind: 'command', argv: clone, timeoutMs: makingMs }, this.#isWhole(), this.#tag([])],
    )
  }

  #unpack({ template }: LxcOrigin & { kind: 'template' }, storage: string): Change {
    const { id, name, rootGb, isUnprivileged } = this.#declared
    const options = wantedOptions(this.#declared, new Map(), this.#bootOrder).map(({ key, text }) => [key, text])
    const given = [
      ...options,
      ['rootfs', `${storage}:${rootGb ?? usualRootGb}`],
      ['unprivileged', isUnprivileged ? '1' : '0'],
      ['tags', mark],
    ].flatMap(([key, text]) => [`--${key}`, text ?? ''])
    return this.#made(
      `create container ${id} (${name}) from ${template}`,
      [{ field: 'template', from: null, to: template }],
      [{ kind: 'command', argv: ['pct', 'create', id, template, ...given], timeoutMs: makingMs }, this.#isWhole()],
    )
  }

  #made(summary: string, fields: Change['fields'], steps: readonly Step[]): Change {
    const undo = { commands: [['pct', 'destroy', this.#declared.id, '--purge', '1']] }
    // What its root file system is like, and what is inside, shows only then.
    return { resource: this.id, action: 'create', risk: 'safe', summary, fields, steps, undo, reveals: true }
  }

  #tag(others: readonly string[]): Step {
    const tags = [...new Set([...others, mark])].sort()
    return { kind: 'command', argv: ['pct', 'set', this.#declared.id, '--tags', tags.join(';')] }
  }

  #taken(conf: GuestConf, owned: Owned): Change {
    const { id } = this.#declared
    const tags = tagsOf(conf)
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: owned.created(this.id)
        ? `tag ${guestName(this.#declared)} as phx's`
        : `take over ${guestName(this.#declared)} (${refuse.nameOf(conf, id)}), which phx did not make`,
      fields: [{ field: 'tags', from: [...tags], to: [...tags, mark].sort() }],
      steps: [this.#tag(tags)],
      undo: {
        commands: [['pct', 'set', id, ...(tags.length > 0 ? ['--tags', tags.join(';')] : ['--delete', 'tags'])]],
      },
    }
  }

  #isWhole(): Step {
    const { id } = this.#declared
    return {
      kind: 'verify',
      what: `container ${id} is whole`,
      check: async (reader) => {
        const conf = await readGuestConf(reader, { kind: 'lxc', id })
        if (conf === undefined) return `there is no container ${id}`
        const lock = conf.values.get('lock')
        return lock === undefined ? undefined : `it is locked (${lock})`
      },
    }
  }
}

/** Where the template lies, as far as that can be told without asking a storage, which would activate it. */
async function templateFile(look: Look, template: string): Promise<string | undefined> {
  if (template.startsWith('/')) return template
  const [, storage = '', name] = /^([^:/]+):vztmpl\/(.+)$/.exec(template) ?? []
  const entry = name === undefined ? undefined : (await look.at(storageConfigProbe))?.get(storage)
  const path = entry?.type === 'dir' && !entry.options.has('content-dirs') ? entry.options.get('path') : undefined
  return path === undefined ? undefined : `${path}/template/cache/${name}`
}
