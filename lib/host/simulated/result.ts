/** A tool's answer as a transport's result. */
import type { Argv, CommandResult } from '../host.ts'
import { answer, type ToolAnswer } from './tool.ts'

export function ended(argv: Argv, { exitCode, stdout, stderr }: ToolAnswer): CommandResult {
  return { argv, exitCode, signal: null, stdout, stderr, durationMs: 0, timedOut: false, notFound: false }
}

export const gaveUp = (argv: Argv, stdout: string, stderr: string, deadline: number): CommandResult => ({
  ...ended(argv, answer(0, stdout, stderr)),
  exitCode: null,
  durationMs: deadline,
  timedOut: true,
})
