/**
 * A guest agent in this process, as slow, talkative and torn as a test wants it. What it says was recorded from
 * qemu-ga 7.2.22 (Debian 12, 1:7.2+dfsg-7+deb12u18) and 10.0.13 (Debian 13, 1:10.0.13+ds-0+deb13u1) in unix-listen
 * mode; real-agent.test.ts asks a real one the same. It serves one client at a time as they do, and as QEMU's own
 * socket does (seen: QEMU 10.0.13): those that come meanwhile are connected, may write, and hear nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Question {
  readonly execute: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** The line to say, or nothing at all. */
export type Reply = string | Buffer | 'hang up' | undefined
export type Answerer = (question: Question) => Reply | Promise<Reply>

/** Recorded of both versions, but where a version is named. */
export const recorded = {
  started: '{"return": {"pid": 27568}}',
  running: '{"return": {"exited": false}}',
  went: '{"return": {"exitcode": 0, "exited": true}}',
  bothOutputs:
    '{"return": {"exitcode": 7, "err-data": "ZXJyCg==", "out-data": "b3V0Cg==", "err-truncated": false, "out-truncated": false, "exited": true}}',
  killed: '{"return": {"signal": 9, "exited": true}}',
  truncated: '{"return": {"exitcode": 0, "out-data": "AAAA", "out-truncated": true, "exited": true}}',
  errTruncated: '{"return": {"exitcode": 0, "err-data": "AAAA", "err-truncated": true, "exited": true}}',
  unknownPid72: '{"error": {"class": "GenericError", "desc": "Invalid parameter \'pid\'"}}',
  unknownPid100: '{"error": {"class": "GenericError", "desc": "PID ld does not exist"}}',
  noSuchTool100:
    '{"error": {"class": "GenericError", "desc": "Failed to execute child process \\u201Cnope\\u201D (No such file or directory)"}}',
  ping: '{"return": {}}',
  /** To the 0xFF that begins each connection. */
  stray: '{"error": {"class": "GenericError", "desc": "JSON parse error, stray \'\\uFFFD\'"}}',
} as const

export class FakeAgent {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'phx-agent-'))
  readonly path: string = join(this.folder, '8101.qga')
  readonly asked: Question[] = []
  connections = 0
  answer: Answerer
  /** Said to each client before its first answer: what the one before has left behind. */
  stale: string | Buffer = ''
  /** What it says goes out in pieces of so many bytes. */
  pieces: number = Number.POSITIVE_INFINITY
  readonly #server: Server
  readonly #clients = new Set<Socket>()
  #turn: Promise<void> = Promise.resolve()

  constructor(answer: Answerer = ({ execute }) => (execute === 'guest-ping' ? recorded.ping : undefined)) {
    this.answer = answer
    this.#server = createServer((client) => this.#queue(client))
  }

  static async start(answer?: Answerer): Promise<FakeAgent> {
    const agent = new FakeAgent(answer)
    await new Promise<void>((resolve) => agent.#server.listen(agent.path, resolve))
    return agent
  }

  get names(): string[] {
    return this.asked.map(({ execute }) => execute)
  }

  get isHeld(): boolean {
    return this.#clients.size > 0
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.folder, { recursive: true, force: true })
  }

  #queue(client: Socket): void {
    this.connections++
    this.#clients.add(client)
    client.on('error', () => undefined)
    const left = new Promise<void>((resolve) => client.once('close', resolve))
    left.then(() => this.#clients.delete(client))
    // A socket without a reader doesn't notice its end, so one that left while it waited is read to its end, later.
    this.#turn = this.#turn.then(() => {
      this.#serve(client)
      return left
    })
  }

  #serve(client: Socket): void {
    let rest = ''
    let say = Promise.resolve()
    let isFirst = true
    client.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines)
        say = say.then(async () => {
          if (isFirst) client.write(this.stale)
          isFirst = false
          await this.#reply(client, line)
        })
    })
  }

  async #reply(client: Socket, line: string): Promise<void> {
    const start = line.lastIndexOf('\xff') + 1
    if (start > 0) client.write(`${recorded.stray}\n`)
    const question = JSON.parse(line.slice(start)) as Question
    this.asked.push(question)
    const given = await this.answer(question)
    if (given === 'hang up') client.destroy()
    else if (given !== undefined) await this.#write(client, Buffer.concat([Buffer.from(given), Buffer.from('\n')]))
    else if (question.execute === 'guest-sync-delimited')
      await this.#write(client, Buffer.from(`\xff{"return": ${question.arguments.id}}\n`, 'latin1'))
  }

  async #write(client: Socket, bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length; from += this.pieces) {
      client.write(bytes.subarray(from, Math.min(bytes.length, from + this.pieces)))
      if (this.pieces < bytes.length) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Syncs, takes any guest-exec, and gives these answers to guest-exec-status one after the other, the last for ever. */
export function executing(...answers: Reply[]): Answerer {
  const left = [...answers]
  return ({ execute }) => {
    if (execute === 'guest-sync-delimited') return undefined
    if (execute === 'guest-exec') return recorded.started
    if (execute !== 'guest-exec-status') return recorded.ping
    return left.length > 1 ? left.shift() : left[0]
  }
}
