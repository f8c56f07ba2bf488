/** Commands in the guest, over one shared ssh connection (60 ms a command instead of 400). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface CommandResult {
  readonly command: string
  /** 255 also when the connection broke; null when the deadline passed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/** A command under way in the guest. */
export interface Started {
  readonly ended: Promise<CommandResult>
  /** Resolves as soon as its output contains the text; rejects when it ends without. */
  saw(text: string): Promise<void>
}

/** For a POSIX shell; every word literal. */
export const quote = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')

export class Shell {
  readonly #ssh: readonly string[]
  readonly #socket: string
  #master: ChildProcess | undefined

  constructor(port: number, key: string, socket: string) {
    this.#socket = socket
    this.#ssh = [
      ...[
        '-F',
        'none',
        '-i',
        key,
        '-p',
        String(port),
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'LogLevel=ERROR',
        '-o',
        'BatchMode=yes',
      ],
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', `ControlPath=${socket}`],
    ]
  }

  /**
   * Opens the connection, trying again until the guest answers. QEMU's user network accepts connections before sshd
   * listens, so an open port means nothing: the master's socket appears once it has logged in.
   */
  async connect(seconds: number, alive: () => boolean): Promise<void> {
    const deadline = Date.now() + seconds * 1000
    while (alive() && Date.now() < deadline) {
      const master = spawn('ssh', [...this.#ssh, '-o', 'ConnectTimeout=10', '-MN', 'root@127.0.0.1'], {
        stdio: 'ignore',
      })
      while (master.exitCode === null && master.signalCode === null && Date.now() < deadline) {
        if (existsSync(this.#socket)) {
          this.#master = master
          return
        }
        await sleep(20)
      }
      master.kill()
      await sleep(100)
    }
    throw new Error(
      alive()
        ? `the guest did not answer over ssh within ${seconds} s`
        : 'QEMU ended before the guest answered over ssh',
    )
  }

  start(command: string, options: { stdin?: string | Buffer; timeoutSeconds?: number } = {}): Started {
    const began = Date.now()
    const child = spawn('ssh', [...this.#ssh, 'root@127.0.0.1', command])
    const timer = setTimeout(
      () => {
        child.kill('SIGKILL')
        // The shared connection holds these, too, for as long as the command lives over there.
        child.stdout.destroy()
        child.stderr.destroy()
      },
      (options.timeoutSeconds ?? 300) * 1000,
    )
    let stdout = ''
    let stderr = ''
    const watchers = new Set<() => void>()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      for (const watcher of watchers) watcher()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.stdin.on('error', () => {}) // a command that ends without reading its input is no failure
    child.stdin.end(options.stdin ?? '')
    const ended = once(child, 'close').then(([exitCode]: (number | null)[]): CommandResult => {
      clearTimeout(timer)
      return { command, exitCode: exitCode ?? null, stdout, stderr, seconds: (Date.now() - began) / 1000 }
    })
    const saw = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (stdout.includes(text)) resolve()
        }
        watchers.add(look)
        look()
        ended.then(
          () => reject(new Error(`${command} ended without saying "${text}"; it said: ${stdout}${stderr}`)),
          reject,
        )
      })
    return { ended, saw }
  }

  close(): void {
    this.#master?.kill('SIGKILL')
  }
}
