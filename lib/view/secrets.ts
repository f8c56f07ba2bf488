/** `phx secrets check` for a person: where each secret is kept, and whether it can be had. */
import type { Paint } from './paint.ts'
import { count, printable, table } from './words.ts'

export interface CheckedSecret {
  /** JSONPath of the reference in the config. */
  readonly path: string
  readonly where: string
  readonly resolves: boolean
  /** Why it does not, or null. */
  readonly why: string | null
  readonly mend: readonly string[]
}

export function secretsText(secrets: readonly CheckedSecret[], paint: Paint): string {
  if (secrets.length === 0) return 'The config refers to no secret.\n'
  const heads = table(
    secrets.map(({ path, where, resolves }) => [
      resolves ? paint.green('ok') : paint.red('no'),
      printable(path),
      printable(where),
    ]),
  )
  const lines = secrets.flatMap((secret, index) => [
    heads[index] ?? '',
    ...(secret.why === null ? [] : [`    ${paint.red(printable(secret.why))}`]),
    ...secret.mend.map((line) => `    ${paint.cyan('→')} ${printable(line)}`),
  ])
  const missing = secrets.filter((secret) => !secret.resolves).length
  const verdict =
    missing === 0
      ? paint.green(`${count(secrets.length, 'secret')}, all of them resolve`)
      : paint.red(`${missing} of ${count(secrets.length, 'secret')} can't be had`)
  return `${[...lines, verdict].join('\n')}\n`
}
