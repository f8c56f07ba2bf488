/** A guest's description, which stands percent-encoded in its configuration (PVE::Tools::encode_text). */

/** Control characters, `:`, `%` and whatever isn't ASCII as bytes in percent form. */
export const encodeText = (text: string): string =>
  [...text]
    .map((character) =>
      /^[ -$&-9;-~]$/.test(character)
        ? character
        : [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .join('')

export const decodeText = (text: string): string => {
  const bytes = Buffer.concat(
    text
      .split(/(%[0-9a-f]{2})/i)
      .map((piece) =>
        /^%[0-9a-f]{2}$/i.test(piece) ? Buffer.from([Number.parseInt(piece.slice(1), 16)]) : Buffer.from(piece),
      ),
  )
  return bytes.toString('utf8')
}
