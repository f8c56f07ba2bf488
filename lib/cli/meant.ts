/** What was probably meant, as the end of an error's sentence. */
import { nearest } from '../config/nearest.ts'

export function didYouMean(given: string, candidates: readonly string[]): string {
  const meant = nearest(given, candidates)
  return meant === undefined ? '' : `; did you mean ${meant}?`
}
