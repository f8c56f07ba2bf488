/**
 * Lines of authorized_keys and the keys in them. sshd passes over a key that does not decode without a word, so a copy
 * that was cut short is found here.
 */

export interface KeyLine {
  /** What stands before the key; empty for none. */
  readonly options: string
  readonly type: string
  readonly blob: string
}

/** Undefined for a comment, and for any other line that holds no key. */
export function parseKeyLine(line: string): KeyLine | undefined {
  // Options stand first, and may hold blanks in quotes (sshd(8), AUTHORIZED_KEYS FILE FORMAT). A key begins with the length
  // of its type's name, which is AAAA in base64.
  const found =
    /^\s*(?!#)(?:((?:[^\s"]|"(?:\\.|[^"\\])*")+)\s+)?((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+)\s+(AAAA[A-Za-z0-9+/]+=*)(?=\s|$)/.exec(
      line,
    )
  if (!found) return undefined
  const [, options = '', type = '', blob = ''] = found
  return { options, type, blob }
}

/** Type and key of a line: what makes two of them the same. */
export function keyOf(line: string): string | undefined {
  const key = parseKeyLine(line)
  return key && `${key.type} ${key.blob}`
}

interface Part {
  readonly name: string
  /** Why these bytes can't be it. */
  readonly fault: (bytes: Buffer) => string | undefined
}

const sized = (name: string, size: number, first?: number): Part => ({
  name,
  fault: (bytes) => {
    if (bytes.length !== size) return `its ${name} has ${bytes.length} bytes instead of ${size}`
    return first === undefined || bytes[0] === first ? undefined : `its ${name} is none`
  },
})

const anything = (name: string): Part => ({ name, fault: () => undefined })

const positive = (bytes: Buffer): boolean =>
  bytes.length > 0 && (bytes[0] ?? 0) < 0x80 && bytes.some((byte) => byte > 0)

const exponent: Part = {
  name: 'exponent',
  fault: (bytes) => (positive(bytes) ? undefined : 'its exponent is no number above 0'),
}

/** sshd takes none below 1024 bits (SSH_RSA_MINIMUM_MODULUS_SIZE), and OpenSSL none above 16384. */
const modulus: Part = {
  name: 'modulus',
  fault: (bytes) => {
    if (!positive(bytes)) return 'its modulus is no number above 0'
    const bits = BigInt(`0x${bytes.toString('hex')}`).toString(2).length
    return bits >= 1024 && bits <= 16384 ? undefined : `it has ${bits} bits, and sshd takes 1024 to 16384`
  },
}

const curve = (name: string): Part => ({
  name: 'curve',
  fault: (bytes) => (bytes.toString('latin1') === name ? undefined : `its curve is not ${name}`),
})

/** An uncompressed point, the only form that OpenSSH writes and takes (RFC 5656, section 3.1). */
const point = (size: number): Part => sized('point', size, 4)

const ed25519 = sized('key', 32)

/** What follows the type's name: RFC 4253 section 6.6, RFC 5656, RFC 8709, and PROTOCOL.u2f of OpenSSH. */
const partsOf: Readonly<Record<string, readonly Part[]>> = {
  'ssh-ed25519': [ed25519],
  'ssh-rsa': [exponent, modulus],
  'ecdsa-sha2-nistp256': [curve('nistp256'), point(65)],
  'ecdsa-sha2-nistp384': [curve('nistp384'), point(97)],
  'ecdsa-sha2-nistp521': [curve('nistp521'), point(133)],
  'sk-ssh-ed25519@openssh.com': [ed25519, anything('application')],
  'sk-ecdsa-sha2-nistp256@openssh.com': [curve('nistp256'), point(65), anything('application')],
}

/** Why sshd would pass over the key, or undefined. Nothing of the key is in it. */
export function keyFault({ type, blob }: Pick<KeyLine, 'type' | 'blob'>): string | undefined {
  const parts = partsOf[type]
  if (parts === undefined) return `${type} is no type of key that sshd takes`
  const bytes = Buffer.from(blob, 'base64')
  const { fields, rest } = fieldsOf(bytes)
  const [inner, ...values] = fields
  const within = inner?.toString('latin1')
  if (within !== undefined && within !== type) {
    return Object.hasOwn(partsOf, within)
      ? `it says ${type}, and is a key of type ${within}`
      : `it says ${type}, and what follows is none`
  }
  // Node takes base64 that breaks off or has bits to spare; sshd does not (b64_pton).
  if (rest > 0 || values.length < parts.length || bytes.toString('base64') !== blob)
    return 'it is cut short or mistyped'
  if (values.length > parts.length) return 'something stands after its end'
  return parts.map((part, index) => part.fault(values[index] ?? Buffer.of())).find((fault) => fault !== undefined)
}

/** Each field has its length in four bytes before it (RFC 4251, section 5); `rest` is what makes no whole one. */
function fieldsOf(bytes: Buffer): { fields: readonly Buffer[]; rest: number } {
  const fields: Buffer[] = []
  let at = 0
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) break
    fields.push(bytes.subarray(at + 4, end))
    at = end
  }
  return { fields, rest: bytes.length - at }
}
