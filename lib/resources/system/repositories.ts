/**
 * Where packages come from: Proxmox's repository of the declared kind alone, never twice, and the declared others. phx
 * writes a file of its own; in files of others it only switches entries on and off.
 */
import type { DeclaredExtra, DeclaredRepositories, ProxmoxComponent } from '../../config/initial-setup.ts'
import type { Change, Comparison, Lock, Look, Note, Refusal, Resource } from '../../engine/resource.ts'
import { lineChanges, OwnedFile } from '../file/owned-file.ts'
import { aptUpdate } from '../package/apt.ts'
import { aptIsFree } from '../package/apt-lock.ts'
import { listsId, packageLock } from '../package/packages.ts'
import { aptListsProbe } from '../probes/apt.ts'
import { aptSourcesProbe, codenameProbe, type SourceFile } from '../probes/apt-sources.ts'
import { isExactly, kindOf, type ProxmoxRepository, repositoryOf } from './proxmox-repositories.ts'
import { compareKey, keyPath } from './repository-key.ts'
import { entriesIn, listPrefix, type SourceEntry, switched } from './sources.ts'

export const ownSources = '/etc/apt/sources.list.d/phx.sources'

const proxmoxKeys = [
  '/usr/share/keyrings/proxmox-archive-keyring.gpg',
  '/etc/apt/trusted.gpg.d/proxmox-release-bookworm.gpg',
]

interface Stanza {
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly signedBy: string | undefined
}

const stanzaLines = ({ uris, suites, components, signedBy }: Stanza): string[] => [
  '',
  'Types: deb',
  `URIs: ${uris.join(' ')}`,
  `Suites: ${suites.join(' ')}`,
  ...(components.length > 0 ? [`Components: ${components.join(' ')}`] : []),
  ...(signedBy === undefined ? [] : [`Signed-By: ${signedBy}`]),
]

/** What is to become of others' entries, and whether phx has to write the repository itself. */
interface Choice {
  readonly switches: readonly { readonly entry: SourceEntry; readonly on: boolean }[]
  readonly writes: ProxmoxRepository | undefined
  readonly refusal: Refusal | undefined
}

export class Repositories implements Resource {
  readonly id = 'repositories'
  readonly locks: readonly Lock[] = [packageLock]
  readonly #declared: DeclaredRepositories

  constructor(declared: DeclaredRepositories) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const { extra } = this.#declared
    const files = (await look.at(aptSourcesProbe)).filter(({ path }) => path !== ownSources)
    const codename = (await look.at(codenameProbe)) ?? 'trixie'
    const entries = files.flatMap(({ path, text }) => entriesIn(path, text))
    const choices = this.#choices(entries, codename)
    const key = await this.#proxmoxKey(look, choices)
    const keys = await Promise.all(extra.map((one) => compareKey(one, look)))

    const stanzas = [
      ...choices.flatMap(({ writes }) => (writes ? [proxmoxStanza(writes, codename, key)] : [])),
      ...extra.map((one): Stanza => ({ ...one, signedBy: keyIsDeclared(one) ? keyPath(one) : undefined })),
    ]
    const lines = stanzas.length === 0 ? null : stanzas.flatMap(stanzaLines)
    const own = await new OwnedFile({ path: ownSources, lines, section: 'host.repositories', mode: 0o644 }).compare(
      look,
    )

    const changes = [
      ...keys.flatMap((one) => one.changes),
      ...files.flatMap((file) => this.#switch(file, choices)),
      ...own.changes,
    ]
    const refusals = [
      ...choices.flatMap(({ refusal }) => refusal ?? []),
      ...keys.flatMap((one) => one.refusals),
      ...own.refusals,
      ...(key === undefined && choices.some(({ writes }) => writes) ? [this.#noKey()] : []),
    ]
    const on = entries.filter(({ isOn, uris }) => isOn && uris.some((uri) => this.#isDeclared(kindOf(uri))))
    const wanted = [
      ...stanzas,
      ...choices.flatMap(({ switches }) => switches.filter((one) => one.on).map((one) => one.entry)),
    ]
    const switchedOff = new Set(
      choices.flatMap(({ switches }) => switches.filter((one) => !one.on).map((one) => one.entry)),
    )
    const update = await this.#update(look, [...on.filter((one) => !switchedOff.has(one)), ...wanted])
    const live = { on: on.map(shown).sort(), own: own.live?.content ?? null }
    return { changes: [...changes, ...update], refusals, notes: this.#notes(entries, codename), live }
  }

  #isDeclared(field: ProxmoxRepository['field'] | undefined): boolean {
    return field !== undefined && this.#declared[field] !== undefined
  }

  #choices(entries: readonly SourceEntry[], codename: string): Choice[] {
    const fields = ['proxmox', 'ceph'] as const
    return fields.flatMap((field) => {
      const component = this.#declared[field]
      return component === undefined ? [] : [this.#choose(field, component, entries, codename)]
    })
  }

  #choose(
    field: ProxmoxRepository['field'],
    component: ProxmoxComponent,
    entries: readonly SourceEntry[],
    codename: string,
  ): Choice {
    const ofKind = entries.filter(({ uris }) => uris.some((uri) => kindOf(uri) === field))
    const mixed = ofKind.find(({ uris, components, isOn }) => isOn && (uris.length > 1 || components.length > 1))
    if (mixed) return { switches: [], writes: undefined, refusal: this.#mixed(mixed) }
    const repository = component === 'none' ? undefined : repositoryOf(field, component, entries, codename)
    const exact = ofKind.filter((entry) => repository && isExactly(entry, repository, codename))
    // The stanza of a .sources file rather than the line of a .list: never both, and the newer form stays.
    const best = [...exact].sort((a, b) => rank(a) - rank(b))[0]
    const kept = best && (best.isOn || best.form === 'deb822') ? best : undefined
    const off = ofKind.filter((entry) => entry.isOn && entry !== kept).map((entry) => ({ entry, on: false }))
    const on = kept && !kept.isOn ? [{ entry: kept, on: true }] : []
    return { switches: [...off, ...on], writes: kept ? undefined : repository, refusal: undefined }
  }

  /** One change a file, whatever of it is switched; from its end, so that lines stay where they were counted. */
  #switch({ path, text, mode }: SourceFile, choices: readonly Choice[]): Change[] {
    const switches = choices
      .flatMap((choice) => choice.switches)
      .filter(({ entry }) => entry.path === path)
      .sort((a, b) => b.entry.from - a.entry.from)
    if (switches.length === 0) return []
    const content = switches.reduce((changed, { entry, on }) => switched(changed, entry, on), text)
    return [
      {
        resource: this.id,
        action: 'update',
        risk: 'safe',
        summary: `switch ${switches.map(({ entry, on }) => `${on ? 'on' : 'off'} ${shown(entry)}`).join(', ')} in ${path}`,
        fields: lineChanges(text, content),
        steps: [{ kind: 'write', file: { path, content, mode }, replaces: text }],
        undo: { impossible: 'the journal has its former text' },
      },
    ]
  }

  /** Lists that were never fetched, or not since their repository was switched on: also after a run that was cut off. */
  async #update(look: Look, sources: readonly (Stanza | SourceEntry)[]): Promise<Change[]> {
    const lists = await look.at(aptListsProbe)
    const missing = sources.filter(({ uris, suites }) =>
      uris.some((uri) => suites.some((suite) => !lists.some((name) => isListOf(name, uri, suite)))),
    )
    if (missing.length === 0) return []
    const uris = missing.flatMap((one) => one.uris)
    return [
      {
        resource: listsId,
        // What apt knows of is another thing afterwards: what the plan saw of it counts no more.
        action: 'replace',
        risk: 'safe',
        summary: `fetch the package lists of ${uris.join(', ')}`,
        fields: [],
        steps: [aptIsFree, aptUpdate(uris)],
        undo: { impossible: 'lists are fetched, nothing is lost' },
        reveals: true,
      },
    ]
  }

  async #proxmoxKey({ reader }: Look, choices: readonly Choice[]): Promise<string | undefined> {
    if (!choices.some(({ writes }) => writes)) return undefined
    for (const path of proxmoxKeys) if (await reader.stat(path)) return path
    return undefined
  }

  #noKey(): Refusal {
    const why = "the host has no key of Proxmox's repositories, so apt would trust none of their packages"
    const mend = [
      'install the package proxmox-archive-keyring, or put its key to /usr/share/keyrings/proxmox-archive-keyring.gpg',
    ]
    return { resource: this.id, why, fields: [], mend }
  }

  #mixed(entry: SourceEntry): Refusal {
    const why = `${entry.path}:${entry.from + 1} mixes several repositories in one entry: phx can't switch one of them`
    return { resource: this.id, why, fields: [], mend: ['part it into one entry for each, then run again'] }
  }

  #notes(entries: readonly SourceEntry[], codename: string): Note[] {
    return entries
      .filter(({ isOn, uris }) => isOn && uris.some((uri) => /debian\.org\/debian\/?$/.test(uri)))
      .filter(({ suites }) => !suites.some((suite) => suite.startsWith(codename) || suite === 'stable'))
      .map(({ path, suites }) => ({
        resource: this.id,
        level: 'warning',
        text: `${path} has ${suites.join(' ')}, while the host is ${codename}`,
      }))
  }
}

const rank = ({ isOn, form }: SourceEntry): number => (isOn ? 0 : 2) + (form === 'deb822' ? 0 : 1)

const shown = ({ uris, components }: SourceEntry): string => [...uris, ...components].join(' ')

const keyIsDeclared = ({ keyFile, keyUrl }: DeclaredExtra): boolean => keyFile !== undefined || keyUrl !== undefined

const proxmoxStanza = (
  { uri, component }: ProxmoxRepository,
  codename: string,
  signedBy: string | undefined,
): Stanza => ({
  uris: [uri],
  suites: [codename],
  components: [component],
  signedBy,
})

const isListOf = (name: string, uri: string, suite: string): boolean => name.startsWith(listPrefix(uri, suite))
