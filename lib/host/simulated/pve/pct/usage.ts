/** pct's verbs as its own help lists them (pct.jsonl n=2). A unique beginning of a verb is enough to name it. */
import { Refusal } from '../surroundings.ts'

const verbs = [
  ['clone', '<vmid> <newid> [OPTIONS]'],
  ['create', '<vmid> <ostemplate> [OPTIONS]'],
  ['destroy', '<vmid> [OPTIONS]'],
  ['list', ''],
  ['migrate', '<vmid> <target> [OPTIONS]'],
  ['move-volume', '<vmid> <volume> [<storage>] [<target-vmid>] [<target-volume>] [OPTIONS]'],
  ['pending', '<vmid>'],
  ['resize', '<vmid> <disk> <size> [OPTIONS]'],
  ['restore', '<vmid> <ostemplate> [OPTIONS]'],
  ['template', '<vmid>'],
  [],
  ['config', '<vmid> [OPTIONS]'],
  ['set', '<vmid> [OPTIONS]'],
  [],
  ['delsnapshot', '<vmid> <snapname> [OPTIONS]'],
  ['listsnapshot', '<vmid>'],
  ['rollback', '<vmid> <snapname> [OPTIONS]'],
  ['snapshot', '<vmid> <snapname> [OPTIONS]'],
  [],
  ['reboot', '<vmid> [OPTIONS]'],
  ['resume', '<vmid>'],
  ['shutdown', '<vmid> [OPTIONS]'],
  ['start', '<vmid> [OPTIONS]'],
  ['stop', '<vmid> [OPTIONS]'],
  ['suspend', '<vmid>'],
  [],
  ['console', '<vmid> [OPTIONS]'],
  ['cpusets', ''],
  ['df', '<vmid>'],
  ['enter', '<vmid> [OPTIONS]'],
  ['exec', '<vmid> [<extra-args>] [OPTIONS]'],
  ['fsck', '<vmid> [OPTIONS]'],
  ['fstrim', '<vmid> [OPTIONS]'],
  ['mount', '<vmid>'],
  ['pull', '<vmid> <path> <destination> [OPTIONS]'],
  ['push', '<vmid> <file> <destination> [OPTIONS]'],
  [
    'remote-migrate',
    '<vmid> [<target-vmid>] <target-endpoint> --target-bridge <string> --target-storage <string> [OPTIONS]',
  ],
  ['rescan', ' [OPTIONS]'],
  ['status', '<vmid> [OPTIONS]'],
  ['unlock', '<vmid>'],
  ['unmount', '<vmid>'],
  [],
  ['help', '[<extra-args>] [OPTIONS]'],
] as const

/** The verb and its usage line; refused with the whole help when there is none such. */
export function verbNamed(word: string | undefined): { name: string; usage: string; positional: string[] } {
  if (word === undefined) throw new Refusal(help('no command specified'))
  const known = verbs.filter(([name]) => name !== undefined && (name === word || name.startsWith(word)))
  const chosen = known.find(([name]) => name === word) ?? (known.length === 1 ? known[0] : undefined)
  const [name, line] = chosen ?? []
  if (name === undefined || line === undefined) throw new Refusal(help(`unknown command 'pct ${word}'`))
  const required = line.replace(/\[[^\]]*\]| --\S+ <\w+>/g, '')
  return {
    name,
    usage: `pct ${name} ${line}`.trimEnd(),
    positional: [...required.matchAll(/<([\w-]+)>/g)].map((match) => match[1] ?? ''),
  }
}

function help(error: string): string {
  const lines = verbs.map(([name, line]) => (name === undefined ? '' : `       pct ${name} ${line}`))
  return `ERROR: ${error}\nUSAGE: pct <COMMAND> [ARGS] [OPTIONS]\n\n${lines.join('\n')}\n\n`
}
