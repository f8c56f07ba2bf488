/** What became of the old files, for a person: what was taken, what became something else, what is left to decide. */
import type { Problem } from '../config/problem.ts'
import type { Entry, ImportReport } from '../import/report.ts'
import type { Paint } from './paint.ts'
import { problemLines } from './validate.ts'
import { count, printable } from './words.ts'

export interface ImportOutcome {
  readonly output: string
  readonly outcome: 'written' | 'same'
  readonly report: ImportReport
  readonly warnings: readonly Problem[]
}

export function importText({ output, outcome, report, warnings }: ImportOutcome, paint: Paint): string {
  const { taken, normalised, dropped, undecided, unmanaged, secrets } = report
  const out = undecided.filter(({ left }) => left === 'out')
  const blocks = [
    normalised.length > 0 ? block(`Normalised (${normalised.length})`, grouped(normalised, becomes), paint) : [],
    dropped.length > 0 ? block(`Dropped: nothing ever read it (${dropped.length})`, grouped(dropped, why), paint) : [],
    unmanaged.length > 0 ? block(`Not managed by phx (${unmanaged.length})`, grouped(unmanaged, why), paint) : [],
    secretLines(secrets, paint),
    undecided.length > 0
      ? block(`Needs a decision (${undecided.length})`, grouped(undecided, question(paint)), paint)
      : [],
    warnings.length > 0 ? [...warnings.flatMap((problem) => problemLines(problem, paint)), ''] : [],
  ]
  const wrote =
    outcome === 'same' ? `${output} is as it should be, nothing was written` : `${output} is written and valid`
  const sums = [
    taken.length === 0 ? '' : `${count(taken.length, 'value')} taken as they are`,
    out.length === 0 ? '' : `${count(out.length, 'thing')} left out until you decide`,
  ].filter((part) => part !== '')
  const verdict = paint.green([wrote, ...sums].join('; '))
  return `${[...blocks.flat(), verdict, `${paint.cyan('→')} phx plan -c ${output} shows what a run would change`].join('\n')}\n`
}

function block(title: string, lines: readonly string[], paint: Paint): string[] {
  return [paint.bold(title), ...lines, '']
}

/** What is said of several places is said once. */
function grouped<One extends Entry>(entries: readonly One[], words: (one: One) => readonly string[]): string[] {
  const groups = new Map<string, { lines: readonly string[]; places: One[] }>()
  for (const one of entries) {
    const lines = words(one)
    const group = groups.get(lines.join('\n')) ?? { lines, places: [] }
    group.places.push(one)
    groups.set(lines.join('\n'), group)
  }
  return [...groups.values()].flatMap(({ lines, places }) => {
    const [first, ...more] = places
    const others = more.length === 0 ? '' : ` and ${count(more.length, 'more place')}`
    return [`  ${first === undefined ? '' : place(first)}${others}`, ...lines.map((line) => `      ${line}`)]
  })
}

function place({ file, line, path }: Entry): string {
  return `${printable(file)}:${line} ${path}`
}

function becomes({ from, to, why: reason }: ImportReport['normalised'][number]): string[] {
  return [printable(`${from} → ${to}${reason === '' ? '' : ` (${reason})`}`)]
}

function why({ why: reason }: ImportReport['dropped'][number]): string[] {
  return [printable(reason)]
}

function question(paint: Paint): (one: ImportReport['undecided'][number]) => string[] {
  return ({ message, mend, left }) => [
    `${printable(message)}${left === 'in' ? ` ${paint.dim('(taken along)')}` : ''}`,
    `${paint.cyan('→')} ${printable(mend)}`,
  ]
}

function secretLines(secrets: ImportReport['secrets'], paint: Paint): string[] {
  if (secrets.length === 0) return []
  const lines = secrets.flatMap((secret) => [
    `  ${place(secret)}`,
    ...(secret.why === '' ? [] : [`      ${printable(secret.why)}`]),
    `      ${paint.cyan('→')} put its value into ${secret.put}: install -m 0600 /dev/stdin ${secret.put}`,
  ])
  const first = '  first: install -d -m 0700 /etc/phx/secrets; and replace what stood in plain text for so long'
  return block(`Secrets, not in the config (${secrets.length})`, [first, ...lines], paint)
}
