/**
 * One connection to a QEMU guest agent: one question at a time, each with its answer, or none at all.
 *
 * The stream has no beginning that could be trusted: over virtio-serial the agent doesn't notice that its client has
 * changed, so half a question of the one before may lie in its parser, and the answer to another may still come. QEMU's
 * docs/interop/qemu-ga-ref says what to do: send 0xFF, which empties the parser, then guest-sync-delimited with a
 * number of one's own, and pass over all that comes until that number is back behind another 0xFF.
 *
 * Nothing else is sent before that: a connection that waits in line is read later, also when it was given up on
 * meanwhile, and a guest-exec in it would then still be carried out. (PVE's own client sends both at once.)
 */
import { randomInt } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import type { Limit } from './limit.ts'
import { Lines, LineTooLong, sentinel, sentinelByte } from './lines.ts'
import { type AgentAddress, AgentRefused, busy, closed, noSocket, silent } from './unreachable.ts'

type Piece = string | typeof sentinel

/** How long until a full line is tried again; PVE/QMPClient.pm takes as long. */
const retryMs = 100

export class AgentConnection {
  readonly #address: AgentAddress
  readonly #socket: Socket
  readonly #lines = new Lines()
  readonly #came: Piece[] = []
  #wake: () => void = () => undefined
  #isOpen = true
  #broken: Error | null = null

  private constructor(address: AgentAddress, socket: Socket) {
    this.#address = address
    this.#socket = socket
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => {
      this.#isOpen = false
      this.#wake()
    })
  }

  /** Connected and in step with the agent. */
  static async open(address: AgentAddress, limit: Limit): Promise<AgentConnection> {
    const connection = new AgentConnection(address, await connect(address, limit))
    try {
      await connection.#synchronize(limit)
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** False when it can't be used for another question: closed, or something came that nobody asked for. */
  get isUsable(): boolean {
    return this.#isOpen && this.#broken === null && this.#came.length === 0
  }

  /** The agent's `return`. After any failure but a refusal the connection is closed: its answer could come late. */
  async ask(command: string, given: object, limit: Limit): Promise<unknown> {
    try {
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: given })}\n`)
      return this.#judge(command, await this.#next(command, limit))
    } catch (error) {
      if (!(error instanceof AgentRefused)) this.close()
      throw error
    }
  }

  close(): void {
    this.#isOpen = false
    this.#socket.destroy()
  }

  async #synchronize(limit: Limit): Promise<void> {
    const id = randomInt(1, 2 ** 47)
    const question = JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } })
    this.#socket.write(Buffer.concat([Buffer.of(sentinelByte), Buffer.from(`${question}\n`)]))
    for (let isFresh = false; ; ) {
      const piece = await this.#next('guest-sync-delimited', limit)
      if (isFresh && piece !== sentinel && isAnswerTo(id, piece)) return
      isFresh = piece === sentinel
    }
  }

  #judge(command: string, piece: Piece): unknown {
    const answer = piece === sentinel ? undefined : parsed(piece)
    if (answer !== undefined && 'return' in answer) return answer.return
    const { error } = answer ?? {}
    if (typeof error === 'object' && error !== null && 'class' in error && 'desc' in error)
      throw new AgentRefused(this.#address.guest, command, String(error.class), String(error.desc))
    throw this.#nonsense(`its answer to ${command} is none: ${String(piece).slice(0, 200)}`)
  }

  async #next(command: string, limit: Limit): Promise<Piece> {
    try {
      for (;;) {
        const piece = this.#came.shift()
        if (piece !== undefined) return piece
        if (this.#broken !== null) throw this.#broken
        if (!this.#isOpen) throw closed(this.#address, command)
        await limit.race(
          new Promise<void>((resolve) => {
            this.#wake = resolve
          }),
        )
      }
    } catch (error) {
      throw limit.isUp ? silent(this.#address, command, limit.ms) : error
    }
  }

  #take(chunk: Buffer): void {
    try {
      this.#came.push(...this.#lines.push(chunk))
    } catch (error) {
      if (!(error instanceof LineTooLong)) throw error
      this.#broken = this.#nonsense(`it sent ${error.message}`)
      this.#socket.destroy()
    }
    this.#wake()
  }

  #nonsense(what: string): Error {
    const { guest, path } = this.#address
    return new Error(`${guest}: what answers on ${path} doesn't speak as a guest agent does: ${what}`)
  }
}

async function connect(address: AgentAddress, limit: Limit): Promise<Socket> {
  for (;;) {
    const socket = createConnection({ path: address.path })
    try {
      await limit.race(
        new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve)
          socket.once('error', reject)
        }),
      )
      return socket
    } catch (error) {
      socket.destroy()
      if (limit.isOver) throw limit.isUp ? busy(address, limit.ms) : error
      const { code, message } = error as NodeJS.ErrnoException
      // EAGAIN: connect(2) without blocking on a unix socket whose listener has a full line.
      if (code !== 'EAGAIN') throw noSocket(address, code ?? '', message)
    }
    await limit.pause(retryMs).catch((error: unknown) => {
      throw limit.isUp ? busy(address, limit.ms) : error
    })
  }
}

function isAnswerTo(id: number, line: string): boolean {
  return parsed(line)?.return === id
}

function parsed(line: string): { readonly return?: unknown; readonly error?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
