/** The system's locale: generated if need be, and named in locale.conf(5). Other lines there (LC_TIME, …) stay. */
import type { Change, Comparison, Lock, Look, Note, Probe, Resource } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'
import { lineChanges } from '../file/owned-file.ts'
import { ask } from '../probes/ask.ts'

const genFile = '/etc/locale.gen'

/** Those that the C library has without any file. */
const builtIn: readonly string[] = ['C', 'POSIX', 'C.UTF-8']

/** `locale -a` writes `en_US.utf8` for what locale.gen(5) calls `en_US.UTF-8`. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_.]/g, '')

/** Those that are generated, by their plain names. */
const localesProbe: Probe<ReadonlySet<string>> = {
  id: 'locale -a',
  async read({ reader }) {
    const { stdout } = await ask(reader, ['locale', '-a'], 'see which locales are there')
    return new Set(stdout.split('\n').map(plain))
  },
}

const charsetOf = (name: string): string => /\.([^@]+)/.exec(name)?.[1] ?? 'ISO-8859-1'

/** Debian 13 keeps it in locale.conf, to which the old place is a link; Debian 12 the other way round. */
async function placeOf(reader: Reader): Promise<string> {
  const old = '/etc/default/locale'
  const path = await reader.realpath(old)
  if (path !== undefined) return path
  return '/etc/locale.conf'
}

const langIn = (text: string): string | null => /^LANG="?([^"\n]*)"?$/m.exec(text)?.[1] ?? null

function withLang(text: string, name: string): string {
  const line = `LANG=${name}`
  if (/^LANG=.*$/m.test(text)) return text.replace(/^LANG=.*$/m, line)
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}

/** The line that generates it: commented in, or put at the end. */
function withGenerated(text: string, name: string): string {
  const line = `${name} ${charsetOf(name)}`
  const quoted = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  if (new RegExp(`^\\s*${quoted}\\s*$`, 'm').test(text)) return text
  const commented = new RegExp(`^#\\s*${quoted}\\s*$`, 'm')
  if (commented.test(text)) return text.replace(commented, line)
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`
}

export class Locale implements Resource {
  readonly id = 'locale'
  readonly locks: readonly Lock[] = [{ name: 'locale', mode: 'exclusive' }]
  readonly #wanted: string

  constructor(wanted: string) {
    this.#wanted = wanted
  }

  async ahead(look: Look): Promise<void> {
    if (!builtIn.includes(this.#wanted)) await look.at(localesProbe)
  }

  async compare(look: Look): Promise<Comparison> {
    const { reader } = look
    const path = await placeOf(reader)
    const before = await reader.readFile(path)
    const text = before ?? ''
    const gen = await reader.readFile(genFile)
    const live = { lang: langIn(text) }
    const isThere = builtIn.includes(this.#wanted) || (await look.at(localesProbe)).has(plain(this.#wanted))
    if (!isThere && gen === undefined) return { changes: [], refusals: [], notes: [this.#later()], live }
    const changes = [
      ...(isThere ? [] : [this.#generate(gen ?? '')]),
      ...(live.lang === this.#wanted ? [] : [this.#name(path, before ?? null, live.lang)]),
    ]
    return { changes, refusals: [], notes: [], live }
  }

  #later(): Note {
    return {
      resource: this.id,
      level: 'info',
      text: `${this.#wanted} is generated once the package locales is installed`,
    }
  }

  #generate(text: string): Change {
    const content = withGenerated(text, this.#wanted)
    return {
      resource: this.id,
      action: 'create',
      risk: 'safe',
      summary: `generate the locale ${this.#wanted}`,
      fields: lineChanges(text, content),
      steps: [
        ...(content === text
          ? []
          : [{ kind: 'write' as const, file: { path: genFile, content, mode: 0o644 }, replaces: text }]),
        { kind: 'command', argv: ['locale-gen'], timeoutMs: 300_000 },
      ],
      undo: { impossible: 'the journal has the former list' },
    }
  }

  #name(path: string, before: string | null, from: string | null): Change {
    const content = withLang(before ?? '', this.#wanted)
    return {
      resource: this.id,
      action: 'update',
      risk: 'safe',
      summary: `set the locale ${this.#wanted}`,
      fields: [{ field: 'lang', from, to: this.#wanted, note: 'for those who log in from now on' }],
      steps: [{ kind: 'write', file: { path, content, mode: 0o644 }, replaces: before }],
      undo: { impossible: 'the journal has its former text' },
    }
  }
}
