/** GPUs of the host that a container may use: its device nodes, by `devN` (pct.conf(5)), and only with the driver loaded. */
import type { DeclaredLxc } from '../../config/guests/lxc.ts'
import { CannotLook } from '../../engine/cannot-look.ts'
import type { Comparison, Foreseen, Look, Owned, Resource } from '../../engine/resource.ts'
import { guestLock } from '../guest/inside.ts'
import { locked } from '../guest/options.ts'
import { driverId } from '../nvidia/runfile-driver.ts'
import { guestConfProbe, propertiesOf, settledValues } from '../probes/guest-conf.ts'
import { containerId } from './container.ts'

/** What CUDA needs beside the GPU itself (facts: host-tools, 4.10). */
const common = ['/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools']

const pathOf = (value: string): string => propertiesOf(value).get('path') ?? propertiesOf(value).get('') ?? ''

export class Gpus implements Resource {
  readonly id: string
  readonly locks
  readonly #declared: DeclaredLxc

  constructor(declared: DeclaredLxc) {
    this.id = `${containerId(declared.id)}/gpus`
    this.locks = [guestLock(declared)]
    this.#declared = declared
  }

  async compare(look: Look, foreseen: Foreseen, owned: Owned): Promise<Comparison> {
    const { id, gpus } = this.#declared
    const nothing = { changes: [], refusals: [], notes: [] }
    const conf = foreseen.isMadeAnew(containerId(id)) ? undefined : await look.at(guestConfProbe(this.#declared))
    const values = conf ? settledValues(conf) : new Map<string, string>()
    const there = [...values].filter(([key, value]) => /^dev\d+$/.test(key) && pathOf(value).startsWith('/dev/nvidia'))
    const wanted = gpus.length === 0 ? [] : [...common, ...gpus.map((gpu) => `/dev/nvidia${gpu}`)]
    const recorded = owned.live(this.id)?.devices
    // Of a container that has none declared, only those go that phx gave it.
    const isOurs = (path: string): boolean => gpus.length > 0 || (Array.isArray(recorded) && recorded.includes(path))
    const surplus = there
      .filter(([, value]) => !wanted.includes(pathOf(value)) && isOurs(pathOf(value)))
      .map(([key]) => key)
    const missing = wanted.filter((path) => !there.some(([, value]) => pathOf(value) === path))
    const live = { devices: gpus.length === 0 ? [] : there.map(([, value]) => pathOf(value)).sort() }
    if (surplus.length + missing.length === 0) return { ...nothing, live: conf ? live : null }
    const lock = conf?.values.get('lock')
    if (lock !== undefined) throw locked(this.#declared, lock)
    if (!foreseen.isMadeAnew(driverId)) await this.#assertDriver(look, missing)
    const free = Array.from({ length: 256 }, (_, index) => `dev${index}`).filter((key) => !values.has(key))
    const set = missing.flatMap((path, index) => [`--${free[index] ?? ''}`, `path=${path},mode=0666`])
    const argv = ['pct', 'set', id, ...set, ...(surplus.length > 0 ? ['--delete', surplus.join(',')] : [])]
    return {
      ...nothing,
      changes: [
        {
          resource: this.id,
          action: 'update',
          risk: 'safe',
          summary:
            gpus.length > 0 ? `give container ${id} GPU ${gpus.join(', ')}` : `take its GPUs from container ${id}`,
          fields: [{ field: 'devices', from: live.devices, to: [...wanted].sort() }],
          steps: [{ kind: 'command', argv }],
          undo: { impossible: 'which devices it had stands in the fields of this change' },
        },
      ],
      live: conf ? live : null,
    }
  }

  /** A container that names a device which is not there does not start. */
  async #assertDriver({ reader }: Look, paths: readonly string[]): Promise<void> {
    const stats = await Promise.all(paths.map((path) => reader.stat(path)))
    const absent = paths.filter((_, index) => stats[index] === undefined)
    if (absent.length === 0) return
    const why = `container ${this.#declared.id} is to have ${absent.join(', ')}, which the host does not have: its driver is not loaded, or there is no such GPU`
    throw new CannotLook(why, ['see which there are: nvidia-smi -L', 'the driver: phx run nvidia'])
  }
}
