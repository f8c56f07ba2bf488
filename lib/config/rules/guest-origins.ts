/** What guests are made from: one thing, which can be had, and templates that are nothing else. */
import { type GuestSpot, guestSpots, guestsById, referredId } from '../guests-view.ts'
import type { Finding } from '../problem.ts'
import { atKey, error, type Rule, type Spot, warning } from '../spot.ts'

export const guestsHaveOneOrigin: Rule = function* (config) {
  const declared = guestsById(config)
  for (const guest of guestSpots(config)) {
    const { kind, spot, source } = guest
    const image = spot.get(kind === 'vm' ? 'template_image' : 'template')
    if (source.isPresent && image.isPresent) {
      const message = `it is a clone and made from ${kind === 'vm' ? 'an image' : 'a template file'} at once`
      yield error(image, message, 'keep one of the two')
    } else if (source.isPresent) yield* sourceFindings(guest, declared.get(referredId(source) ?? ''))
    else if (image.isPresent) {
      yield* imageFindings(guest, image)
      yield* storageFindings(config, guest)
    } else if (!hasDefaultImage(config, guest)) yield* withoutOrigin(guest)
    const linked = spot.get('linked_clone')
    if (linked.value === true && !source.isPresent) {
      const mend = 'remove it, or add clone_from_vmid'
      yield atKey(error(linked, '"linked_clone" says how to clone, and it is no clone', mend))
    }
  }
}

const FOR_FETCHING = ['template_image_url', 'template_image_sha256'] as const

/** One that can be had: the scripts wrote any name there, and only looked whether there was one. */
function hasDefaultImage(config: Spot, { kind, spot }: GuestSpot): boolean {
  const image = config.get('guests', 'vm_defaults', 'template').text
  if (kind === 'lxc' || image === undefined) return false
  return image.startsWith('/') || FOR_FETCHING.every((name) => spot.get(name).isPresent)
}

function* sourceFindings({ kind, source }: GuestSpot, other: GuestSpot | undefined): Generator<Finding> {
  // Not declared: it may be a template of the host, which only the host can tell.
  if (other === undefined) return
  if (other.kind !== kind) {
    const [own, its] = kind === 'vm' ? ['a VM', 'a container'] : ['a container', 'a VM']
    yield error(source, `${other.target} is ${its}: ${own} can't be its clone`, `name a template of the same kind`)
  } else if (other.spot.get('is_template').value !== true) {
    const mend = `write "is_template": true at ${other.target}, or name a template`
    yield error(source, `${other.target} is no template: its disks change while they are copied`, mend)
  }
}

/** A warning: a machine that is there already needs no image, and is looked after without. */
function* imageFindings({ kind, spot }: GuestSpot, image: Spot): Generator<Finding> {
  if (kind === 'lxc' || image.text === undefined || image.text.startsWith('/')) return
  const missing = FOR_FETCHING.filter((name) => !spot.get(name).isPresent)
  if (missing.length === 0) return
  const message = `phx can't fetch ${image.text}, and nothing unchecked: ${missing.join(' and ')} missing`
  yield warning(image, message, `add ${missing.join(' and ')}, or name a file on the host: /path/${image.text}`)
}

function* storageFindings(config: Spot, { kind, idSpot, spot }: GuestSpot): Generator<Finding> {
  const defaults = kind === 'vm' ? config.get('guests', 'vm_defaults', 'storage_pool') : undefined
  if (spot.get('storage_pool').isPresent || defaults?.isPresent) return
  const what = kind === 'vm' ? 'its disk' : 'its root file system'
  yield atKey(warning(idSpot, `nothing says on which storage ${what} goes`, 'add "storage_pool"'))
}

/** Who says none of these may only mean what is in a guest that somebody else made: its features, its volumes. */
const MADE_WITH = {
  vm: ['is_template', 'cores', 'memory_mb', 'disk_size_gb', 'storage_pool', 'user_config'],
  lxc: ['is_template', 'cores', 'memory_mb', 'storage_size_gb', 'storage_pool', 'unprivileged'],
} as const

function* withoutOrigin({ kind, idSpot, spot }: GuestSpot): Generator<Finding> {
  if (spot.get('adopt').value === true || !MADE_WITH[kind].some((name) => spot.get(name).isPresent)) return
  const fields = kind === 'vm' ? 'clone_from_vmid or template_image' : 'clone_from_ctid or template'
  const message = `nothing says what it is made from: phx can't make it, only look after one that is there`
  yield atKey(warning(idSpot, message, `add ${fields}; or "adopt": true, to take over one that is there`))
}

/** Fields that only mean something to a guest that runs. */
const OF_RUNNING = ['nfs_shares', 'volumes', 'file_injections'] as const

export const templatesAreOnlyThat: Rule = function* (config) {
  for (const { kind, spot } of guestSpots(config)) {
    if (spot.get('is_template').value !== true) continue
    for (const name of kind === 'vm' ? OF_RUNNING : []) {
      const field = spot.get(name)
      if (field.items().length === 0) continue
      yield atKey(error(field, `a template is never started again: "${name}" has no use`, 'move it to its clones'))
    }
    const starts = spot.get('start_at_boot')
    if (starts.value === true) yield error(starts, 'a template is never started', 'remove it')
  }
}
