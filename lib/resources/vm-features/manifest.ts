/** manifest.json of a machine's folder: whose the folder is, and what belongs in it. It says nothing else of the config. */
import type { FeatureScript } from '../../config/feature-scripts.ts'

export const manifestFile = 'manifest.json'

const about = "phx's folder: its files are written from the features in phx's config, and others are removed"

interface Manifest {
  readonly about: string
  readonly format: 1
  readonly vmid: number
  readonly features: readonly { readonly name: string; readonly file: string; readonly sha256: string }[]
}

export function manifestText(vmid: number, scripts: readonly FeatureScript[]): string {
  const features = scripts.map(({ name, file, sha256 }) => ({ name, file, sha256 }))
  const manifest: Manifest = { about, format: 1, vmid, features }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** True for a manifest of phx's, of this machine or another, whatever else became of it. */
export function isManifest(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'about' in value && value.about === about
  } catch {
    return false
  }
}
