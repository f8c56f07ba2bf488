/** A driver that is no longer declared: it stays, and that is said. */
import type { Comparison, Lock, Look, Resource } from '../../engine/resource.ts'
import { kernelPackagesInstalled, runfileProbe } from './installed.ts'

export class LeftDriver implements Resource {
  readonly id: string = 'nvidia:left'
  readonly locks: readonly Lock[] = []

  async compare(look: Look): Promise<Comparison> {
    const [version, packages] = await Promise.all([look.at(runfileProbe), kernelPackagesInstalled(look)])
    const names = packages.map(({ name }) => name)
    const ways = [
      ...(version === null ? [] : [`driver ${version} of NVIDIA's runfile stays (nvidia-uninstall takes it away)`]),
      ...(names.length === 0 ? [] : [`${names.join(', ')} stays (apt-get purge ${names.join(' ')} takes it away)`]),
    ]
    const notes = ways.map((way) => {
      return {
        resource: this.id,
        level: 'info' as const,
        text: `no NVIDIA driver is declared; ${way}, phx uninstalls none`,
      }
    })
    return { changes: [], refusals: [], notes, live: {} }
  }
}
