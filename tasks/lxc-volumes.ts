/** Module `lxc-volumes`: one task a container, for the volumes of its own. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { type DeclaredContainer, type DeclaredVolume, declaredContainers } from '../lib/config/lxc-volumes.ts'
import type { Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { UndeclaredVolumes } from '../lib/resources/lxc-volume/undeclared.ts'
import { LxcVolume } from '../lib/resources/lxc-volume/volume.ts'

const prefix = 'lxc-volumes:'

const inputOf = ({ name: _, dataset: __, ...options }: DeclaredVolume): Value => ({ ...options })

function taskOf({ id, volumes }: DeclaredContainer): Task {
  const pools = volumes.flatMap(({ dataset }) => dataset?.split('/')[0] ?? [])
  return {
    id: `${prefix}${id}`,
    title: `Volumes of container ${id}`,
    version: 1,
    groups: ['lxc-volumes', 'setup'],
    needs: [...new Set(pools)].sort().map((pool) => `storage:${pool}`),
    inputs: Object.fromEntries(volumes.map((volume) => [volume.name, inputOf(volume)])),
    resources: [...volumes.map((volume) => new LxcVolume(id, volume, volumes)), new UndeclaredVolumes(id, volumes)],
  }
}

export const lxcVolumes: TaskModule<PhxConfig> = {
  name: 'lxc-volumes',
  expand(config, orphans) {
    const declared = declaredContainers(config)
    const gone = orphans
      .filter((task) => task.startsWith(prefix))
      .map((task) => task.slice(prefix.length))
      .filter((id) => !declared.some((container) => container.id === id))
    return [...declared, ...gone.map((id) => ({ id, volumes: [] }))].map(taskOf)
  },
}
