/** Fields of the shell system without a place in phx's config: those that nothing read, and those that phx leaves alone. */

export interface Obsolete {
  /** Whether a script of the shell system read it. */
  readonly was: 'read' | 'unread'
  readonly why: string
}

const NO_SCRIPT = 'no script read it'
const STAYS = 'phx does not manage this; what it describes stays as it is'

const UNREAD: Readonly<Record<string, string>> = {
  $schema: 'that schema was never used; phx has its own',
  version: 'a note for people',
  author: 'a note for people',
  core_paths: "paths of the scripts' own files",
  behavior: NO_SCRIPT,
  tests: NO_SCRIPT,
  proxmox_defaults: NO_SCRIPT,
  docker: 'the compose file has image names of its own',
  'network.external_registry_url': NO_SCRIPT,
  'network.fallback_dns': NO_SCRIPT,
  'network.public_bridge': NO_SCRIPT,
  'network.portainer_server_port': NO_SCRIPT,
  'nvidia_driver.cuda_version': 'the version stands in the feature script of the containers',
  'nvidia_driver.install_vllm_libs': NO_SCRIPT,
  'guests.vms[].qm_options': NO_SCRIPT,
  'guests.vms[].dns_records': NO_SCRIPT,
  'guests.vms[].docker_firewall_rules': NO_SCRIPT,
  'guests.vms[].mount_points': 'a field of containers; no script read it for a VM',
  'guests.vms[].template_snapshot_name': NO_SCRIPT,
  'guests.vms[].post_create_scripts': NO_SCRIPT,
  'guests.lxc_configs.*.swap': NO_SCRIPT,
  'guests.lxc_configs.*.balloon_min_mb': NO_SCRIPT,
  'guests.lxc_configs.*.static_ip': 'network_config says it too, and that is what was read',
  'guests.lxc_configs.*.nvidia_pci_ids': NO_SCRIPT,
  'guests.lxc_configs.*.setup_script': NO_SCRIPT,
  'guests.lxc_configs.*.tests': 'nothing called these tests',
  'guests.lxc_configs.*.vllm': 'nothing called these tests',
  'guests.lxc_configs.*.integration_tests': 'nothing called these tests',
  'guests.lxc_configs.*.run_integration_tests': 'nothing called these tests',
  'guests.lxc_configs.*.ports': NO_SCRIPT,
  'guests.lxc_configs.*.portainer_role': 'no script read it for a container',
  'guests.lxc_configs.*.apparmor_profile':
    'the call is commented out since 16 November; raw lines in lxc_options count',
  'guests.lxc_configs.*.apparmor_manages_nesting': 'the call is commented out since 16 November',
  'guests.lxc_configs.*.template_file': 'templates as archives were given up on 10 November',
}

const LEFT_ALONE: Readonly<Record<string, string>> = {
  dns_server: 'phx does not manage dnsmasq; it stays as it is',
  step_ca: 'phx does not manage the certificate authority; it stays as it is',
  portainer_api: 'phx does not manage Portainer; it stays as it is',
  docker_stacks: 'phx does not manage stacks; they stay as they are',
  shared_zfs_volumes: 'phx does not manage volumes that belong to no guest; they stay as they are',
  'network.macvlan_vlan_tag': STAYS,
  'network.public_vlan_tag': STAYS,
  'network.internal_bridge': STAYS,
  'network.portainer_server_ip': 'phx does not manage Portainer',
  'network.portainer_agent_port': 'phx does not manage Portainer',
  'guests.vms[].docker_compose_files': 'phx does not manage stacks',
  'guests.vms[].portainer_config': 'phx does not manage Portainer',
  'guests.vms[].portainer_role': 'phx does not manage Portainer',
  'guests.vms[].portainer_admin_user': 'phx does not manage Portainer',
  'guests.vms[].portainer_environment_name': 'phx does not manage Portainer',
  'guests.vms[].portainer_agent_hostname': 'phx does not manage Portainer',
  'guests.vms[].swarm_role': 'phx does not manage Docker Swarm',
  'guests.vms[].node_labels': 'phx does not manage Docker Swarm',
  'guests.vms[].traefik_service': 'phx does not manage Traefik',
  'guests.vms[].trigger_sync_on_completion': 'there is no sync to trigger',
  'guests.lxc_configs.*.health_checks':
    'scripts of the host; phx runs the command of health_check inside the container',
  'guests.lxc_configs.*.template_snapshot_name': 'phx keeps no snapshots of templates',
  'guests.lxc_configs.*.enable_lifecycle_snapshots': 'phx does not delete and retake snapshots at every run',
  'guests.lxc_configs.*.vllm_engine_config': 'phx does not manage vLLM; the application script of the container did',
  'guests.lxc_configs.*.traefik_service': 'phx does not manage Traefik',
  'guests.lxc_configs.*.bootstrap_ca_url': 'phx does not manage the certificate authority',
  'guests.lxc_configs.*.trigger_sync_on_completion': 'there is no sync to trigger',
}

/** By phx's place for it: `guests.vms[].qm_options`, whichever file it stood in. */
export function obsolete(place: string): Obsolete | undefined {
  if (Object.hasOwn(UNREAD, place)) return { was: 'unread', why: UNREAD[place] ?? NO_SCRIPT }
  if (Object.hasOwn(LEFT_ALONE, place)) return { was: 'read', why: LEFT_ALONE[place] ?? STAYS }
  // Before there was vllm_engine_config: vllm_model, vllm_args, vllm_parameters and more.
  if (/^guests\.lxc_configs\.\*\.vllm_/.test(place)) return { was: 'read', why: 'phx does not manage vLLM' }
  return undefined
}
