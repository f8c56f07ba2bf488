/** What a test orders a simulated host to do with certain calls: be slow, fail, hang, or do the work and then say it failed. */
import type { Argv } from '../host.ts'
import type { ToolAnswer } from './tool.ts'

export type Order =
  | { readonly kind: 'latency'; readonly ms: number }
  /** The tool isn't run. */
  | { readonly kind: 'fail'; readonly answer: ToolAnswer }
  /** The tool isn't run, and its deadline passes (at once: nobody waits for it here). */
  | { readonly kind: 'hang' }
  /** The tool does its work, and then this is what it answers. */
  | { readonly kind: 'apply then fail'; readonly answer: ToolAnswer }

interface Standing {
  readonly prefix: Argv
  readonly order: Order
  /** How many matching calls still pass before the order is carried out; latency holds for all. */
  before: number
}

export class Orders {
  readonly #standing: Standing[] = []

  /** `nth` counts matching calls from 1; an order but for latency is carried out once. */
  add(prefix: Argv, order: Order, nth = 1): void {
    this.#standing.push({ prefix, order, before: nth - 1 })
  }

  /** What is to be done with this call. */
  take(argv: Argv): { latencyMs: number; order: Exclude<Order, { kind: 'latency' }> | null } {
    let latencyMs = 0
    let due: Exclude<Order, { kind: 'latency' }> | null = null
    for (const standing of [...this.#standing]) {
      if (!standing.prefix.every((word, index) => argv[index] === word)) continue
      if (standing.order.kind === 'latency') latencyMs = standing.order.ms
      else if (standing.before > 0) standing.before--
      else if (due === null) {
        due = standing.order
        this.#standing.splice(this.#standing.indexOf(standing), 1)
      }
    }
    return { latencyMs, order: due }
  }
}
