/** The tree that `create -n`, `add -n` and `split -n` print. */
import { shortPath } from './tree.ts'

interface Layout {
  readonly tops: readonly {
    readonly type: string
    readonly place: string
    readonly members: readonly { readonly path: string }[]
  }[]
  readonly cache: readonly { readonly path: string }[]
  readonly spares: readonly { readonly path: string }[]
}

/** The tree that -n prints. */
export function layout(name: string, specification: Layout): string {
  const leaf = (indent: string, member: { path: string }): string => `\t${indent}${shortPath(member.path)}\n`
  const tops = (place: string): string =>
    specification.tops
      .filter((top) => top.place === place)
      .map((top) => {
        if (top.type === 'disk') return top.members.map((member) => leaf('  ', member)).join('')
        return `\t  ${top.type}\n${top.members.map((member) => leaf('    ', member)).join('')}`
      })
      .join('')
  const titled = (title: string, text: string): string => (text === '' ? '' : `\t${title}\n${text}`)
  const flat = (members: Layout['cache']): string => members.map((member) => leaf('  ', member)).join('')
  return [
    titled(name, tops('data')),
    titled('dedup', tops('dedup')),
    titled('special', tops('special')),
    titled('logs', tops('logs')),
    titled('cache', flat(specification.cache)),
    titled('spares', flat(specification.spares)),
  ].join('')
}
