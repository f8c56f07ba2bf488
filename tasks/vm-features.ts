/** Module `vm-features`: one task a virtual machine, for the scripts that its features name and its first boot. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredFeatures, declaredFeatures, featuresTask } from '../lib/config/vm-features.ts'
import type { Resource, Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { FeatureFolder } from '../lib/resources/vm-features/folder.ts'
import { snippetResource } from '../lib/resources/vm-features/snippet.ts'
import { StaleFeatures } from '../lib/resources/vm-features/stale.ts'

const prefix = featuresTask(0).slice(0, -1)

function resourcesOf(vmid: number, declared: DeclaredFeatures | undefined): Resource[] {
  const snippet = declared?.snippet ? [snippetResource(vmid, declared.snippet)] : []
  const own = declared ? [new FeatureFolder(declared), ...snippet] : []
  return [
    ...own,
    new StaleFeatures(
      vmid,
      own.map(({ id }) => id),
    ),
  ]
}

function inputsOf({ folder, scripts, snippet }: DeclaredFeatures): Record<string, Value> {
  const features = Object.fromEntries(scripts.map(({ name, sha256 }) => [name, sha256]))
  return { folder, features, ...(snippet ? { snippet: { path: snippet.path, lines: snippet.lines } } : {}) }
}

function taskOf(vmid: number, declared: DeclaredFeatures | undefined): Task {
  const grounds = declared ? [declared.ground, declared.snippet?.ground ?? declared.ground] : []
  return {
    id: featuresTask(vmid),
    title: `features of VM ${vmid}`,
    version: 1,
    groups: ['vm-features', 'setup'],
    needs: [...new Set(grounds.map(({ pool }) => `zfs:${pool}`))],
    inputs: declared ? inputsOf(declared) : {},
    resources: resourcesOf(vmid, declared),
  }
}

export const vmFeatures: TaskModule<PhxConfig> = {
  name: 'vm-features',
  expand(config, orphans) {
    const declared = declaredFeatures(config)
    const gone = orphans.flatMap((id) => (id.startsWith(prefix) ? [Number(id.slice(prefix.length))] : []))
    return [
      ...declared.map((one) => taskOf(one.vmid, one)),
      ...gone.filter((vmid) => !declared.some((one) => one.vmid === vmid)).map((vmid) => taskOf(vmid, undefined)),
    ]
  },
}
