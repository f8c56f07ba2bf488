/** The JSON that list and get print with -j. */
import type { Dataset, Pool } from '../model.ts'
import type { Source } from './inheritance.ts'
import { isSnapshotName, parentOf } from './tree.ts'
import { sourceObject } from './values.ts'

export interface JsonProperty {
  readonly name: string
  readonly value: string
  readonly source: Source
}

export interface JsonDataset {
  readonly pool: Pool
  readonly dataset: Dataset
  readonly properties: readonly JsonProperty[]
}

export function jsonText(command: string, datasets: readonly JsonDataset[]): string {
  const entries = datasets.map(({ pool, dataset, properties }) => [
    dataset.name,
    {
      name: dataset.name,
      type: dataset.type.toUpperCase(),
      pool: pool.name,
      createtxg: String(dataset.createtxg),
      ...(isSnapshotName(dataset.name)
        ? { dataset: parentOf(dataset.name), snapshot_name: dataset.name.slice(dataset.name.indexOf('@') + 1) }
        : {}),
      properties: Object.fromEntries(
        properties.map(({ name, value, source }) => [name, { value, source: sourceObject(source) }]),
      ),
    },
  ])
  const version = { command, vers_major: 0, vers_minor: 1 }
  return `${JSON.stringify({ output_version: version, datasets: Object.fromEntries(entries) })}\n`
}
