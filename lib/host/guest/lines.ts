/** Cuts what comes from an agent into lines and sentinels, whatever the pieces it arrives in. */

/** 0xFF, which no UTF-8 text holds: what came before it is to be forgotten (QEMU, qemu-ga-ref, guest-sync-delimited). */
export const sentinel: unique symbol = Symbol('0xFF')
export const sentinelByte = 0xff

const newline = 0x0a

/** Two outputs of 16 MiB (qga/commands.c, GUEST_EXEC_MAX_OUTPUT) in base64 are 43 MiB; who sends more is no agent. */
const longest = 48 * 2 ** 20

export class LineTooLong extends Error {}

export class Lines {
  #parts: Buffer[] = []
  #size = 0

  push(chunk: Buffer): (string | typeof sentinel)[] {
    const found: (string | typeof sentinel)[] = []
    const next = (byte: number, from: number): number => {
      const at = chunk.indexOf(byte, from)
      return at === -1 ? chunk.length : at
    }
    let from = 0
    let lineEnd = next(newline, 0)
    let reset = next(sentinelByte, 0)
    while (from < chunk.length) {
      const at = Math.min(lineEnd, reset)
      this.#keep(chunk.subarray(from, at))
      if (at === chunk.length) break
      const line = this.#take()
      found.push(at === lineEnd ? line : sentinel)
      from = at + 1
      // Only the one that was reached is looked for anew: a guest that floods its host must not cost a scan each byte.
      if (at === lineEnd) lineEnd = next(newline, from)
      else reset = next(sentinelByte, from)
    }
    return found
  }

  #keep(part: Buffer): void {
    this.#size += part.length
    if (this.#size > longest) throw new LineTooLong(`more than ${longest} bytes without the end of a line`)
    this.#parts.push(part)
  }

  #take(): string {
    const text = Buffer.concat(this.#parts).toString('utf8')
    this.#parts = []
    this.#size = 0
    return text
  }
}
