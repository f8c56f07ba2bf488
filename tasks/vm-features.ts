/** Module `vm-features`: one task a virtual machine, for the scripts that its features name and its first boot. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredFeatures, declaredFeatures, featuresTask } from '../lib/config/vm-features.ts'
import { declaredZfs } from '../lib/config/zfs.ts'
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

/** `pools`: where the folder of a machine that is no longer declared may lie. */
function taskOf(vmid: number, declared: DeclaredFeatures | undefined, pools: readonly string[]): Task {
  const on = declared ? [declared.ground.pool, declared.snippet?.ground?.pool ?? declared.ground.pool] : pools
  return {
    id: featuresTask(vmid),
    title: `features of VM ${vmid}`,
    version: 1,
    groups: ['vm-features', 'setup'],
    needs: [...new Set(on)].map((pool) => `zfs:${pool}`),
    inputs: declared ? inputsOf(declared) : {},
    resources: resourcesOf(vmid, declared),
  }
}

export const vmFeatures: TaskModule<PhxConfig> = {
  name: 'vm-features',
  expand(config, orphans) {
    const declared = declaredFeatures(config)
    const pools = declaredZfs(config).pools.map(({ name }) => name)
    const gone = orphans.flatMap((id) => (id.startsWith(prefix) ? [Number(id.slice(prefix.length))] : []))
    return [
      ...declared.map((one) => taskOf(one.vmid, one, [])),
      ...gone
        .filter((vmid) => !declared.some((one) => one.vmid === vmid))
        .map((vmid) => taskOf(vmid, undefined, pools)),
    ]
  },
}
