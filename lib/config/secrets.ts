/** Where a secret is kept. The config never holds one itself; resolving happens just before it is needed. */
import type { PhxConfig, SecretReference } from './generated/types.ts'
import { isSecretName } from './secret-fields.ts'

export type { SecretReference }

/** Says where the secret is kept, for plans and errors; there is no way from here to its value. */
export function describeSecret(reference: SecretReference): string {
  if (reference.file !== undefined) return `file ${reference.file}`
  if (reference.env !== undefined) return `environment variable ${reference.env}`
  if (reference.credential !== undefined) return `systemd credential ${reference.credential}`
  // The tool's name alone: people put tokens into arguments.
  return `output of ${reference.command?.[0] ?? 'a command'}`
}

/** Every file on the host in which the config says that a secret is kept. */
export function secretFiles(config: PhxConfig): readonly string[] {
  const found = new Set<string>()
  const walk = (value: unknown, name: string): void => {
    if (value === null || typeof value !== 'object') return
    const { file } = value as Partial<SecretReference>
    // `source`: a secret that is put into a guest.
    if ((isSecretName(name) || name === 'source') && typeof file === 'string') found.add(file)
    else for (const [key, item] of Object.entries(value)) walk(item, Array.isArray(value) ? name : key)
  }
  walk(config, '')
  return [...found]
}
