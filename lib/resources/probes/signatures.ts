/**
 * What is written on devices, read from the disks themselves in one process. Only an empty list means blank: blkid says
 * nothing of a disk with two kinds of signature, and lsblk repeats what udev remembers (seen: disks.jsonl scenes 6, 16, 28).
 */
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Probe } from '../../engine/resource.ts'
import { askJson } from './ask.ts'

export interface Signature {
  /** `ext4`, `gpt`, `PMBR`, `dos`, `swap`, `LVM2_member`, `crypto_LUKS`, `zfs_member`, … */
  readonly type: string
  readonly offset: string
  readonly label: string | null
  /** For `zfs_member` the pool's GUID; null for cache and spare disks (seen: disks.jsonl scene 24). */
  readonly uuid: string | null
}

interface WipefsSignature extends Signature {
  /** The last part of the path that was given. */
  readonly device: string
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

export function parseSignatures(answer: unknown): readonly WipefsSignature[] | undefined {
  if (typeof answer !== 'object' || answer === null || !('signatures' in answer)) return undefined
  return (answer as { readonly signatures: readonly WipefsSignature[] }).signatures
}

/** Signatures by the path given; every path has an entry. */
export function signaturesProbe(paths: readonly string[]): Probe<ReadonlyMap<string, readonly Signature[]>> {
  const argv = ['wipefs', '--no-act', '--json', ...paths]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      const what = `read what is on ${paths.join(' ')}`
      const found = paths.length === 0 ? [] : parseSignatures(await askJson(reader, argv, what))
      if (!found) throw new CannotLook(`can't ${what}: wipefs printed JSON without "signatures"`)
      const on = (path: string): Signature[] =>
        found
          .filter((signature) => signature.device === baseName(path))
          .map(({ type, offset, label, uuid }) => ({ type, offset, label, uuid }))
      return new Map(paths.map((path) => [path, on(path)]))
    },
  }
}
