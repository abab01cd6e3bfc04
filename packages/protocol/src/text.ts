/** UTF-8 (RFC 3629) without the platform's encoder, which a pure room does not have. */

export function encodeText(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text.toWellFormed()) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
    else
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f))
  }
  return Uint8Array.from(bytes)
}

/** Null when the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at] ?? 0
    const extra = first < 0x80 ? 0 : first >> 5 === 6 ? 1 : first >> 4 === 14 ? 2 : first >> 3 === 30 ? 3 : -1
    if (extra < 0 || at + extra >= bytes.length) return null
    let code = extra === 0 ? first : first & (0x3f >> extra)
    for (let step = 1; step <= extra; step++) {
      const next = bytes[at + step] ?? 0
      if (next >> 6 !== 2) return null
      code = (code << 6) | (next & 0x3f)
    }
    const least = [0, 0x80, 0x800, 0x10000][extra] ?? 0
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return null
    text += String.fromCodePoint(code)
    at += extra + 1
  }
  return text
}
