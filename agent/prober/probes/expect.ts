/** What a check says itself: something to send, and what must come. */
import { textOf } from '../keys.ts'
import { matcherOf, TOO_LONG } from '../matching.ts'
import { converse } from '../talk.ts'

const LETTERS: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '0': '\0' }

/** `\r`, `\n`, `\t`, `\0`, `\xFF` and `\\`; other characters as UTF-8. */
export function bytesOf(text: string): Buffer {
  const parts = text.split(/(\\(?:x[0-9a-fA-F]{2}|.))/s)
  return Buffer.concat(
    parts.map((part, at) => {
      if (at % 2 === 0) return Buffer.from(part)
      const letter = part.slice(1)
      return letter.length === 3 ? Buffer.from(letter.slice(1), 'hex') : Buffer.from(LETTERS[letter] ?? letter)
    }),
  )
}

export const askExpect = converse(({ keys, address }) => {
  const send = textOf(keys, 'send')
  const expression = textOf(keys, 'expect') ?? ''
  const look = matcherOf(expression, address)
  return {
    first: send === undefined ? null : bytesOf(send),
    next: (heard) => {
      const found = look(heard.toString('utf8'))
      if (found === null) return { ok: null, reason: TOO_LONG }
      return found ? { ok: true, reason: 'says what is wanted' } : 'wait'
    },
  }
})
