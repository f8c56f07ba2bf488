/**
 * What the cloud-init drive of a running machine doesn't say yet: the section `[special:cloudinit]` keeps the values
 * that the drive was made with, and `added` the names of those that it doesn't have at all.
 */
import { splitList } from '../formats.ts'
import type { VirtualMachine } from './config.ts'
import { cloudInitOptions } from './schema.ts'

const isTold = (key: string): boolean => Object.hasOwn(cloudInitOptions, key) || key === 'name' || /^net\d+$/.test(key)

export function recordForCloudInit(
  vm: VirtualMachine,
  key: string,
  old: string | undefined,
  now: string | undefined,
): void {
  if (!isTold(key)) return
  const kept = vm.special.get('cloudinit') ?? new Map<string, string>()
  vm.special.set('cloudinit', kept)
  const added = new Set(splitList(kept.get('added') ?? ''))
  kept.delete('added')
  const recorded = kept.get(key)
  if (now !== undefined && recorded === now) {
    kept.delete(key)
    added.delete(key)
  } else if (recorded === undefined && added.has(key)) {
    if (now === undefined) added.delete(key)
  } else if (recorded === undefined && old !== undefined) kept.set(key, old)
  else if (recorded === undefined && now !== undefined) added.add(key)
  if (added.size > 0) kept.set('added', [...added].sort().join(','))
}

interface Row {
  readonly key: string
  readonly value?: string
  readonly pending?: string
}

/** Those that a person sets by their own names, as the drive has them and as they will be. */
const shown = ['cicustom', 'cipassword', 'citype', 'ciupgrade', 'ciuser', 'nameserver', 'searchdomain', 'sshkeys']

export function cloudInitRows(vm: VirtualMachine): Row[] {
  const hidden = (part: ReadonlyMap<string, string> | undefined, key: string): string | undefined =>
    key === 'cipassword' && part?.has(key) === true ? '**********' : part?.get(key)
  const kept = vm.special.get('cloudinit')
  const added = splitList(kept?.get('added') ?? '')
  const fresh = added.map((key): Row => ({ key, pending: hidden(vm.values, key) ?? '' }))
  const rest = shown.flatMap((key): Row[] => {
    const live = hidden(vm.values, key)
    const old = hidden(kept, key)
    if (live === undefined || live === '' || added.includes(key)) return []
    return [old === undefined ? { key, value: live } : { key, value: old, pending: live }]
  })
  return [...fresh, ...rest].sort((one, other) => (one.key < other.key ? -1 : 1))
}
