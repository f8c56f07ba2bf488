/**
 * What pvesm needs of the machine it runs on. Two machines answer: a SimState (pvesm.ts), and the lab's VM, where ZFS
 * and the files are real and only Proxmox is missing (program.ts).
 */

export interface Mounted {
  /** Dataset name, device node, or `server:/export`. */
  readonly source: string
  readonly target: string
  readonly fstype: string
}

export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Bytes. */
export interface Usage {
  readonly total: number
  readonly used: number
  readonly available: number
}

export interface Surroundings {
  readonly hostname: string
  readFile(path: string): string | null
  writeFile(path: string, text: string, mode: number): void
  rename(from: string, to: string): void
  /** Removes a file or an empty folder; nothing happens when it isn't there. */
  remove(path: string): void
  /** Names in a folder, sorted; null when there is no such folder. */
  listDir(path: string): readonly string[] | null
  exists(path: string): boolean
  isFolder(path: string): boolean
  /** One folder whose parent is there. Null, or the system's word for why not (`File exists`). */
  makeFolder(path: string): string | null
  mounts(): readonly Mounted[]
  /** df(1) of the file system that holds the path; null when it can't be read. */
  usage(path: string): Usage | null
  /** zfs, zpool, showmount, rpcinfo, mount: what the real pvesm calls too. */
  run(argv: readonly string[]): Ran
}

/** What one call of pvesm has said so far: tables and logs on stdout, warnings on stderr. */
export interface Voice {
  out(text: string): void
  warn(text: string): void
}

/** pvesm's refusal: its text as it goes to stderr, line feeds included. */
export class Refusal extends Error {}
