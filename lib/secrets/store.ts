/** Resolving secret references: each once a process, when the first resource that needs it is looked at. */
import { join } from 'node:path'
import { type Resolved, Secret, type SecretSource, type Secrets } from '../engine/secret.ts'
import type { Reader } from '../host/host.ts'
import { runCommand } from '../host/spawn.ts'

/** Shorter ones would be found in every other word, and garble what tools say. */
const shortestRedacted = 4
const commandDeadlineMs = 60_000

type Variables = Readonly<Record<string, string | undefined>>

export class SecretStore implements Secrets {
  readonly #reader: Reader
  readonly #variables: Variables
  readonly #known = new Map<string, Promise<Resolved>>()
  readonly #texts = new Set<string>()

  constructor(reader: Reader, variables: Variables) {
    this.#reader = reader
    this.#variables = variables
    this.redact = this.redact.bind(this)
  }

  resolve(source: SecretSource): Promise<Resolved> {
    const key = JSON.stringify(source)
    let resolving = this.#known.get(key)
    if (!resolving) {
      resolving = this.#read(source).then((text) => this.#checked(text))
      this.#known.set(key, resolving)
    }
    return resolving
  }

  redact(text: string): string {
    let clean = text
    for (const secret of this.#texts) clean = clean.replaceAll(secret, '[secret]')
    return clean
  }

  /** One newline at the end is the editor's, not the secret's. */
  #checked(read: string | Unread): Resolved {
    if (typeof read !== 'string') return { ok: false, ...read }
    const text = read.replace(/\r?\n$/, '')
    const mend = ['phx secrets check']
    if (text === '') return { ok: false, why: 'it is empty', mend }
    if (/[\r\n\0]/.test(text)) return { ok: false, why: 'it is more than one line', mend }
    if (text.length >= shortestRedacted) this.#texts.add(text)
    return { ok: true, secret: new Secret(text) }
  }

  async #read({ file, env, credential, command }: SecretSource): Promise<string | Unread> {
    if (file !== undefined) return this.#readFile(file)
    if (env !== undefined)
      return (
        this.#variables[env] ?? {
          why: `the environment variable ${env} is not set`,
          mend: [`set ${env} for phx (sudo drops it: sudo --preserve-env=${env})`],
        }
      )
    if (credential !== undefined) return this.#readCredential(credential)
    return this.#ask(command ?? [])
  }

  async #readFile(path: string): Promise<string | Unread> {
    try {
      const stat = await this.#reader.stat(path)
      if (!stat) return { why: `there is no file ${path}`, mend: [`put it there: install -m 0600 /dev/stdin ${path}`] }
      if (stat.type !== 'file') return { why: `${path} is no file`, mend: [] }
      if ((stat.mode & 0o077) !== 0) {
        const mode = stat.mode.toString(8).padStart(4, '0')
        return { why: `${path} can be read by others (mode ${mode})`, mend: [`chmod 0600 ${path}`] }
      }
      return (await this.#reader.readFile(path)) ?? { why: `there is no file ${path}`, mend: [] }
    } catch (error) {
      return { why: `${path}: ${error instanceof Error ? error.message : String(error)}`, mend: [] }
    }
  }

  async #readCredential(name: string): Promise<string | Unread> {
    const folder = this.#variables.CREDENTIALS_DIRECTORY
    if (folder === undefined) {
      const mend = [`run phx from a unit with LoadCredential=${name}:…, or systemd-run -p LoadCredential=${name}:FILE`]
      return { why: 'phx runs without systemd credentials ($CREDENTIALS_DIRECTORY is not set)', mend }
    }
    const { readFile } = await import('node:fs/promises')
    return readFile(join(folder, name), 'utf8').catch(
      (): Unread => ({
        why: `there is no credential ${name} in ${folder}`,
        mend: [`add LoadCredential=${name}:… to the unit`],
      }),
    )
  }

  /** Run beside phx, whatever the host: password stores are the person's, not the host's. Its output is shown nowhere. */
  async #ask(command: readonly string[]): Promise<string | Unread> {
    const [tool = ''] = command
    const env = Object.fromEntries(
      Object.entries(this.#variables).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])),
    )
    const result = await runCommand({ argv: command, env, timeoutMs: commandDeadlineMs })
    if (result.exitCode === 0) return result.stdout
    const how = result.timedOut ? 'did not come back' : `ended with exit code ${result.exitCode ?? 'none'}`
    return { why: `${tool} ${how}`, mend: [`run it by hand to see why (its output is not shown here)`] }
  }
}

interface Unread {
  readonly why: string
  readonly mend: readonly string[]
}
