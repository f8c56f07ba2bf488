/** A client of QEMU's monitor protocol (QMP): one command at a time, events kept until somebody waits for them. */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

interface Message {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
  readonly event?: string
  readonly data?: Readonly<Record<string, unknown>>
}

export class Qmp {
  readonly #socket: Socket
  readonly #lines: AsyncIterator<string>
  readonly #events: Message[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  }

  /** Connects to QEMU's socket, which appears a moment after its process. `alive` says whether waiting makes sense. */
  static async open(path: string, alive: () => boolean): Promise<Qmp> {
    for (;;) {
      const socket = await new Promise<Socket | undefined>((resolve) => {
        const attempt = connect(path, () => resolve(attempt)).once('error', () => resolve(undefined))
      })
      if (socket) {
        socket.on('error', () => socket.destroy())
        const qmp = new Qmp(socket)
        await qmp.#next() // the greeting
        await qmp.send('qmp_capabilities')
        return qmp
      }
      if (!alive()) throw new Error('QEMU ended before its monitor answered')
      await sleep(10)
    }
  }

  /**
   * Sends a command and returns its result. Arguments given as text go to QEMU as they are: a WWN is an integer above
   * 2^53, which `JSON.stringify` would round, and QEMU refuses it as a string.
   */
  async send(execute: string, args: string | Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const text = typeof args === 'string' ? args : JSON.stringify(args)
    this.#socket.write(`{"execute":"${execute}","arguments":${text}}\n`)
    for (;;) {
      const message = await this.#next()
      if (message.error) throw new Error(`QEMU refused ${execute} ${text}: ${message.error.desc}`)
      if ('return' in message) return message.return
      this.#events.push(message)
    }
  }

  /** Waits for an event whose data carries `device`. The same event twice is no problem: the second one is kept and ignored. */
  async deviceEvent(name: string, device: string): Promise<void> {
    const wanted = (message: Message) => message.event === name && message.data?.device === device
    let found = this.#events.findIndex(wanted)
    while (found < 0) {
      const message = await this.#next()
      this.#events.push(message)
      found = wanted(message) ? this.#events.length - 1 : -1
    }
    this.#events.splice(0)
  }

  /** Starts a migration, in or out, and waits for its end. */
  async migrate(command: 'migrate' | 'migrate-incoming', file: string): Promise<void> {
    await this.send(command, { uri: `file:${file}` })
    for (;;) {
      const state = (await this.send('query-migrate')) as { status?: string; 'error-desc'?: string }
      if (state.status === 'completed') return
      if (state.status === 'failed') throw new Error(`${command} ${file}: ${state['error-desc'] ?? 'failed'}`)
      await sleep(10)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  async #next(): Promise<Message> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('QEMU closed its monitor')
    return JSON.parse(value) as Message
  }
}
