/** Guests as a person names them: `vm:8101`, or its number alone, which no two guests share. */
import type { PhxConfig } from '../config/generated/types.ts'
import { declaredGuests } from '../config/guests.ts'
import type { Task } from '../engine/resource.ts'
import { some } from '../view/words.ts'
import { exitCodes, PersonError } from './exit.ts'
import { didYouMean } from './meant.ts'

/** The group of all guests. */
const all = 'guests'

/** What a command that takes guests can be given: the guests of these tasks, and `guests` for all of them. */
export function guestNames(tasks: readonly Task[]): readonly string[] {
  const groups = new Set(tasks.flatMap((task) => task.groups))
  return [...[...groups].filter(isGuest).sort(), ...(groups.has(all) ? [all] : [])]
}

const isGuest = (name: string): boolean => /^(vm|lxc):\d+$/.test(name)

/** The guests that are meant, as targets. `known` are those of the command. */
export function guestTargets(
  command: string,
  words: readonly string[],
  known: readonly string[],
  config: PhxConfig,
): readonly string[] {
  return words.map((word) => {
    const target = known.find((name) => name === word || name.replace(/^\w+:/, '') === word)
    if (target === undefined) throw unknown(command, word, known, config)
    return target
  })
}

function unknown(command: string, word: string, known: readonly string[], config: PhxConfig): PersonError {
  const there = `guests that can be named here: ${some(known, 20) || 'none'}`
  const said = (message: string, ...mend: string[]) => new PersonError(message, exitCodes.invalid, mend)
  const isNumber = /^\d+$/.test(word)
  if (!isNumber && !isGuest(word) && word !== all)
    return said(`phx ${command} takes guests, and ${word} is none${didYouMean(word, known)}`, there)
  const { vms, containers } = declaredGuests(config)
  const template = [...vms, ...containers].find((one) => (isNumber ? one.id : one.target) === word && one.isTemplate)
  if (template !== undefined)
    return said(
      `${template.target} is a template: phx ${command} is for guests that run`,
      `declare a guest that is cloned from it: ${template.kind === 'vm' ? '"clone_from_vmid"' : '"clone_from_ctid"'}`,
      there,
    )
  if (word === all) return said(`phx ${command} guests: name them, one by one`, there)
  return said(
    `the config declares no guest ${word}${didYouMean(word, known)}`,
    'declare it: a virtual machine in guests.vms, a container in guests.lxc_configs',
    there,
  )
}
