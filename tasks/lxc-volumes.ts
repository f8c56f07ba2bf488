/** Module `lxc-volumes`: one task a container, for the volumes of its own. */
import type { PhxConfig } from '../lib/config/generated/types.ts'
import { hasOnlyVolumes } from '../lib/config/guests/lxc.ts'
import { declaredGuests } from '../lib/config/guests.ts'
import {
  type DeclaredContainer,
  type DeclaredVolume,
  declaredContainers,
  volumesTask,
} from '../lib/config/lxc-volumes.ts'
import type { Task, TaskModule, Value } from '../lib/engine/resource.ts'
import { UndeclaredVolumes } from '../lib/resources/lxc-volume/undeclared.ts'
import { LxcVolume } from '../lib/resources/lxc-volume/volume.ts'

const prefix = volumesTask('')

/** Whether it is kept matters to who destroys the container alone. */
const inputOf = ({ name: _, dataset: __, isPersistent: ___, ...options }: DeclaredVolume): Value => ({ ...options })

/** `isMade`: phx sees to the whole container. Then its volumes come with it, and a run for the host alone leaves them. */
function taskOf({ id, volumes }: DeclaredContainer, isMade: boolean): Task {
  const pools = volumes.flatMap(({ dataset }) => dataset?.split('/')[0] ?? [])
  return {
    id: volumesTask(id),
    title: `Volumes of container ${id}`,
    version: 1,
    groups: ['lxc-volumes', ...(volumes.length > 0 ? [`lxc:${id}`, 'guests'] : []), ...(isMade ? [] : ['setup'])],
    needs: [
      ...[...new Set(pools)].sort().map((pool) => `storage:${pool}`),
      ...(isMade && volumes.length > 0 ? [`lxc:${id}:create`] : []),
    ],
    inputs: Object.fromEntries(volumes.map((volume) => [volume.name, inputOf(volume)])),
    resources: [...volumes.map((volume) => new LxcVolume(id, volume, volumes)), new UndeclaredVolumes(id, volumes)],
  }
}

export const lxcVolumes: TaskModule<PhxConfig> = {
  name: 'lxc-volumes',
  expand(config, orphans) {
    const declared = declaredContainers(config)
    const made = new Set(declaredGuests(config).containers.flatMap((one) => (hasOnlyVolumes(one) ? [] : one.id)))
    const gone = orphans
      .filter((task) => task.startsWith(prefix))
      .map((task) => task.slice(prefix.length))
      .filter((id) => !declared.some((container) => container.id === id))
    return [...declared, ...gone.map((id) => ({ id, volumes: [] }))].map((one) => taskOf(one, made.has(one.id)))
  },
}
