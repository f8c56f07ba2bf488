/** Only log, cache or spare vdevs differ: they come and go without touching the data, so nothing is ever destroyed for it. */
import type { Refusal } from '../../engine/resource.ts'

/** `faults` keep disks from being added; `commands` lead to what is declared once there are none. */
export function refuseAuxiliary(
  id: string,
  pool: string,
  faults: readonly string[],
  commands: readonly string[],
): Refusal {
  const ways =
    faults.length > 0
      ? [...faults.map((fault) => `in the way: ${fault}`), 'clear that by hand, then phx plan shows the commands']
      : commands.length > 0
        ? commands.map((command) => `by hand, without loss: ${command}`)
        : [`by hand, with zpool add and zpool remove, until zpool status ${pool} shows what is declared`]
  return {
    resource: id,
    why: `pool ${pool} has other log, cache or spare vdevs than declared: never a reason to destroy it, and phx changes none by itself`,
    fields: [],
    mend: [...ways, 'or declare what is there'],
  }
}
