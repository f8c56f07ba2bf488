/**
 * Fingerprints of ASCII-armoured OpenPGP keys, worked out here: a fresh Debian 13 has neither gpg nor gpgv, and sqv
 * shows no fingerprints. RFC 9580, 5.5.4.2 (a version 4 key: SHA-1 over 0x99, its length, its packet) and 6.2 (armour).
 */
import { createHash } from 'node:crypto'

const publicKeyTag = 6

interface Packet {
  readonly tag: number
  readonly body: Buffer
  /** Where the next one begins. */
  readonly end: number
}

/** The bytes of every armoured block. */
function dearmoured(text: string): Buffer[] {
  const blocks = text.matchAll(/-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g)
  return [...blocks].map(([, block = '']) => {
    const lines = block.split(/\r?\n/)
    const blank = lines.findIndex((line) => line.trim() === '')
    // Headers end at a blank line; the checksum's line begins with `=`.
    return Buffer.from(
      lines
        .slice(blank + 1)
        .filter((line) => !line.startsWith('='))
        .join(''),
      'base64',
    )
  })
}

/** Old and new forms of a packet's header (4.2); undefined where there is none. */
function packetAt(bytes: Buffer, from: number): Packet | undefined {
  const head = bytes[from]
  const length = bytes[from + 1]
  if (head === undefined || length === undefined || (head & 0x80) === 0) return undefined
  const cut = (tag: number, at: number, size: number): Packet | undefined =>
    bytes.length < at + size ? undefined : { tag, body: bytes.subarray(at, at + size), end: at + size }
  if ((head & 0x40) === 0) {
    const width = [1, 2, 4][head & 3]
    if (width === undefined || bytes.length < from + 1 + width) return undefined
    return cut((head >> 2) & 0x0f, from + 1 + width, bytes.readUIntBE(from + 1, width))
  }
  const tag = head & 0x3f
  if (length < 192) return cut(tag, from + 2, length)
  if (length < 224) return cut(tag, from + 3, ((length - 192) << 8) + (bytes[from + 2] ?? 0) + 192)
  return length === 255 && bytes.length >= from + 6 ? cut(tag, from + 6, bytes.readUInt32BE(from + 2)) : undefined
}

function fingerprintOf(body: Buffer): string {
  // Of other versions nothing is known here, so that none of them is ever taken for a declared one.
  if (body[0] !== 4) return `version ${body[0]}`
  const size = Buffer.alloc(2)
  size.writeUInt16BE(body.length)
  return createHash('sha1')
    .update(Buffer.from([0x99]))
    .update(size)
    .update(body)
    .digest('hex')
    .toUpperCase()
}

/**
 * Of every key in the text, in upper case without blanks; empty when it is no armoured key. All of them count: apt
 * trusts each key that the file holds, not only the first.
 */
export function keyFingerprints(text: string): string[] {
  return dearmoured(text).flatMap((bytes) => {
    const found: string[] = []
    let at = 0
    for (let packet = packetAt(bytes, at); packet; packet = packetAt(bytes, at)) {
      if (packet.tag === publicKeyTag) found.push(fingerprintOf(packet.body))
      at = packet.end
    }
    // A rest that can't be read could be a key for apt.
    return at === bytes.length ? found : [...found, 'unreadable']
  })
}
