/** One change, refusal or note of a plan, in lines for a person. */
import type { ChangeShown, StepShown } from '../engine/events.ts'
import type { FieldChange, Note, Refusal } from '../engine/resource.ts'
import type { Paint } from './paint.ts'
import { printable, shellWords, table, valueText } from './words.ts'

const signs = { create: '+', update: '~', remove: '-', replace: '-/+', run: '>' } as const

export const sign = (action: string): string => (action in signs ? signs[action as keyof typeof signs] : '?')

export function riskText(risk: ChangeShown['risk'], paint: Paint): string {
  if (risk === 'destructive') return paint.red(paint.bold('DESTRUCTIVE'))
  return risk === 'disruptive' ? paint.yellow('disruptive') : paint.green('safe')
}

export function changeLines(change: ChangeShown, paint: Paint): readonly string[] {
  const head = `${sign(change.action)} ${paint.bold(printable(change.resource))}  ${printable(change.summary)}`
  return [
    `${head}  [${change.action}, ${riskText(change.risk, paint)}]`,
    ...fieldLines(change.fields).map((line) => `    ${line}`),
    ...change.steps.map((step) => `    ${stepLine(step, paint)}`),
    ...lossLines(change, paint).map((line) => `    ${line}`),
  ]
}

export function fieldLines(fields: readonly FieldChange[]): readonly string[] {
  return table(
    fields.map(({ field, from, to, note }) => [
      field,
      `${valueText(from)} → ${valueText(to)}${note === undefined ? '' : `  (${note})`}`,
    ]),
  )
}

export function stepLine(step: StepShown, paint: Paint): string {
  switch (step.kind) {
    case 'command':
      return paint.cyan(`$ ${printable(shellWords(step.argv))}`)
    case 'write':
      return paint.cyan(`write ${step.path} (mode ${step.mode.toString(8).padStart(4, '0')})`)
    case 'remove':
      return paint.cyan(`remove ${step.path}`)
    case 'verify':
      return paint.dim(`verify that ${step.what}`)
  }
}

/** What would be lost, and how it stands with consent. */
export function lossLines(change: ChangeShown, paint: Paint): readonly string[] {
  const lost = change.loss?.victims ?? []
  const lines = lost.length > 0 ? [paint.red('would be lost:'), ...lost.map((victim) => `  ${printable(victim)}`)] : []
  if (change.consent === null) return lines
  const stands = change.consent.agreed ? paint.yellow('agreed to by') : paint.red('not agreed to:')
  return [...lines, `${stands} ${change.consent.by}`]
}

export function refusalLines(refusal: Refusal, paint: Paint): readonly string[] {
  const rows = refusal.fields.map(({ field, from, to, note }) => [
    field,
    valueText(to),
    note === undefined ? valueText(from) : `${valueText(from)}  (${note})`,
  ])
  return [
    `${paint.red('refused')} ${paint.bold(printable(refusal.resource))}: ${printable(refusal.why)}`,
    ...(rows.length > 0 ? table([['field', 'declared', 'live'], ...rows]).map((line) => `    ${line}`) : []),
    ...mendLines(refusal.mend, paint).map((line) => `    ${line}`),
  ]
}

export function mendLines(mend: readonly string[], paint: Paint): readonly string[] {
  return mend.map((line) => `${paint.cyan('→')} ${printable(line)}`)
}

export function noteLine(note: Note, paint: Paint): string {
  const level = note.level === 'warning' ? paint.yellow('warning') : paint.dim('note')
  return `${level} ${printable(note.resource)}: ${printable(note.text)}`
}
