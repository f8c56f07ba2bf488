/** What replaying one call came to. */
export type Verdict = { kind: 'pass' } | { kind: 'fail'; differences: string[] } | { kind: 'skip'; reason: string }

export interface Replayed {
  file: string
  n: number
  note: string
  argv: readonly string[]
  verdict: Verdict
}

export const verdictOf = (differences: string[]): Verdict =>
  differences.length === 0 ? { kind: 'pass' } : { kind: 'fail', differences }
