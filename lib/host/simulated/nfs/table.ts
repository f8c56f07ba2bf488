/** The table of exports, /var/lib/nfs/etab, in the order in which exportfs keeps it. */
import type { SimState } from '../model.ts'
import { type Entry, unescaped } from './exports-file.ts'
import { etabText, takeWords, usualOptions } from './options.ts'

export const etab = '/var/lib/nfs/etab'

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('\t', '\\011')

/** Kinds in the order in which they are listed (support/export/client.c). */
function kindOf(client: string): number {
  if (client === '*' || client === '') return 5
  if (client.startsWith('@')) return 4
  if (/[*?[]/.test(client)) return 3
  return client.includes('/') ? 1 : 0
}

/** New paths come first within their kind, further clients of a path behind the ones before (exports.c, export_add). */
export class Table {
  #entries: Entry[] = []

  get entries(): readonly Entry[] {
    return [0, 1, 2, 3, 4, 5].flatMap((kind) => this.#entries.filter(({ client }) => kindOf(client) === kind))
  }

  find(path: string, client: string): Entry | undefined {
    return this.#entries.find((entry) => entry.path === path && entry.client === client)
  }

  add(entry: Entry): void {
    const alike = (one: Entry): boolean => one.path === entry.path && kindOf(one.client) === kindOf(entry.client)
    const last = this.#entries.findLastIndex(alike)
    if (last < 0) this.#entries.unshift(entry)
    else this.#entries.splice(last + 1, 0, entry)
  }

  remove(entry: Entry): void {
    this.#entries = this.#entries.filter((one) => one !== entry)
  }
}

export function readTable(text: string): Entry[] {
  return text.split('\n').flatMap((line) => {
    const [, path, client, list] = /^(\S+)\t([^\t(]*)\((.*)\)$/.exec(line) ?? []
    if (path === undefined || client === undefined || list === undefined) return []
    const options = usualOptions()
    takeWords(options, unescaped(list))
    return [{ path: unescaped(path), client, options }]
  })
}

export const tableText = (entries: readonly Entry[]): string =>
  entries.map(({ path, client, options }) => `${escaped(path)}\t${client}(${escaped(etabText(options))})\n`).join('')

export const liveTable = (state: SimState): Entry[] => readTable(state.files[etab]?.content ?? '')

export const shownPath = escaped
