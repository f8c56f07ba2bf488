/**
 * Texts that must not go on: secrets that somebody put where they would be shown (zfs get, stamps, argv), and control
 * characters. Runs before everything else: whatever looks at the document afterwards sees no secret of these.
 */
import type { Finding, Path } from './problem.ts'
import { isSecretProperty } from './secret-fields.ts'

export interface UnsafeTexts {
  readonly findings: readonly Finding[]
  /** The document, with something else in the place of each secret. */
  readonly document: unknown
}

interface Found {
  readonly finding: Finding
  /** Where the secret is; `key` when the field's name is the secret. */
  readonly secret?: { readonly path: Path; readonly part: 'key' | 'value' }
}

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-|AGE-SECRET-KEY-1|b3BlbnNzaC1rZXktdjE/
/** user:password@ in any URL, and whatever stands before the @ of http(s); a port is no password. */
const CREDENTIALS = /:\/\/[^\s/?#@]*:(?![0-9]+(?:[/?#]|$))\S*@|https?:\/\/[^\s/?#@]+@/i

/** https://…?token=…, and what else such parameters are called (X-Amz-Signature). */
const CREDENTIAL_PARAMETER =
  /https?:\/\/\S*[?&](?:[\w.-]*[-_.])?(?:token|secret|passwd|password|(?:api)?key|sig|signature|auth|credential)=[^\s&]/i

/** Sections whose texts become arguments, names and lines of files on the host. */
const PRINTED_SECTIONS: readonly unknown[] = [
  ...['zfs', 'proxmox_storage_ids', 'host', 'network', 'timezone', 'domain_name', 'nfs', 'firewall'],
  ...['vm_features', 'shared_volumes', 'guests', 'guest_files'],
]

export function unsafeTexts(document: unknown): UnsafeTexts {
  const found = [...textsIn(document, [])]
  const secrets = found.flatMap(({ secret }) => secret ?? [])
  return {
    findings: found.map(({ finding }) => finding),
    document: secrets.length === 0 ? document : without(secrets, document),
  }
}

function* textsIn(value: unknown, path: Path): Generator<Found> {
  if (typeof value === 'string') yield* valueFaults(value, path)
  if (typeof value !== 'object' || value === null) return
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value)
  for (const step of steps) {
    const here = [...path, step]
    if (typeof step === 'string') {
      const fault = secretIn(step)
      if (fault !== undefined) {
        // The way to it would show it.
        yield {
          finding: at(path, `the name of a field here ${fault.is}`, fault.mend),
          secret: { path: here, part: 'key' },
        }
        continue
      }
      yield* controlFaults(step, here, 'key')
      if (isSecretProperty(step)) {
        yield { finding: { ...secretProperty(here), at: 'key' }, secret: { path: here, part: 'value' } }
        continue
      }
    }
    yield* textsIn((value as Record<string | number, unknown>)[step], here)
  }
}

function* valueFaults(text: string, path: Path): Generator<Found> {
  const fault = secretIn(text)
  const secret = { path, part: 'value' } as const
  if (fault !== undefined) yield { finding: at(path, `this text ${fault.is}`, fault.mend), secret }
  else if (isPropertyText(path) && text.split(',').some((part) => isSecretProperty(part.split('=')[0] ?? '')))
    yield { finding: secretProperty(path), secret }
  else yield* controlFaults(text, path, 'value')
}

function secretIn(text: string): { readonly is: string; readonly mend: string } | undefined {
  if (PRIVATE_KEY.test(text))
    return {
      is: 'is a private key',
      mend: 'take it out: the config holds public keys only; replace the key, it was written down',
    }
  if (CREDENTIALS.test(text) || CREDENTIAL_PARAMETER.test(text)) {
    const mend = 'write the URL without them; for a key of ZFS, fetch it into a file and write keylocation=file:///…'
    return { is: 'has a URL with credentials in it', mend }
  }
  return undefined
}

function* controlFaults(text: string, path: Path, part: 'key' | 'value'): Generator<Found> {
  if (!PRINTED_SECTIONS.includes(path[0])) return
  const character = /\p{Cc}/u.exec(text)?.[0]
  if (character === undefined) return
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  yield { finding: { ...at(path, `a control character (U+${code}) stands in this text`, 'remove it'), at: part } }
}

/** A comma string of properties: `properties` or `filesystem_properties`. */
function isPropertyText(path: Path): boolean {
  return path[0] === 'zfs' && /^(filesystem_)?properties$/.test(String(path.at(-1)))
}

function secretProperty(path: Path): Finding {
  return at(
    path,
    'a user property that is named like a secret: everybody could read it with zfs get',
    'remove it, and keep the secret in a file that only root can read',
  )
}

function at(path: Path, message: string, mend: string): Finding {
  return { severity: 'error', at: 'value', path, message, mend }
}

function without(
  secrets: readonly { readonly path: Path; readonly part: 'key' | 'value' }[],
  document: unknown,
): unknown {
  const root = { document: structuredClone(document) }
  for (const { path, part } of secrets) {
    const steps: Path = ['document', ...path]
    const holder = steps.slice(0, -1).reduce<unknown>((inner, step) => (inner as Record<string, unknown>)[step], root)
    const last = steps.at(-1) ?? ''
    if (part === 'key') Reflect.deleteProperty(holder as object, last)
    else Object.defineProperty(holder as object, last, { value: 'withheld' })
  }
  return root.document
}
