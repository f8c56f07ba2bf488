/** Each case is a shape of the old files: what the config becomes, and every line of the report. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Entry } from '../../lib/import/report.ts'
import { type Files, imported, type Told } from './scene.ts'

interface Case {
  readonly about: string
  readonly files: Files
  readonly config: unknown
  readonly report: Told
}

const folder = join(import.meta.dirname, 'cases')
const cases = readdirSync(folder).map((name) => {
  return { name, ...(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Case) }
})

for (const { name, about, files, config, report } of cases) {
  test(`${name}: ${about}`, () => {
    const made = imported(files)
    assert.equal(made.told, report)
    assert.equal(made.config, config)
  })

  test(`${name}: importing the result changes nothing and says nothing`, () => {
    const { text } = imported(files)
    const again = imported({ 'phoenix.config.json': text })
    assert.is(again.text, text)
    assert.equal(again.told, {})
    assert.equal(again.report.taken, [])
  })

  test(`${name}: every value of the old files is in the report`, () => {
    const { report: told } = imported(files)
    const places = Object.values(told).flatMap((entries: readonly Entry[]) =>
      entries.map(({ file, path }) => `${file.split('/').at(-1)} ${path}`),
    )
    for (const [file, document] of Object.entries(files)) {
      for (const path of leaves(document, '$')) {
        const isTold = places.some((place) => isAround(place, `${file} ${path}`) || isAround(`${file} ${path}`, place))
        assert.ok(isTold, `${file} ${path} is lost without a word`)
      }
    }
  })
}

/** JSONPaths of everything that holds nothing else. */
function leaves(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return value === null ? [] : [path]
  return Object.entries(value).flatMap(([name, inner]) => {
    const step = Array.isArray(value) ? `[${name}]` : /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name}']`
    return leaves(inner, path + step)
  })
}

function isAround(outer: string, inner: string): boolean {
  return inner === outer || (inner.startsWith(outer) && /[.[]/.test(inner.charAt(outer.length)))
}

test.run()
