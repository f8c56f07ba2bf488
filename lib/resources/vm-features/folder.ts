/** The folder of one virtual machine: exactly the scripts of its features, and their manifest. */
import type { DeclaredFeatures } from '../../config/vm-features.ts'
import type {
  Change,
  Comparison,
  FieldChange,
  Foreseen,
  Lock,
  Look,
  Note,
  Owned,
  Refusal,
  Resource,
  Step,
} from '../../engine/resource.ts'
import { isMounted, onDataset } from './ground.ts'
import { isManifest, manifestFile, manifestText } from './manifest.ts'

const prefix = 'feature-folder:'
export const folderId = (path: string): string => `${prefix}${path}`
export const folderOfId = (id: string): string | undefined =>
  id.startsWith(prefix) ? id.slice(prefix.length) : undefined

const folderMode = 0o755
const modes = { script: 0o755, manifest: 0o644 }

interface WantedFile {
  readonly name: string
  readonly content: string
  readonly mode: number
}

/** What has to be done about one thing in the folder. */
interface Difference {
  readonly fields: readonly FieldChange[]
  readonly steps: readonly Step[]
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')

export class FeatureFolder implements Resource {
  readonly id: string
  readonly locks: readonly Lock[]
  readonly #declared: DeclaredFeatures

  constructor(declared: DeclaredFeatures) {
    this.id = folderId(declared.folder)
    this.locks = [{ name: this.id, mode: 'exclusive' }]
    this.#declared = declared
  }

  compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const { folder: path, ground } = this.#declared
    const on = { id: this.id, path, ground, summary: this.#summary(), ifNew: () => this.#fromNothing() }
    return onDataset(look, foreseen, on, () => this.#compareMounted(look, owned))
  }

  async #compareMounted(look: Look, owned: Owned): Promise<Comparison> {
    const { folder } = this.#declared
    const names = await look.reader.listDir(folder)
    const refusal = (await this.#elsewhere(look)) ?? (await this.#notOurs(look, names ?? [], owned))
    if (refusal) return { changes: [], refusals: [refusal], notes: [], live: undefined }
    const wanted = this.#files()
    const folders = await this.#folders(look)
    const written = await Promise.all(wanted.map((file) => this.#file(look, file)))
    const { extra, notes } = await this.#extra(look, names ?? [], wanted)
    const differences = [...folders, ...written, ...extra].filter(({ steps }) => steps.length > 0)
    const live = names === undefined ? null : await this.#live(look, wanted, names)
    const changes = differences.length > 0 ? [this.#change(differences, names === undefined)] : []
    return { changes, refusals: [], notes, live }
  }

  #files(): WantedFile[] {
    const { vmid, scripts } = this.#declared
    const manifest = { name: manifestFile, content: manifestText(vmid, scripts), mode: modes.manifest }
    // The manifest last: it speaks for scripts that are there.
    return [...scripts.map(({ file, content }) => ({ name: file, content, mode: modes.script })), manifest]
  }

  #summary(): string {
    const { folder, scripts, vmid } = this.#declared
    const what = scripts.length === 0 ? 'the manifest' : scripts.map(({ name }) => name).join(', ')
    return `put ${what} of VM ${vmid} into ${folder}`
  }

  /** Whoever may write to the share could lead root elsewhere by a link. */
  async #elsewhere({ reader }: Look): Promise<Refusal | undefined> {
    const { folder } = this.#declared
    for (const path of [parentOf(folder), folder]) {
      const real = await reader.realpath(path)
      if (real === undefined || real === path) continue
      const why = `${path} leads to ${real}: phx writes nothing through a link on a share`
      return { resource: this.id, why, fields: [], mend: [`look who made it: ls -ld ${path}`, `then: rm ${path}`] }
    }
    return undefined
  }

  async #notOurs({ reader }: Look, names: readonly string[], owned: Owned): Promise<Refusal | undefined> {
    const { folder, vmid } = this.#declared
    if (names.length === 0 || owned.created(this.id)) return undefined
    if (isManifest((await reader.readFile(`${folder}/${manifestFile}`)) ?? '')) return undefined
    const why = `${folder} is there with ${names.slice(0, 3).join(', ')} in it, and was not made by phx: it stays as it is`
    const mend = [`look what it is for, and move it away: mv ${folder} ${parentOf(folder)}/${vmid}.old`]
    return { resource: this.id, why, fields: [], mend }
  }

  /** The folder and the one that holds all of them: root's, and nobody else writes there. */
  async #folders({ reader }: Look): Promise<Difference[]> {
    const { folder } = this.#declared
    const stats = await Promise.all(
      [parentOf(folder), folder].map(async (path) => ({ path, stat: await reader.stat(path) })),
    )
    return stats.map(({ path, stat }): Difference => {
      if (stat === undefined) return path === folder ? newFolder(folder) : { fields: [], steps: [] }
      const isRoots = stat.uid === 0 && stat.gid === 0
      return {
        fields: [
          ...(isRoots ? [] : [{ field: `owner of ${path}`, from: `${stat.uid}:${stat.gid}`, to: 'root:root' }]),
          ...(stat.mode === folderMode ? [] : [modeField(path, stat.mode, folderMode)]),
        ],
        steps: [
          ...(isRoots ? [] : [command('chown', 'root:root', path)]),
          ...(stat.mode === folderMode ? [] : [command('chmod', octal(folderMode), path)]),
        ],
      }
    })
  }

  #fromNothing(): Change {
    const { folder } = this.#declared
    return this.#change([newFolder(folder), ...this.#files().map((file) => newFile(folder, file))], true)
  }

  async #file({ reader }: Look, { name, content, mode }: WantedFile): Promise<Difference> {
    const path = `${this.#declared.folder}/${name}`
    const [text, stat] = await Promise.all([reader.readFile(path), reader.stat(path)])
    const isSo = text === content && stat?.mode === mode && stat.uid === 0 && stat.gid === 0
    if (isSo) return { fields: [], steps: [] }
    if (text === undefined) return newFile(this.#declared.folder, { name, content, mode })
    const fields = [
      ...(text === content ? [] : [{ field: name, from: 'another content', to: 'as declared' }]),
      ...(stat === undefined || stat.mode === mode ? [] : [modeField(name, stat.mode, mode)]),
      ...(stat === undefined || stat.uid === 0 ? [] : [{ field: `owner of ${name}`, from: stat.uid, to: 0 }]),
    ]
    return { fields, steps: [{ kind: 'write', file: { path, content, mode }, replaces: text }] }
  }

  async #extra({ reader }: Look, names: readonly string[], wanted: readonly WantedFile[]) {
    const { folder } = this.#declared
    const extra: Difference[] = []
    const notes: Note[] = []
    for (const name of names.filter((one) => !wanted.some((file) => file.name === one))) {
      const path = `${folder}/${name}`
      if ((await reader.stat(path))?.type === 'dir') {
        const text = `${path} is a folder that phx did not make: it stays (rm -r ${path})`
        notes.push({ resource: this.id, level: 'warning', text })
        continue
      }
      extra.push({ fields: [{ field: name, from: 'not declared', to: null }], steps: [{ kind: 'remove', path }] })
    }
    return { extra, notes }
  }

  async #live({ reader }: Look, wanted: readonly WantedFile[], names: readonly string[]) {
    const entries = names.map(async (name): Promise<[string, string]> => {
      const file = wanted.find((one) => one.name === name)
      const [text, stat] = await Promise.all([
        file ? reader.readFile(`${this.#declared.folder}/${name}`) : undefined,
        reader.stat(`${this.#declared.folder}/${name}`),
      ])
      const what = file === undefined ? 'not declared' : text === file.content ? 'as declared' : 'another content'
      return [name, `${what}, ${octal(stat?.mode ?? 0)}`]
    })
    return Object.fromEntries(await Promise.all(entries))
  }

  #change(differences: readonly Difference[], isNew: boolean): Change {
    const { folder, ground, vmid } = this.#declared
    return {
      resource: this.id,
      action: isNew ? 'create' : 'update',
      risk: 'safe',
      summary: isNew ? this.#summary() : `bring the features of VM ${vmid} in ${folder} up to date`,
      fields: differences.flatMap(({ fields }) => fields),
      steps: [isMounted(ground, folder), ...differences.flatMap(({ steps }) => steps)],
      undo: isNew ? { commands: [['rm', '-r', folder]] } : { impossible: 'the journal has the former texts' },
    }
  }
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'

/** With the one that holds all of them, which another machine's may have made meanwhile. */
const newFolder = (folder: string): Difference => ({
  fields: [{ field: 'folder', from: null, to: octal(folderMode) }],
  steps: [command('mkdir', '-p', '-m', octal(folderMode), parentOf(folder), folder)],
})

const newFile = (folder: string, { name, content, mode }: WantedFile): Difference => ({
  fields: [{ field: name, from: null, to: 'as declared' }],
  steps: [{ kind: 'write', file: { path: `${folder}/${name}`, content, mode }, replaces: null }],
})

const command = (...argv: readonly string[]): Step => ({ kind: 'command', argv })
const modeField = (name: string, from: number, to: number): FieldChange => ({
  field: `mode of ${name}`,
  from: octal(from),
  to: octal(to),
})
