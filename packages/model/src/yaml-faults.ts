/**
 * Faults of the text before it means anything. Sentences of our own, by the parser's codes: the parser's may quote the file, and a
 * secret may stand there.
 */
import type { Refusal } from '@lvsm/base'

/** In UTF-16 units. A configuration of 1,000 services with 10 realservers each has about half of it, and is read in seconds. */
export const LONGEST_FILE = 2 * 1024 * 1024
/** A configuration has six levels; a parser needs some stack, and much time, for each. */
const DEEPEST = 64

interface Sentence {
  readonly code: string
  readonly message: string
  readonly hint: string
}
type Sentences = Readonly<Record<string, Sentence>>

const bad = (message: string, hint: string): Sentence => ({ code: 'bad-yaml', message, hint })
export const TOO_DEEP: Sentence = {
  code: 'too-deep',
  message: `lists and mappings stand inside one another more than ${DEEPEST} levels deep`,
  hint: 'a configuration needs six levels: look for brackets and dashes that are too many',
}
export const TOO_MUCH: Sentence = {
  code: 'too-many-values',
  message: 'aliases (*name) of this file stand for more values than a configuration can have, or contain each other',
  hint: 'write the values out, or take the alias away: they are copied wherever the alias stands',
}
/** Values of a file, aliases written out: more than any file of legal length has without them. */
export const MOST_VALUES = 200_000
export const TOO_MANY: Sentence = {
  code: 'too-many-values',
  message: `the file has more than ${MOST_VALUES} values`,
  hint: 'is it the right file? A large configuration has a few ten thousand',
}
const INDENT = bad(
  'this line is not indented like its neighbours',
  'keys of one mapping begin in the same column, so do the dashes of one list; indent with spaces',
)
const QUOTE = 'put the value in quotes, or write it out'

const BY_CODE: Sentences = {
  BAD_ALIAS: bad('a word begins with *, which stands for an alias, and it has no anchor', QUOTE),
  ALIAS_PROPS: bad('an alias has an anchor or a tag', QUOTE),
  BAD_DIRECTIVE: bad('a line begins with %, which stands for a directive', 'take the line out'),
  BAD_DQ_ESCAPE: bad(
    'a backslash in double quotes begins no escape',
    'use single quotes, or write \\\\ for a backslash',
  ),
  BAD_INDENT: INDENT,
  BLOCK_AS_IMPLICIT_KEY: bad(
    'a second colon stands in one line',
    'one key and its value on a line; text with a colon in quotes',
  ),
  BAD_SCALAR_START: bad('a value begins with a character that YAML keeps for itself', QUOTE),
  KEY_OVER_1024_CHARS: bad('a key has more than 1024 characters', 'is a colon, a quote or a bracket missing?'),
  MISSING_CHAR: bad('a bracket, a quote or a comma is missing here or above', 'look for what is not closed'),
  MULTIPLE_DOCS: bad(
    'a second document begins here',
    'the file must be one YAML document: take out the lines with ---',
  ),
  NON_STRING_KEY: bad('a key is no plain word', 'is a quote or a brace missing?'),
  RESOURCE_EXHAUSTION: TOO_DEEP,
  TAB_AS_INDENT: bad('a tab stands where the line is indented', 'indent with spaces'),
  TAG_RESOLVE_FAILED: bad(
    'a value has a tag (!…), which no key of this file takes',
    'take it out, or put the value in quotes',
  ),
}
const ANY = bad('this is not YAML', 'look for a bracket, a quote, a colon or an indentation here and in the line above')

export const sentenceOf = (code: string): Sentence => (Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined) ?? ANY

/** What is refused before it is parsed, because parsing it would take very long; null when nothing is. */
export function refuseText(text: string): Refusal | null {
  if (text.length > LONGEST_FILE)
    return {
      code: 'too-long',
      message: `the file has ${text.length} characters, more than ${LONGEST_FILE}`,
      hint: 'is it the right file? A large configuration has a few thousand lines',
    }
  const line = deepLine(text)
  return line === null ? null : { line, column: 1, ...TOO_DEEP }
}

/**
 * The first line in which more is open than a configuration can need. Brackets in comments do not count; those in quotes do: no
 * value has so many, and behind a quote that was lost all would be hidden.
 */
function deepLine(text: string): number | null {
  let open = 0
  let quote = ''
  for (const [at, line] of text.split('\n').entries()) {
    if (/^(?:\s*[-?:]\s)/.test(line) && dashes(line) > DEEPEST) return at + 1
    let before = ' '
    for (const character of line) {
      if (character === '[' || character === '{') open += 1
      else if (character === ']' || character === '}') open = Math.max(0, open - 1)
      else if (quote !== '') quote = character === quote && before !== '\\' ? '' : quote
      else if (character === '#' && /\s/.test(before)) break
      else if ((character === '"' || character === "'") && /[\s,:[{-]/.test(before)) quote = character
      if (open > DEEPEST) return at + 1
      before = character
    }
  }
  return null
}

/** Lists that begin in one line: `- - - x`. */
function dashes(line: string): number {
  let count = 0
  for (let at = 0; at < line.length && count <= DEEPEST; at++) {
    const character = line[at] ?? ''
    if ('-?:'.includes(character)) count += 1
    else if (!/\s/.test(character)) break
  }
  return count
}
