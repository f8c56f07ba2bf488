/** A cloud image on the host: fetched once, and with the declared checksum. */
import type { VmOrigin } from '../../config/guests/vm.ts'
import type { Change, Comparison, Look, Refusal, Resource, Step } from '../../engine/resource.ts'
import { fetchFault, fetchSteps, sha256Of } from '../file/download.ts'
import { vmProbe } from '../probes/vms.ts'

export type ImageOrigin = VmOrigin & { readonly kind: 'file' | 'image' }

/** Where fetched ones are kept. They can be fetched again, so backups need not take them. */
const folder = '/var/cache/phx/images'

export const imagePath = (origin: ImageOrigin): string =>
  origin.kind === 'file' ? origin.file : `${folder}/${origin.name}`

export const imageId = (origin: ImageOrigin): string => `image:${imagePath(origin)}`

const hasChecksum = (path: string, sha256: string): Step => ({
  kind: 'verify',
  what: `${path} has the declared checksum`,
  mend: [`compare it with what its makers say: sha256sum ${path}`, 'then mend template_image_sha256, or the file'],
  async check(reader) {
    const found = await sha256Of(reader, path)
    if ('why' in found) return found.why
    return found.sum === sha256 ? undefined : `its SHA-256 is ${found.sum}, declared is ${sha256}`
  },
})

/** The last look before a disk is made from it. */
export const imageVerified = (origin: ImageOrigin): Step[] =>
  origin.sha256 === null ? [] : [hasChecksum(imagePath(origin), origin.sha256)]

export class Image implements Resource {
  readonly id: string
  readonly locks
  readonly #origin: ImageOrigin
  readonly #vmid: string

  /** `vmid` is the machine that is made from it: once that is there, nobody needs the image. */
  constructor(origin: ImageOrigin, vmid: string) {
    this.id = imageId(origin)
    this.locks = [{ name: this.id, mode: 'exclusive' }] as const
    this.#origin = origin
    this.#vmid = vmid
  }

  async compare(look: Look): Promise<Comparison> {
    const { sha256 } = this.#origin
    const path = imagePath(this.#origin)
    const nothing = { changes: [], refusals: [], notes: [] }
    if ((await look.at(vmProbe(this.#vmid))) !== undefined) return { ...nothing, live: undefined }
    const stat = await look.reader.stat(path)
    if (stat?.type !== 'file') return { ...nothing, ...(await this.#missing(look)), live: null }
    if (sha256 === null) return { ...nothing, live: { bytes: stat.size } }
    const found = await sha256Of(look.reader, path)
    const sum = 'sum' in found ? found.sum : null
    if (sum === sha256) return { ...nothing, live: { sha256 } }
    const url = this.#origin.kind === 'image' ? this.#origin.url : null
    if (url !== null) return { ...nothing, changes: [this.#fetch(url, sha256, sum)], live: { sha256: sum } }
    const why = `${path} is not the declared image: its SHA-256 is ${sum}, declared is ${sha256}`
    const mend = ['it may be cut off: copy it again', 'or mend template_image_sha256']
    return { ...nothing, refusals: [{ resource: this.id, why, fields: [], mend }], live: { sha256: sum } }
  }

  async #missing(look: Look): Promise<Pick<Comparison, 'changes' | 'refusals'>> {
    const path = imagePath(this.#origin)
    const refused = (why: string, mend: readonly string[]): { changes: Change[]; refusals: Refusal[] } => ({
      changes: [],
      refusals: [{ resource: this.id, why, fields: [], mend }],
    })
    if (this.#origin.kind === 'file' || this.#origin.url === null || this.#origin.sha256 === null) {
      return refused(`the image ${path} is not on the host`, [
        `put it there: scp IMAGE HOST:${path}`,
        'or declare where it is fetched from: "template_image_url", with "template_image_sha256"',
      ])
    }
    const { url, sha256 } = this.#origin
    const fault = await fetchFault(look, url)
    if (fault === undefined) return { changes: [this.#fetch(url, sha256, null)], refusals: [] }
    return refused(`the image can't be fetched from ${url}: ${fault}`, [
      `try it on the host: curl -fIL ${url}`,
      `or put it there: scp IMAGE HOST:${path}`,
    ])
  }

  #fetch(url: string, sha256: string, before: string | null): Change {
    const path = imagePath(this.#origin)
    return {
      resource: this.id,
      action: before === null ? 'create' : 'replace',
      risk: 'safe',
      summary: `fetch the image ${url} into ${path}`,
      fields: [{ field: 'sha256', from: before, to: sha256 }],
      steps: fetchSteps(url, path, (part) => hasChecksum(part, sha256)),
      undo: { commands: [['rm', path]] },
    }
  }
}
