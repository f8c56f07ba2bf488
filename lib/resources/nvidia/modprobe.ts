/** What the files of modprobe.d decide about NVIDIA's GPUs (modprobe.d(5)): other people's lines, phx's own aside. */
import type { Probe } from '../../engine/resource.ts'

export interface ModprobeLine {
  readonly file: string
  readonly line: string
}

const folder = '/etc/modprobe.d'

export const modprobeProbe: Probe<readonly ModprobeLine[]> = {
  id: folder,
  async read({ reader }) {
    const files = ((await reader.listDir(folder)) ?? []).filter((name) => name.endsWith('.conf'))
    const texts = files.map(async (name) => {
      const text = (await reader.readFile(`${folder}/${name}`)) ?? ''
      const lines = text.split('\n').map((line) => line.trim().replace(/\s+/g, ' '))
      return lines
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => ({ file: `${folder}/${name}`, line }))
    })
    return (await Promise.all(texts)).flat()
  },
}

/** `blacklist nvidia`: the module is then never loaded for its device. */
export const blacklists = ({ line }: ModprobeLine, module: string): boolean =>
  line === `blacklist ${module}` || new RegExp(`^install ${module} (/usr)?/bin/(false|true)$`).test(line)

/** `options vfio-pci ids=10de:2204,10de:1aef`: vfio takes every card of that kind when it is loaded. */
export function vfioIds({ line }: ModprobeLine): string[] {
  const ids = /^options vfio[-_]pci .*?\bids=(\S+)/.exec(line)?.[1] ?? ''
  return ids.split(',').map((id) => id.toLowerCase().split(':').slice(0, 2).join(':'))
}
