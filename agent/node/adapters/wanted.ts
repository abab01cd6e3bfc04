/** Files of what operators want for a while: the coordinators' facts, and a word on standby that was given at this node. */
import { NO_FACTS } from '@lvsm/changes'
import {
  decodeFollowedFacts,
  decodeLocalWord,
  encodeLocalWord,
  type Facts,
  type LocalWord,
  LONGEST_FACTS,
  LONGEST_WORD,
} from '@lvsm/protocol'
import { describeError, readRegular, replaceFile } from '../../process/files.ts'

/** In the state directory: who follows coordinators keeps there what they have of it. */
export const FOLLOWED_FACTS = 'followed-facts.json'

/** Null: there is a file, and it cannot be used. */
export function readFacts(path: string): Facts | null {
  const read = readRegular(path, LONGEST_FACTS, false)
  if (read.ok) return decodeFollowedFacts(read.bytes.toString('utf8'))
  return read.code === 'ENOENT' ? NO_FACTS : null
}

/** `damaged`: there is a file, and it cannot be used. */
export function readWord(path: string): { readonly word: LocalWord | null; readonly damaged: boolean } {
  const read = readRegular(path, LONGEST_WORD, false)
  const word = read.ok ? decodeLocalWord(read.bytes.toString('utf8')) : null
  return { word, damaged: word === null && (read.ok || read.code !== 'ENOENT') }
}

/** Whole or not at all. The error as a sentence, or null. */
export function saveWord(path: string, word: LocalWord): string | null {
  try {
    replaceFile(path, encodeLocalWord(word))
    return null
  } catch (error) {
    return describeError(error)
  }
}
