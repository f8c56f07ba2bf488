/**
 * The NT hash of a password, by which Samba keeps it: MD4 of its UTF-16LE text (MS-NLMP, 3.3.1). OpenSSL 3 has MD4 only in
 * its legacy provider, which Node does not load, so it stands here (RFC 1320).
 */

/** As `pdbedit -Lw` writes it: 32 hexadecimal digits, upper case. As secret as the password. */
export function ntHash(password: string): string {
  return md4(Buffer.from(password, 'utf16le')).toString('hex').toUpperCase()
}

const add = (...numbers: readonly number[]): number => numbers.reduce((sum, number) => (sum + number) >>> 0, 0)
const rotate = (number: number, by: number): number => ((number << by) | (number >>> (32 - by))) >>> 0

interface Round {
  /** RFC 1320, 3.4: F, G and H. */
  readonly mix: (x: number, y: number, z: number) => number
  readonly constant: number
  /** Word of the block that each of the sixteen operations takes. */
  readonly order: readonly number[]
  readonly shifts: readonly [number, number, number, number]
}

const rounds: readonly Round[] = [
  {
    mix: (x, y, z) => (x & y) | (~x & z),
    constant: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (x, y, z) => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
]

type Registers = readonly [a: number, b: number, c: number, d: number]

export function md4(message: Buffer): Buffer {
  const padded = pad(message)
  let registers: Registers = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let at = 0; at < padded.length; at += 64) registers = compress(registers, padded.subarray(at, at + 64))
  const digest = Buffer.alloc(16)
  registers.forEach((register, index) => {
    digest.writeUInt32LE(register, index * 4)
  })
  return digest
}

/** A one bit, zeros, and the length in bits: whole blocks of 64 bytes (3.1, 3.2). */
function pad(message: Buffer): Buffer {
  const padded = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64)
  message.copy(padded)
  padded[message.length] = 0x80
  padded.writeBigUInt64LE(BigInt(message.length) * 8n, padded.length - 8)
  return padded
}

function compress(before: Registers, block: Buffer): Registers {
  let [a, b, c, d] = before
  for (const { mix, constant, order, shifts } of rounds) {
    order.forEach((word, index) => {
      const sum = add(a, mix(b, c, d) >>> 0, block.readUInt32LE(word * 4), constant)
      ;[a, b, c, d] = [d, rotate(sum, shifts[index % 4] ?? 0), b, c]
    })
  }
  return [add(before[0], a), add(before[1], b), add(before[2], c), add(before[3], d)]
}
