/**
 * Fields of the shell system that phx has another word for, or none: somebody who brings their file along is told
 * what became of each instead of "unknown field".
 */
import type { Path } from './problem.ts'

interface Retired {
  readonly message: string
  readonly mend: string
}

const NOBODY_READ = 'nothing ever read this field'
const REMOVE = 'remove it'

const MOVED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    vms: 'move it to guests.vms',
    vm_defaults: 'move it to guests.vm_defaults',
    lxc_configs: 'move it to guests.lxc_configs',
    'zfs.arc_max': 'write zfs.arc_max_gb, in GiB',
    'zfs.allow_destructive_operations': 'move it to zfs.settings.allow_destructive_operations',
    'zfs.datasets[].mountpoint': 'write it as the property mountpoint, in properties',
    'zfs.datasets[].quota': 'write it as a property, in properties',
    'zfs.datasets[].recordsize': 'write it as a property, in properties',
    'zfs.datasets[].compression': 'write it as a property, in properties',
    'zfs.pools[].ashift': 'write it as a pool property, in properties',
    'zfs.pools[].autotrim': 'write it as a pool property, in properties',
    'zfs.pools[].spare': 'write spares',
    'samba.workgroup': 'move it to network.workgroup',
    'guests.lxc_configs.*.clone_from_template_ctid': 'write clone_from_ctid',
    'guests.lxc_configs.*.enable_lifecycle_snapshots': 'write final_form in snapshots',
    'guests.lxc_configs.*.health_checks': 'write health_check, with a command inside the container',
  }),
)

const UNREAD: readonly string[] = [
  'version',
  'author',
  'behavior',
  'tests',
  'proxmox_defaults',
  'core_paths',
  'nvidia_driver.cuda_version',
  'nvidia_driver.install_vllm_libs',
  'network.external_registry_url',
  'network.fallback_dns',
  'guests.vms[].qm_options',
  'guests.vms[].dns_records',
  'guests.vms[].mount_points',
  'guests.lxc_configs.*.tests',
  'guests.lxc_configs.*.integration_tests',
]

/** What the shell system did and phx does not. */
const NOT_MANAGED: readonly string[] = [
  'docker',
  'dns_server',
  'step_ca',
  'portainer_api',
  'shared_zfs_volumes',
  'network.public_bridge',
  'network.macvlan_vlan_tag',
  'network.public_vlan_tag',
  'network.internal_bridge',
  'network.portainer_server_ip',
  'network.portainer_server_port',
  'network.portainer_agent_port',
  'guests.vms[].docker_stacks',
  'guests.vms[].portainer_role',
  'guests.vms[].swarm_role',
  'guests.vms[].traefik_service',
  'guests.lxc_configs.*.vllm_engine_config',
  'guests.lxc_configs.*.portainer_role',
  'guests.lxc_configs.*.traefik_service',
]

export function retiredField(path: Path): Retired | undefined {
  const pattern = patternOf(path)
  const moved = MOVED.get(pattern)
  if (moved !== undefined) return { message: `"${String(path.at(-1))}" does not stand here`, mend: moved }
  if (UNREAD.includes(pattern))
    return { message: `"${String(path.at(-1))}" means nothing to phx: ${NOBODY_READ}`, mend: REMOVE }
  if (NOT_MANAGED.includes(pattern)) {
    return {
      message: `"${String(path.at(-1))}" is not managed by phx`,
      mend: `${REMOVE}; what it describes stays as it is`,
    }
  }
  return undefined
}

/** `guests.lxc_configs.901.swap_mb` as `guests.lxc_configs.*.swap_mb`, list places as `[]`. */
function patternOf(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[]`
    const name = /^[0-9]+$/.test(step) ? '*' : step
    return text === '' ? name : `${text}.${name}`
  }, '')
}
