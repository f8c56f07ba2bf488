/** Mistakes in the config, for a person: where, what, and how to mend it. */
import type { Problem } from '../config/problem.ts'
import type { Paint } from './paint.ts'
import { count, printable } from './words.ts'

export function problemLines(problem: Problem, paint: Paint): readonly string[] {
  const severity = problem.severity === 'error' ? paint.red('error') : paint.yellow('warning')
  const where = `${problem.file}:${problem.line}:${problem.column}`
  const meant = problem.meant === undefined ? '' : ` (did you mean ${problem.meant}?)`
  return [
    `${paint.bold(where)} ${severity} ${problem.path}: ${printable(problem.message)}${meant}`,
    ...(problem.mend === '' ? [] : [`    ${paint.cyan('→')} ${printable(problem.mend)}`]),
  ]
}

export function validateText(file: string, problems: readonly Problem[], paint: Paint): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const warnings = problems.length - errors
  const also = warnings > 0 ? `, ${count(warnings, 'warning')}` : ''
  const verdict =
    errors > 0 ? paint.red(`${file}: ${count(errors, 'error')}${also}`) : paint.green(`${file} is valid${also}`)
  return `${[...problems.flatMap((problem) => problemLines(problem, paint)), verdict].join('\n')}\n`
}
