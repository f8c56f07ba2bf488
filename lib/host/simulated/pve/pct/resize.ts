/** `pct resize`: refusals have an exit code, what fails once the work has begun has none (pct.jsonl n=85 to 89). */
import { activate } from '../activate.ts'
import { volumeNamed } from '../guest-volumes.ts'
import { formatSize, parseSize } from '../sizes.ts'
import { Refusal } from '../surroundings.ts'
import { loadContainer, requireUnlocked, writeContainer } from './config.ts'
import { parseMount, printMount, volumeOf } from './mountpoints.ts'
import type { PctVerb } from './verb.ts'
import { grow, sizeOf } from './volumes.ts'

export const resizeVerb: PctVerb = {
  parameters: {
    digest: { kind: 'string' },
    disk: { kind: 'string', values: ['rootfs', ...Array.from({ length: 256 }, (_, index) => `mp${index}`)] },
    size: { kind: 'string', pattern: /^\+?\d+(\.\d+)?[KMGT]?$/ },
  },
  work: ({ machine, voice, vmid, given }) => {
    const disk = given.get('disk') ?? ''
    const size = given.get('size') ?? ''
    const container = loadContainer(machine, voice, vmid)
    requireUnlocked(container)
    const values = parseMount(disk, container.values.get(disk) ?? '')
    const volume = volumeNamed(machine, voice, volumeOf(values))
    if (volume.owner !== vmid) {
      throw new Refusal(`can't resize mount point owned by another container (${volume.owner})\n`)
    }
    activate(machine, voice, volume.section)
    const live = sizeOf(machine, volume)
    if (live === null) throw new Refusal(`Could not determine current size of volume '${volume.id}'\n`)
    const told = parseSize(size.replace(/^\+/, '')) ?? 0
    const wanted = size.startsWith('+') ? live + told : told
    if (wanted < live) throw new Refusal('unable to shrink disk size\n')
    if (wanted === live) throw new Refusal('disk is already at specified size\n')
    const failed = grow(machine, volume, wanted)
    if (failed !== null) {
      voice.warn(failed)
      return
    }
    values.set('size', formatSize(wanted))
    container.values.set(disk, printMount(disk, values))
    writeContainer(machine, vmid, container)
    if (volume.format === 'raw') voice.out('Image resized.\n')
  },
}
