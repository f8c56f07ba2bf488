/** TCP ports on which something listens, from /proc/net/tcp and tcp6 (proc_net_tcp(5)). */
import type { Probe } from '../../engine/resource.ts'

const listening = '0A'

export function parseListeners(text: string): number[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, , state] = line.trim().split(/\s+/)
      const port = local?.split(':').at(-1)
      return state === listening && port !== undefined ? [Number.parseInt(port, 16)] : []
    })
}

export const listenersProbe: Probe<ReadonlySet<number>> = {
  id: '/proc/net/tcp',
  async read({ reader }) {
    const texts = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => reader.readFile(path)))
    return new Set(texts.flatMap((text) => parseListeners(text ?? '')))
  },
}
