/** `phx runs` for a person: the journal. */
import type { ChangeRecord, CommandRecord, RunRecord } from '../state/journal.ts'
import { fieldLines, sign } from './change.ts'
import type { Paint } from './paint.ts'
import { count, duration, lastLines, printable, shellWords, table, when } from './words.ts'

function outcomeText(run: RunRecord, paint: Paint): string {
  const colour = run.outcome === 'ok' ? paint.green : run.outcome === 'interrupted' ? paint.yellow : paint.red
  return colour(run.outcome)
}

export function runsText(runs: readonly RunRecord[], paint: Paint): string {
  if (runs.length === 0) return 'No run is on record.\n'
  const rows = runs.map((run) => [
    run.run,
    when(run.at),
    outcomeText(run, paint),
    run.durationMs === null ? 'no end' : duration(run.durationMs),
    count(run.changes.length, 'change'),
    printable(run.command),
  ])
  return `${table(rows).join('\n')}\n`
}

export function runText(run: RunRecord, paint: Paint, verbose: boolean): string {
  const took = run.durationMs === null ? 'without an end in the journal' : `in ${duration(run.durationMs)}`
  const exit = run.exitCode === null ? '' : `, exit code ${run.exitCode}`
  const quiet = run.changes.length === 0 ? ['It changed nothing.'] : []
  const lines = [
    `${paint.bold(run.run)}  ${outcomeText(run, paint)} ${took}${exit}`,
    `${when(run.at)}  ${printable(run.command)}`,
    `host ${run.host}, mode ${run.mode}, targets ${run.targets.join(' ')}, ${count(run.mutations, 'command')} that changed the host`,
    '',
    ...quiet,
    ...run.changes.flatMap((change) => [...changeRecordLines(change, paint, verbose), '']),
    ...table(run.tasks.map((task) => [task.task, task.outcome, duration(task.durationMs), printable(task.why ?? '')])),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

function changeRecordLines(change: ChangeRecord, paint: Paint, verbose: boolean): readonly string[] {
  const ended = change.ok === null ? paint.yellow('cut off') : change.ok ? paint.green('ok') : paint.red('failed')
  const undo =
    'impossible' in change.undo
      ? [`undo: impossible, ${printable(change.undo.impossible)}`]
      : change.undo.commands.map((argv) => `undo: ${printable(shellWords(argv))}`)
  return [
    `${sign(change.action)} ${paint.bold(change.resource)}  ${printable(change.summary)}  [${change.action}, ${change.risk}] ${ended}`,
    ...fieldLines(change.fields).map((line) => `    ${line}`),
    ...change.commands.flatMap((command) => commandLines(command, paint, verbose)).map((line) => `    ${line}`),
    ...(verbose || change.ok !== true ? lastLines(change.output) : []).map((line) => `    ${paint.dim(`| ${line}`)}`),
    ...undo.map((line) => `    ${paint.dim(line)}`),
  ]
}

function commandLines(command: CommandRecord, paint: Paint, verbose: boolean): readonly string[] {
  const file = command.remove === null ? `write ${command.write}` : `remove ${command.remove}`
  const what = command.argv === null ? file : `$ ${printable(shellWords(command.argv))}`
  const exit = !command.finished
    ? paint.yellow('no result: the run ended first')
    : command.timedOut
      ? paint.red('timed out')
      : `exit ${command.exitCode ?? 'by a signal'}`
  const took = command.durationMs === null ? '' : `, ${duration(command.durationMs)}`
  const failed = command.finished && command.exitCode !== 0
  const output = verbose || failed ? [...lastLines(command.stdout), ...lastLines(command.stderr)] : []
  return [`${paint.cyan(what)}  (${exit}${took})`, ...output.map((line) => paint.dim(`| ${line}`))]
}
