/** The NFS server: its packages, units and tools, and what the kernel shows of it. */
import type { Area } from '../area.ts'
import type { SimState } from '../model.ts'
import { exportfs } from './exportfs.ts'
import { mountFrom, rpcinfo, rpcNfsd, setThreads, showmount, ss, startServer, stopServer, threadsOf } from './server.ts'
import { etab } from './table.ts'
import { unshare } from './trial.ts'

/** As Debian's package leaves it, its examples in comments. */
const exportsText = `# /etc/exports: the access control list for filesystems which may be exported
#		to NFS clients.  See exports(5).
#
# Example for NFSv4:
# /srv/nfs4        gss/krb5i(rw,sync,fsid=0,crossmnt,no_subtree_check)
#
`

/** Of the port of both families; rpc.nfsd opens it for IPv6 too. */
function listeners(state: SimState): string {
  const head = '  sl  local_address                         remote_address                        st\n'
  const none = '0'.repeat(32)
  return threadsOf(state) > 0 ? `${head}   0: ${none}:0801 ${none}:0000 0A 00000000:00000000\n` : head
}

function kernelFile(state: SimState, path: string): string | undefined {
  if (path === '/proc/net/tcp6') return listeners(state)
  if (state.nfs === undefined) return undefined
  if (path === '/proc/fs/nfsd/threads') return `${state.nfs.threads}\n`
  return path === '/proc/fs/nfsd/versions' ? '+3 +4 +4.1 +4.2\n' : undefined
}

export const nfs: Area = {
  tools: { exportfs, rpcinfo, 'rpc.nfsd': rpcNfsd, showmount, ss, unshare },
  packages: {
    rpcbind: { version: '1.2.7-1', tools: ['rpcinfo'], units: ['rpcbind.socket', 'rpcbind.service'] },
    'nfs-common': { version: '1:2.8.3-1', depends: ['rpcbind'], tools: ['showmount'], files: { '/var/lib/nfs/': '' } },
    'nfs-kernel-server': {
      version: '1:2.8.3-1',
      depends: ['nfs-common'],
      tools: ['exportfs', 'rpc.nfsd'],
      units: ['nfs-server.service'],
      files: { '/etc/exports': exportsText, [etab]: '' },
    },
  },
  units: {
    'rpcbind.socket': {},
    'rpcbind.service': {},
    'nfs-server.service': {
      type: 'oneshot',
      aliases: ['nfs-kernel-server.service'],
      start: startServer,
      stop: stopServer,
      // `-` before ExecReload hides whatever exportfs says (seen: scene 58).
      reload(state) {
        exportfs(state, { args: ['-r'], stdin: '' })
        return undefined
      },
    },
  },
  virtualFile: kernelFile,
  /** The kernel forgets its server; the unit, started after this, brings it back. */
  boot(state) {
    if (state.nfs === undefined) return
    setThreads(state, 0)
    delete state.nfs
  },
  events: { 'nfs-mount': mountFrom },
}
