/** Files that the kernel makes up: /proc and /sys. */
import { areas } from './areas.ts'
import { allDevices, findDevice } from './devices.ts'
import type { SimState } from './model.ts'

/** Blanks and the like are written in octal, as proc_pid_mounts(5) says of fstab(5). */
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\134').replaceAll(' ', '\\040').replaceAll('\t', '\\011').replaceAll('\n', '\\012')

function mountLines(state: SimState): string {
  return state.mounts
    .map(({ source, target, fstype, options }) => `${escaped(source)} ${escaped(target)} ${fstype} ${options} 0 0\n`)
    .join('')
}

function swapLines(state: SimState): string {
  const rows = state.swaps.map((node, index) => {
    const kib = Math.floor((findDevice(state, node)?.size ?? 0) / 1024) - 4
    return `${node}\t\t\t\tpartition\t${kib}\t\t0\t\t${-2 - index}\n`
  })
  return `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join('')}`
}

function blockAttribute(state: SimState, path: string): string | undefined {
  const [, kname, attribute] = /^\/sys\/block\/([^/]+)\/(.+)$/.exec(path) ?? []
  const device = allDevices(state).find((each) => each.kname === kname && each.partition === null)
  if (device === undefined) return undefined
  if (attribute === 'size') return `${device.size / 512}\n`
  if (attribute === 'ro') return `${device.disk?.readOnly === true ? 1 : 0}\n`
  if (attribute === 'queue/rotational') return `${device.disk === null || device.disk.transport === 'nvme' ? 0 : 1}\n`
  return undefined
}

/** The text, or undefined when the path is not one of these. */
export function virtualFile(state: SimState, path: string): string | undefined {
  if (path === '/proc/mounts' || path === '/proc/self/mounts') return mountLines(state)
  if (path === '/proc/swaps') return swapLines(state)
  if (path === '/proc/sys/kernel/hostname') return `${state.hostname}\n`
  if (path.startsWith('/sys/block/')) return blockAttribute(state, path)
  for (const area of areas) {
    const text = area.virtualFile?.(state, path)
    if (text !== undefined) return text
  }
  return undefined
}
