/** Which of the old files a document is, by what stands in it: names and folders of files say nothing. */
import { isObject, type Kind } from './old.ts'

export interface Unrecognised {
  readonly message: string
  readonly mend: string
}

/** Sections of the hypervisor's file, in any of its shapes; the guests' files have none of them. */
const SECTIONS = [
  ...[
    'author',
    'behavior',
    'version',
    'core_paths',
    'dns_server',
    'docker',
    'domain_name',
    'firewall',
    'mount_point_base',
    'network',
    'nfs',
    'nvidia',
  ],
  ...['nvidia_driver', 'portainer_api', 'proxmox_defaults', 'proxmox_storage_ids', 'samba', 'shared_volumes'],
  ...['shared_zfs_volumes', 'step_ca', 'timezone', 'users', 'zfs'],
]
const GIVE = 'give phoenix_hypervisor_config.json, with phoenix_vm_configs.json and phoenix_lxc_configs.json'

export function recognise(value: unknown): Kind | Unrecognised {
  if (Array.isArray(value)) {
    const isManifest = value.length > 0 && value.every((one) => isObject(one) && Object.hasOwn(one, 'common_name'))
    return isManifest ? 'certificates' : { message: 'the file holds a list, and no config does', mend: GIVE }
  }
  if (!isObject(value)) return { message: 'the file holds no object', mend: GIVE }
  const has = (name: string): boolean => Object.hasOwn(value, name)
  if (looksLikePhx(value)) return 'phx'
  if (has('properties') && (has('type') || has('$schema'))) {
    return {
      message: 'this is a schema, not a config',
      mend: 'give the config itself: the shapes count, not the schemas',
    }
  }
  if (SECTIONS.some(has)) return 'hypervisor'
  if (has('lxc_configs')) return 'lxc'
  if (has('vms') || has('vm_defaults')) return 'vms'
  if (has('docker_stacks') || (has('description') && (has('environments') || has('placement_constraints'))))
    return 'stacks'
  if (Object.keys(value).length === 0) return 'hypervisor'
  return { message: 'this is none of the files that phx knows', mend: GIVE }
}

/** Marks that the old files never had. A config without any is told by importing it: nothing changes. */
export function looksLikePhx(value: unknown): boolean {
  if (!isObject(value)) return false
  const { $schema, guests, guest_files, host, vm_features, users, firewall } = value
  if (
    ['vms', 'vm_defaults', 'lxc_configs', 'core_paths', 'version', 'author'].some((name) => Object.hasOwn(value, name))
  ) {
    return false
  }
  if (typeof $schema === 'string') return $schema.endsWith('phoenix.config.schema.json')
  if ([guests, host, vm_features].some(isObject) || [users, guest_files].some(Array.isArray)) return true
  return (isObject(firewall) && typeof firewall.backend === 'string') || holdsReference(value)
}

function holdsReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsReference)
  if (!isObject(value)) return false
  return Object.entries(value).some(
    ([name, inner]) => (/password/.test(name) && isObject(inner)) || holdsReference(inner),
  )
}
