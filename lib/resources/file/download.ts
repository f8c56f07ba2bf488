/** Files from elsewhere: fetched beside their place, and there under their name only when they are whole. */
import type { Look, Step } from '../../engine/resource.ts'
import type { Reader } from '../../host/host.ts'

/** Some hundred megabytes are hashed. */
const hashingMs = 120_000
const downloadMs = 3_600_000

/** A file's SHA-256, or why there is none. */
export async function sha256Of(reader: Reader, path: string): Promise<{ sum: string } | { why: string }> {
  const { exitCode, stdout, stderr } = await reader.query(['sha256sum', '--', path], { timeoutMs: hashingMs })
  const sum = /^\\?([0-9a-f]{64}) /.exec(stdout)?.[1]
  return exitCode === 0 && sum !== undefined ? { sum } : { why: stderr.trim() || 'sha256sum said nothing' }
}

/** Why it can't be fetched, asked with HEAD. Where curl comes with this very run, the download itself tells. */
export async function fetchFault({ reader }: Look, url: string): Promise<string | undefined> {
  const { exitCode, notFound, timedOut, stderr } = await reader.query(['curl', '-fsSIL', '--max-time', '20', url])
  if (notFound || exitCode === 0) return undefined
  return timedOut ? 'no answer within 30 s' : stderr.trim() || `curl ended with exit code ${exitCode}`
}

/** `verified` is the look at what was fetched, before it is taken for the file. */
export function fetchSteps(url: string, path: string, verified: (part: string) => Step): Step[] {
  const part = `${path}.part`
  return [
    { kind: 'command', argv: ['mkdir', '-p', path.slice(0, path.lastIndexOf('/'))] },
    { kind: 'command', argv: ['curl', '-fsSL', '--retry', '3', '-o', part, url], timeoutMs: downloadMs },
    verified(part),
    { kind: 'command', argv: ['mv', part, path] },
  ]
}
