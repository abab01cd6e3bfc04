/** What lets a machine into a cluster, as one word that no shell has an opinion about. */
import { createHash, randomBytes } from 'node:crypto'
import { readTokenText, type TokenText, writeTokenText } from '@lvsm/protocol'

const PREFIX = 'lvsm.'
/** Characters. */
const LONGEST = 16_384

export const encodeToken = (value: TokenText): string =>
  `${PREFIX}${Buffer.from(writeTokenText(value)).toString('base64url')}`

/** Null: it is none, it was cut off, or it is of a newer version. Never throws, whatever the text. */
export function decodeToken(text: string): TokenText | null {
  const word = text.trim()
  if (!word.startsWith(PREFIX) || word.length > LONGEST) return null
  return readTokenText(Buffer.from(word.slice(PREFIX.length), 'base64url').toString('utf8'))
}

/** 128 bits, hexadecimal digits: nobody guesses it, so a fast digest of it may be kept. */
export const makeTokenSecret = (): string => randomBytes(16).toString('hex')
export const makeTokenId = (): string => randomBytes(4).toString('hex')

/** What coordinators keep of it. */
export const tokenDigest = (secret: string): string => createHash('sha256').update(secret, 'utf8').digest('hex')
