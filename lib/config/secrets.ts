/** Where a secret is kept. The config never holds one itself; resolving happens just before it is needed. */
import type { SecretReference } from './generated/types.ts'

export type { SecretReference }

/** Says where the secret is kept, for plans and errors; there is no way from here to its value. */
export function describeSecret(reference: SecretReference): string {
  if (reference.file !== undefined) return `file ${reference.file}`
  if (reference.env !== undefined) return `environment variable ${reference.env}`
  if (reference.credential !== undefined) return `systemd credential ${reference.credential}`
  // The tool's name alone: people put tokens into arguments.
  return `output of ${reference.command?.[0] ?? 'a command'}`
}
