/**
 * Encrypted datasets, as far as scenes 98, 100 and 112 of zfs.jsonl show them: a passphrase or key from standard input
 * or a file, loaded and unloaded. Only a digest of the key is kept.
 */
import { createHash } from 'node:crypto'
import type { Dataset, Pool, SimState } from '../model.ts'
import { parentOf } from './tree.ts'

type Prepared =
  | { readonly properties: Record<string, string>; readonly onetime: Record<string, string> }
  | { readonly fault: string }

export const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex')

const fixedByEncryption = ['encryption', 'keyformat', 'pbkdf2iters']

/** What a new dataset gets for encryption: its own root, its parent's, or none. */
export function encryptionOf(
  state: SimState,
  pool: Pool,
  name: string,
  ok: Readonly<Record<string, string>>,
  stdin: string,
): Prepared {
  const parent = pool.datasets.find((dataset) => dataset.name === parentOf(name))
  const inherited = parent?.onetime.encryptionroot
  const asked = ok.encryption
  const cannot = (reason: string): Prepared => ({ fault: `cannot create '${name}': ${reason}\n` })
  const setsKey = ok.keyformat !== undefined || (ok.keylocation ?? 'none') !== 'none'
  if (asked === 'off' || (asked === undefined && inherited === undefined)) {
    if (asked === 'off' && inherited !== undefined)
      return cannot('Encryption may not be turned off below an encrypted dataset.')
    return setsKey
      ? cannot('Encryption must be turned on to set encryption properties.')
      : { properties: { ...ok }, onetime: {} }
  }
  const properties = Object.fromEntries(Object.entries(ok).filter(([key]) => !fixedByEncryption.includes(key)))
  if (!setsKey) {
    if (parent === undefined || inherited === undefined) return cannot('Keyformat required for new encryption root.')
    if (!parent.keyLoaded) return cannot("encryption root's key is not loaded or provided")
    const kept = fixedByEncryption.flatMap((key) => {
      const value = (key === 'encryption' ? asked : undefined) ?? parent.onetime[key]
      return value === undefined ? [] : [[key, value] as const]
    })
    return { properties, onetime: { ...Object.fromEntries(kept), encryptionroot: inherited } }
  }
  const keyformat = ok.keyformat
  if (keyformat === undefined) return cannot('Keyformat required for new encryption root.')
  const keylocation = ok.keylocation ?? 'prompt'
  const key = readKey(state, keylocation, stdin)
  if ('fault' in key) return cannot(key.fault)
  const fault = keyFault(keyformat, key.key)
  if (fault !== null) return cannot(fault)
  return {
    properties: { ...properties, keylocation },
    onetime: {
      encryption: asked ?? parent?.onetime.encryption ?? 'aes-256-gcm',
      keyformat,
      ...(keyformat === 'passphrase' ? { pbkdf2iters: ok.pbkdf2iters ?? '350000' } : {}),
      encryptionroot: name,
      keyDigest: digestOf(key.key),
    },
  }
}

/** One line of standard input, or of a file (a second line on stdin is not compared: facts, Datasets). */
export function readKey(
  state: SimState,
  location: string,
  stdin: string,
): { readonly key: string } | { readonly fault: string } {
  if (location === 'prompt') return { key: stdin.split('\n', 1)[0] ?? '' }
  const file = state.files[location.replace(/^file:\/\//, '')]
  if (file?.type !== 'file') return { fault: 'Failed to open key material file: No such file or directory' }
  return { key: file.content.split('\n', 1)[0] ?? '' }
}

/** Why a key can't be one of this format. */
export function keyFault(keyformat: string, key: string): string | null {
  if (keyformat !== 'passphrase') return null
  if (key.length < 8) return 'Passphrase too short (min 8).'
  return key.length > 512 ? 'Passphrase too long (max 512).' : null
}

/** The dataset that holds the key of this one. */
export const rootOf = (pool: Pool, dataset: Dataset): Dataset | undefined =>
  pool.datasets.find(({ name }) => name === dataset.onetime.encryptionroot)

/** Sets the key's presence on all datasets of an encryption root. */
export function setKeyLoaded(pool: Pool, root: string, loaded: boolean): void {
  for (const dataset of pool.datasets) if (dataset.onetime.encryptionroot === root) dataset.keyLoaded = loaded
}
