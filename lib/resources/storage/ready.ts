/** Whether a storage can take what is to be allocated in it. */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Foreseen, Look } from '../../engine/resource.ts'
import { storageConfigProbe } from '../probes/storage-config.ts'
import { isSet, listOf } from './options.ts'
import { storageId } from './storage.ts'

const taken = { images: 'disks of virtual machines', rootdir: 'containers' } as const

/** Rejects with `CannotLook`, whose message begins with `cannot`. A storage that the plan makes is as good as there. */
export async function assertStorage(
  look: Look,
  foreseen: Foreseen,
  storage: string,
  content: keyof typeof taken,
  cannot: string,
): Promise<void> {
  if (foreseen.isMadeAnew(storageId(storage))) return
  const entry = (await look.at(storageConfigProbe))?.get(storage)
  const fault = (why: string, ...mend: string[]): CannotLook => new CannotLook(`${cannot}: ${why}`, mend)
  if (entry === undefined) {
    throw fault(
      `storage ${storage} is neither declared nor in /etc/pve/storage.cfg`,
      'see which there are: pvesm status',
      'name one of them, or a declared one',
    )
  }
  if (isSet(entry, 'disable')) {
    throw fault(`storage ${storage} is disabled`, `pvesm set ${storage} --disable 0`)
  }
  const contents = listOf(entry.options.get('content') ?? 'images,rootdir')
  if (!contents.includes(content)) {
    throw fault(
      `storage ${storage} doesn't take ${taken[content]} (content ${contents.join(',')})`,
      `pvesm set ${storage} --content ${[...contents, content].sort().join(',')}`,
    )
  }
}
