/** The host's time zone: where /etc/localtime leads (localtime(5)). */
import type { Comparison, Lock, Look, Resource } from '../../engine/resource.ts'

const link = '/etc/localtime'
const zones = '/usr/share/zoneinfo'

const zoneAt = (path: string | undefined): string | null =>
  path?.startsWith(`${zones}/`) ? path.slice(zones.length + 1) : null

export class TimeZone implements Resource {
  readonly id = 'timezone'
  readonly locks: readonly Lock[] = [{ name: 'timezone', mode: 'exclusive' }]
  readonly #wanted: string

  constructor(wanted: string) {
    this.#wanted = wanted
  }

  /** Zones have several names; two that lead to the same file are the same. */
  async compare({ reader }: Look): Promise<Comparison> {
    const wanted = this.#wanted
    const [now, there] = await Promise.all([reader.realpath(link), reader.realpath(`${zones}/${wanted}`)])
    const live = { zone: zoneAt(now) }
    if (there === undefined) {
      const why = `the tz database of this host has no zone ${wanted}`
      const mend = [`see its names: timedatectl list-timezones; they are in the package tzdata`]
      return { changes: [], refusals: [{ resource: this.id, why, fields: [], mend }], notes: [], live }
    }
    if (now === there) return { changes: [], refusals: [], notes: [], live }
    const from = live.zone
    return {
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary: `set the time zone ${wanted}`,
          fields: [
            { field: 'zone', from, to: wanted, note: 'services that run go on with the old one until they restart' },
          ],
          steps: [{ kind: 'command', argv: ['timedatectl', 'set-timezone', wanted] }],
          undo: from === null ? { commands: [['rm', link]] } : { commands: [['timedatectl', 'set-timezone', from]] },
        },
      ],
      refusals: [],
      notes: [],
      live,
    }
  }
}
