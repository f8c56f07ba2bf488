/** Who has mounted something from this host. Looked at only when an export is about to go. */
import type { Probe } from '../../engine/resource.ts'

export interface NfsClient {
  readonly address: string
  /** What it mounted; null for version 4, where the server does not say. */
  readonly path: string | null
}

const folder = '/proc/fs/nfsd/clients'
const mountedTable = '/var/lib/nfs/rmtab'

/** `address: "10.0.0.5:923"`, `address: "[fd00::5]:712"` (nfsd(7), clients/ID/info). */
export function addressIn(info: string): string | undefined {
  return /^address: "\[?(.*?)\]?:\d+"$/m.exec(info)?.[1]
}

/** `CLIENT:PATH:0x00000001` a line, of NFS version 3 (rpc.mountd(8)); a client that just went away may still stand there. */
export function parseRmtab(text: string): NfsClient[] {
  return text.split('\n').flatMap((line) => {
    const [, address, path] = /^(.+?):(\/.*):0x[0-9a-f]+$/.exec(line) ?? []
    return address === undefined || path === undefined ? [] : [{ address, path }]
  })
}

export const nfsClientsProbe: Probe<readonly NfsClient[]> = {
  id: folder,
  async read({ reader }) {
    const ids = (await reader.listDir(folder)) ?? []
    const infos = await Promise.all(ids.map((id) => reader.readFile(`${folder}/${id}/info`)))
    const addresses = new Set(infos.flatMap((info) => addressIn(info ?? '') ?? []))
    const ofFour = [...addresses].map((address) => ({ address, path: null }))
    return [...ofFour, ...parseRmtab((await reader.readFile(mountedTable)) ?? '')]
  },
}
