/** How a simulated tool is called and what it answers. */
import type { SimState } from './model.ts'

export interface ToolCall {
  /** Arguments after the tool's name. */
  readonly args: readonly string[]
  /** Standard input; empty when none was given. */
  readonly stdin: string
}

export interface ToolAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** True when the real tool would sit in state D and never come back. */
  readonly hangs?: boolean
}

/** A simulated tool changes the state or reads it, and answers. It may throw `NotSimulated`, nothing else. */
export type Tool = (state: SimState, call: ToolCall) => ToolAnswer

/** A tool, verb or option that the simulation doesn't know: refused loudly, exit 127, never waved through. */
export class NotSimulated extends Error {}

export const answer = (exitCode: number, stdout = '', stderr = ''): ToolAnswer => ({ exitCode, stdout, stderr })
