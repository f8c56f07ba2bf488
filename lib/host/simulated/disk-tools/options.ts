/** Reads a command line against the options that a simulated tool knows; any other is not simulated. */
import { NotSimulated } from '../tool.ts'

export interface Options {
  /** Every option given, by its first name; a flag's value is the empty string. In order. */
  given: [name: string, value: string][]
  operands: string[]
}

/** Names of one option, the first of which is what `given` says; ending in `=`: it takes a value. */
type Known = readonly string[]

export function readOptions(tool: string, args: readonly string[], known: Known): Options {
  const options: Options = { given: [], operands: [] }
  const find = (name: string): { canonical: string; takesValue: boolean } => {
    for (const line of known) {
      const takesValue = line.endsWith('=')
      const names = line.replace(/=$/, '').split(' ')
      if (names.includes(name)) return { canonical: names[0] ?? name, takesValue }
    }
    throw new NotSimulated(`${tool} ${name}`)
  }
  const queue = [...args]
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      options.operands.push(...queue.splice(0))
    } else if (word.startsWith('--')) {
      const [name = '', value] = word.split(/=(.*)/s)
      const { canonical, takesValue } = find(name)
      options.given.push([canonical, takesValue ? (value ?? queue.shift() ?? '') : ''])
    } else if (word.startsWith('-') && word !== '-') {
      for (let letters = word.slice(1); letters !== ''; ) {
        const { canonical, takesValue } = find(`-${letters.charAt(0)}`)
        letters = letters.slice(1)
        if (!takesValue) options.given.push([canonical, ''])
        else {
          options.given.push([canonical, letters === '' ? (queue.shift() ?? '') : letters])
          letters = ''
        }
      }
    } else options.operands.push(word)
  }
  return options
}

export const has = (options: Options, name: string): boolean => options.given.some(([given]) => given === name)
export const optionValue = (options: Options, name: string): string | undefined =>
  options.given.findLast(([given]) => given === name)?.[1]
