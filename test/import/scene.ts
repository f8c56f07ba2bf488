/** Imports documents as if they were files, and tells of the report in short lines that a case can hold. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseConfig } from '../../lib/config/load.ts'
import { type Imported, importSources } from '../../lib/import/import.ts'
import type { ImportReport } from '../../lib/import/report.ts'
import { readSources } from '../../lib/import/source.ts'
import { callPhx } from '../cli/scene.ts'

export type Files = Readonly<Record<string, unknown>>

/** Lines of each part of the report; a part without any is left out, and so is what was taken as it is. */
export type Told = Readonly<Record<string, readonly string[]>>

export function imported(files: Files): Imported & { readonly config: unknown; readonly told: Told } {
  const place = new Place(files)
  try {
    const { sources, problems } = readSources(place.paths)
    assert.equal(problems, [])
    const made = importSources(sources, place.path('phoenix.config.json'))
    const loaded = parseConfig(made.text, 'phoenix.config.json')
    assert.ok(loaded.ok, JSON.stringify(loaded.problems))
    return { ...made, config: JSON.parse(made.text), told: toldIn(made.report, `${place.folder}/`) }
  } finally {
    place.clean()
  }
}

/** The documents as files of a folder; a text is written as it is. */
export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'phx-import-'))
  readonly paths: readonly string[]

  constructor(files: Files) {
    this.paths = Object.entries(files).map(([name, document]) => {
      const text = typeof document === 'string' ? document : `${JSON.stringify(document, null, 2)}\n`
      writeFileSync(this.path(name), text)
      return this.path(name)
    })
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Calls phx import with the files and further arguments; the config goes to new.json of the folder unless told. */
  async import(more: readonly string[] = []) {
    const output = more.includes('-o') ? [] : ['-o', this.path('new.json')]
    return callPhx(['import', ...this.paths, ...output, ...more])
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  clean(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function toldIn(report: ImportReport, folder: string): Told {
  const lines = {
    normalised: report.normalised.map(
      ({ from, to, why, ...at }) => `${place(at)}: ${from} → ${to}${why && ` (${why})`}`,
    ),
    dropped: report.dropped.map(({ why, ...at }) => `${place(at)}: ${why}`),
    undecided: report.undecided.map(({ message, mend, left, ...at }) => `${left} ${place(at)}: ${message} → ${mend}`),
    unmanaged: report.unmanaged.map(({ why, ...at }) => `${place(at)}: ${why}`),
    secrets: report.secrets.map(
      ({ put, isReferred, ...at }) => `${place(at)}: ${put}${isReferred ? ', referred to' : ''}`,
    ),
  }
  const plain = Object.entries(lines).map(
    ([part, told]) => [part, told.map((line) => line.replaceAll(folder, ''))] as const,
  )
  return Object.fromEntries(plain.filter(([, told]) => told.length > 0))
}

/** The hypervisor's file goes without its name: most cases have no other. */
function place({ file, path }: { readonly file: string; readonly path: string }): string {
  const name = file.split('/').at(-1) ?? ''
  const kind = /vm|lxc|stacks|certificate/.exec(name)?.[0]
  return kind === undefined ? path : `${kind} ${path}`
}
