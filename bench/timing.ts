/** Wall times of whole processes, in turn (A B C A B C …), so that a machine that slows down slows all of them. */
import { spawn } from 'node:child_process'

export interface Contender {
  readonly name: string
  readonly argv: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Called before each run, not timed. */
  readonly before?: () => void
}

export interface Timed {
  readonly name: string
  readonly minMs: number
  readonly medianMs: number
  readonly maxMs: number
  /** Largest resident set that the process itself reported (`maxRSS KIB` on stderr), MiB. */
  readonly memoryMib: number | null
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/** Runs once; rejects unless it ends with 0, since a figure of something that failed is none. */
export function once(contender: Contender): Promise<{ ms: number; memoryMib: number | null }> {
  contender.before?.()
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = contender.argv
    const started = performance.now()
    const child = spawn(program, args, {
      cwd: contender.cwd,
      env: { ...process.env, ...contender.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const ms = performance.now() - started
      const kib = /^maxRSS (\d+)$/m.exec(stderr)?.[1]
      if (code === 0) resolve({ ms, memoryMib: kib === undefined ? null : Number(kib) / 1024 })
      else reject(new Error(`${contender.name} ended with ${code}: ${stderr.slice(-2000)}`))
    })
  })
}

export async function inTurn(contenders: readonly Contender[], runs: number): Promise<readonly Timed[]> {
  const taken = new Map(contenders.map(({ name }) => [name, [] as { ms: number; memoryMib: number | null }[]]))
  for (const contender of contenders) await once(contender)
  for (let index = 0; index < runs; index++) {
    for (const contender of contenders) taken.get(contender.name)?.push(await once(contender))
  }
  return contenders.map(({ name }) => {
    const all = taken.get(name) ?? []
    const times = all.map(({ ms }) => ms)
    const memory = all.flatMap(({ memoryMib }) => memoryMib ?? [])
    return {
      name,
      minMs: Math.min(...times),
      medianMs: median(times),
      maxMs: Math.max(...times),
      memoryMib: memory.length === 0 ? null : Math.max(...memory),
    }
  })
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
