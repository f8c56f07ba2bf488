/** NVIDIA's installer as a file: there, and with the declared checksum, or nothing is run. */
import type { DeclaredDriver, DeclaredRunfile } from '../../config/nvidia.ts'
import type { Change, Comparison, Look, Refusal, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { fetchFault, fetchSteps, sha256Of } from '../file/download.ts'
import { DriverResource, nothing } from './on-gpus.ts'
import type { Situation } from './situation.ts'

export const runfileId = (path: string): string => `runfile:${path}`

/** The driver's version as the runfile's head says it, in the label of its archive (makeself). */
async function versionOf(reader: Reader, path: string): Promise<string | undefined> {
  const { stdout } = await reader.query(['head', '-c', '16384', '--', path])
  return /NVIDIA Accelerated Graphics Driver for Linux-\S+ (\d+(?:\.\d+)+)/.exec(stdout)?.[1]
}

/** The last look before it is run, and before a download is taken for the runfile. */
export function isRunfile(path: string, { sha256, version }: { sha256: string; version: string }): Step {
  return {
    kind: 'verify',
    what: `${path} is the runfile of ${version} with the declared checksum`,
    mend: [`compare it with what NVIDIA says: sha256sum ${path}`, 'then mend nvidia_driver.runfile_sha256 or the file'],
    async check(reader) {
      const found = await sha256Of(reader, path)
      if ('why' in found) return found.why
      if (found.sum !== sha256) return `its SHA-256 is ${found.sum}, declared is ${sha256}`
      const said = (await versionOf(reader, path)) ?? version
      return said === version ? undefined : `it is the runfile of ${said}`
    },
  }
}

export class Runfile extends DriverResource {
  readonly id: string
  readonly #runfile: DeclaredRunfile

  constructor(declared: DeclaredDriver, runfile: DeclaredRunfile) {
    super(declared)
    this.id = runfileId(runfile.path)
    this.#runfile = runfile
  }

  /** Nobody needs it once the driver is installed. */
  protected async compareOn({ isInstalled }: Situation, look: Look): Promise<Comparison> {
    if (isInstalled) return nothing
    const { path, url, sha256 } = this.#runfile
    const stat = await look.reader.stat(path)
    if (stat?.type !== 'file') {
      if (url === null) return { ...nothing, refusals: [this.#missing()] }
      const refusals = await this.#unreachable(look, url)
      return { ...nothing, changes: refusals.length > 0 ? [] : [this.#download(url, null)], refusals, live: null }
    }
    const found = await sha256Of(look.reader, path)
    const live = { sha256: 'sum' in found ? found.sum : null }
    if (live.sha256 === sha256) {
      const version = await versionOf(look.reader, path)
      const isOther = version !== undefined && version !== this.declared.version
      return { ...nothing, refusals: isOther ? [this.#ofAnother(version)] : [], live }
    }
    if (url !== null) return { ...nothing, changes: [this.#download(url, live.sha256)], live }
    return { ...nothing, refusals: [this.#different('why' in found ? found.why : found.sum)], live }
  }

  #refusal(why: string, mend: readonly string[]): Refusal {
    return { resource: this.id, why, fields: [], mend }
  }

  #missing(): Refusal {
    const { path } = this.#runfile
    return this.#refusal(`the runfile ${path} is not on the host, so the driver can't be installed`, [
      `put it there: scp NVIDIA-Linux-x86_64-${this.declared.version}.run HOST:${path}`,
      'or declare where it is fetched from: "runfile_url" instead of "runfile_path"',
    ])
  }

  #ofAnother(version: string): Refusal {
    const { path } = this.#runfile
    const why = `${path} is the runfile of driver ${version}, and ${this.declared.version} is declared`
    return this.#refusal(why, [
      `declare "version": "${version}"`,
      `or the runfile of ${this.declared.version} with its checksum`,
    ])
  }

  #different(found: string): Refusal {
    const { path, sha256 } = this.#runfile
    return this.#refusal(`${path} is not the declared runfile: its SHA-256 is ${found}, declared is ${sha256}`, [
      'it may be cut off: copy it again, and compare with what NVIDIA says',
      'or mend nvidia_driver.runfile_sha256',
    ])
  }

  async #unreachable(look: Look, url: string): Promise<Refusal[]> {
    const fault = await fetchFault(look, url)
    if (fault === undefined) return []
    return [
      this.#refusal(`the runfile can't be fetched from ${url}: ${fault}`, [
        `try it on the host: curl -fIL ${url}`,
        'or put the file on the host and declare "runfile_path" instead of "runfile_url"',
      ]),
    ]
  }

  #download(url: string, before: string | null): Change {
    const { path, sha256 } = this.#runfile
    return {
      resource: this.id,
      action: before === null ? 'create' : 'replace',
      risk: 'safe',
      summary: `fetch the runfile of driver ${this.declared.version} into ${path}`,
      fields: [{ field: 'sha256', from: before, to: sha256 }],
      steps: fetchSteps(url, path, (part) => isRunfile(part, { sha256, version: this.declared.version })),
      undo: { commands: [['rm', path]] },
    }
  }
}
