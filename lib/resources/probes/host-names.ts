/** What a host's name stands for, as the C library tells it to exportfs: /etc/hosts, DNS and whatever else nsswitch.conf names. */
import type { Probe } from '../../engine/resource.ts'

export interface ResolvedName {
  readonly addresses: readonly string[]
  /** The name itself and all others; exportfs shows the first. */
  readonly names: readonly string[]
}

/** `ADDRESS  NAME ALIAS…` a line (getent(1), hosts). */
export function parseHosts(stdout: string): ResolvedName {
  const rows = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([address]) => address !== '')
  return { addresses: rows.flatMap(([address]) => address ?? []), names: rows.flatMap(([, ...names]) => names) }
}

/** Undefined when the name does not resolve. */
export function hostNameProbe(name: string): Probe<ResolvedName | undefined> {
  const argv = ['getent', 'hosts', name]
  return {
    id: argv.join(' '),
    async read({ reader }) {
      const { exitCode, stdout } = await reader.query(argv, { timeoutMs: 15_000 })
      if (exitCode !== 0) return undefined
      const { addresses, names } = parseHosts(stdout)
      return { addresses, names: [name, ...names] }
    },
  }
}
