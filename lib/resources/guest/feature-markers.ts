/** What a guest knows of the features that were run in it: one marker each, all read at once. */
import type { Probe } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'

export const markersFolder = '/var/lib/phx/features'

export interface Marker {
  readonly name: string
  /** Of the script. */
  readonly sha256: string
  readonly result: 'running' | 'done'
}

export const markerOf = (name: string): string => `${markersFolder}/${name}.json`

/** By name, those of `names` that are there. One process in the guest, however many there are. */
export const markersProbe = (names: readonly string[]): Probe<ReadonlyMap<string, Marker>> => ({
  id: `markers of ${names.join(' ')}`,
  read: async ({ reader }) => (await together(reader, names)) ?? oneByOne(reader, names),
})

/** Undefined unless every name has its line, or is said to be absent. */
async function together(reader: Reader, names: readonly string[]): Promise<ReadonlyMap<string, Marker> | undefined> {
  const { stdout, stderr } = await reader.query(['cat', '--', ...names.map(markerOf)])
  const found = new Map<string, Marker>()
  for (const line of stdout.split('\n')) {
    const marker = parsed(line)
    if (marker !== undefined) found.set(marker.name, marker)
  }
  const isAbsent = (name: string): boolean => stderr.includes(`${markerOf(name)}: No such file or directory`)
  return names.every((name) => found.has(name) !== isAbsent(name)) ? found : undefined
}

/** A marker that is torn says no more than that something began. */
async function oneByOne(reader: Reader, names: readonly string[]): Promise<ReadonlyMap<string, Marker>> {
  const found = new Map<string, Marker>()
  for (const name of names) {
    const text = await reader.readFile(markerOf(name))
    if (text !== undefined) found.set(name, parsed(text) ?? { name, sha256: '', result: 'running' })
  }
  return found
}

function parsed(text: string): Marker | undefined {
  try {
    return JSON.parse(text) as Marker
  } catch {
    return undefined
  }
}
