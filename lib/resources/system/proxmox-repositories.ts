/** Proxmox's repositories: which entry is which, and which of them is to be on (facts, host-tools 4.11). */
import type { ProxmoxComponent } from '../../config/initial-setup.ts'
import type { SourceEntry } from './sources.ts'

export interface ProxmoxRepository {
  /** Field of host.repositories. */
  readonly field: 'proxmox' | 'ceph'
  readonly uri: string
  readonly component: string
}

const folderOf = (uri: string): string | undefined =>
  /^https?:\/\/(?:download|enterprise)\.proxmox\.com\/debian\/([a-z0-9-]+)\/*$/.exec(uri)?.[1]

export function kindOf(uri: string): ProxmoxRepository['field'] | undefined {
  const folder = folderOf(uri)
  return folder === 'pve' ? 'proxmox' : folder?.startsWith('ceph-') ? 'ceph' : undefined
}

/** The release of Ceph that the host's sources name, else that of Proxmox VE 9 or 8. */
function cephFolder(entries: readonly SourceEntry[], codename: string): string {
  const named = entries.flatMap(({ uris }) => uris.map(folderOf)).filter((one) => one?.startsWith('ceph-'))
  return named[0] ?? (codename === 'bookworm' ? 'ceph-reef' : 'ceph-squid')
}

/** The test component lost its old name with Proxmox VE 9. */
const pveComponent = (component: ProxmoxComponent, codename: string): string =>
  component === 'test' && codename === 'bookworm' ? 'pvetest' : `pve-${component}`

export function repositoryOf(
  field: ProxmoxRepository['field'],
  component: Exclude<ProxmoxComponent, 'none'>,
  entries: readonly SourceEntry[],
  codename: string,
): ProxmoxRepository {
  const server = component === 'enterprise' ? 'https://enterprise.proxmox.com' : 'http://download.proxmox.com'
  const folder = field === 'proxmox' ? 'pve' : cephFolder(entries, codename)
  const name = field === 'proxmox' ? pveComponent(component, codename) : component
  return { field, uri: `${server}/debian/${folder}`, component: name }
}

const bare = (uri: string): string => uri.replace(/^https?:/, '').replace(/\/*$/, '')

/** The entry is this repository and nothing else. */
export const isExactly = (entry: SourceEntry, { uri, component }: ProxmoxRepository, codename: string): boolean =>
  entry.uris.length === 1 &&
  bare(entry.uris[0] ?? '') === bare(uri) &&
  entry.suites.join(' ') === codename &&
  entry.components.join(' ') === component
