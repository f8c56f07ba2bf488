/** Kernel settings as they are now (/proc/sys); the file beside them (sysctl.d(5)) is for the next start. */
import type { Change, Comparison, Lock, Look, Note, Refusal, Resource } from '../../engine/resource.ts'

/** Last but for what begins with letters: of two files that name a setting the later one counts. */
export const sysctlFile = '/etc/sysctl.d/99-phx.conf'

/** Settings that come with a module, which may be loaded only when it is needed. */
const ofModules = /^(net[./](bridge|netfilter)|fs[./]nfs|sunrpc|dev)[./]/

/** A slash and a dot may both part the words; the first one in a name says which (sysctl.d(5)). */
const pathOf = (key: string): string => {
  const isDotted = /[./]/.exec(key)?.[0] === '.'
  return `/proc/sys/${isDotted ? key.replace(/[./]/g, (char) => (char === '.' ? '/' : '.')) : key}`
}

/** Several numbers are parted by tabs in /proc/sys. */
const normal = (value: string): string => value.trim().replace(/\s+/g, ' ')

export const sysctlLines = (declared: Readonly<Record<string, string>>): string[] =>
  Object.entries(declared)
    .map(([key, value]) => `${key} = ${value}`)
    .sort()

export class SysctlNow implements Resource {
  readonly id = 'sysctl'
  readonly locks: readonly Lock[] = [{ name: 'sysctl', mode: 'exclusive' }]
  readonly #declared: Readonly<Record<string, string>>

  constructor(declared: Readonly<Record<string, string>>) {
    this.#declared = declared
  }

  async compare(look: Look): Promise<Comparison> {
    const values = await Promise.all(
      Object.keys(this.#declared).map(async (key) => [key, await look.reader.readFile(pathOf(key))] as const),
    )
    const absent = values.filter(([, text]) => text === undefined).map(([key]) => key)
    const unknown = absent.filter((key) => !ofModules.test(key))
    const live = Object.fromEntries(
      values.flatMap(([key, text]): [string, string][] => (text === undefined ? [] : [[key, normal(text)]])),
    )
    const different = Object.keys(live).filter((key) => live[key] !== normal(this.#declared[key] ?? ''))
    return {
      changes: different.length === 0 || unknown.length > 0 ? [] : [this.#set(different, live)],
      refusals: unknown.length === 0 ? [] : [this.#unknown(unknown)],
      notes: [
        ...absent.filter((key) => !unknown.includes(key)).map((key) => this.#later(key)),
        ...(await this.#rivals(look)),
      ],
      live,
    }
  }

  #set(keys: readonly string[], live: Readonly<Record<string, string>>): Change {
    const assignments = (values: Readonly<Record<string, string>>): string[] =>
      keys.map((key) => `${key}=${values[key]}`)
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `set ${keys.join(', ')}`,
      fields: keys.map((field) => ({ field, from: live[field] ?? null, to: this.#declared[field] ?? null })),
      steps: [
        {
          kind: 'command',
          argv: ['sysctl', '-w', ...assignments(this.#declared)],
          // "Operation not permitted" is exit code 0 (seen: services.jsonl scene 48).
          judge: ({ stderr, exitCode }) =>
            stderr.trim() || (exitCode === 0 ? undefined : 'sysctl failed without a word'),
        },
      ],
      undo: { commands: [['sysctl', '-w', ...assignments(live)]] },
    }
  }

  #unknown(keys: readonly string[]): Refusal {
    const why = `the kernel of this host has no setting ${keys.join(' or ')}`
    return {
      resource: this.id,
      why,
      fields: [],
      mend: [`see the names it has: sysctl -a | grep ${keys[0]?.split(/[./]/).at(-1)}`],
    }
  }

  #later(key: string): Note {
    const text = `the kernel has no ${key} at the moment; it is set when the host starts with the module that brings it`
    return { resource: this.id, level: 'info', text }
  }

  /** Files that are read after phx's and name the same setting. */
  async #rivals({ reader }: Look): Promise<Note[]> {
    const folder = '/etc/sysctl.d'
    const own = sysctlFile.slice(folder.length + 1)
    const later = ((await reader.listDir(folder)) ?? []).filter((name) => name.endsWith('.conf') && name > own)
    const found = await Promise.all(
      later.map(async (name) => {
        const text = (await reader.readFile(`${folder}/${name}`)) ?? ''
        return Object.keys(this.#declared)
          .filter((key) => text.split('\n').some((line) => line.replace(/\s*=.*/, '').trim() === key))
          .map((key): Note => {
            const words = `${folder}/${name} sets ${key} too and is read after phx's file: at the next start its value counts`
            return { resource: this.id, level: 'warning', text: words }
          })
      }),
    )
    return found.flat()
  }
}
