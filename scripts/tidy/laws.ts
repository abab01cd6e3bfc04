/** What the house linter looks for: a table of laws, each over the text of one file. */
import { codeOnly, lineOf } from './code.ts'
import { roomOf } from './rooms.ts'

export interface Finding {
  readonly law: string
  readonly file: string
  readonly line: number
  readonly message: string
}

/** A finding in a file and of a law that are known. */
export type Found = Pick<Finding, 'line' | 'message'>

export const LONGEST_FILE = 250
/** Tests are lists of cases, and read as such. */
export const LONGEST_TEST = 400

interface Law {
  readonly name: string
  readonly applies: (file: string) => boolean
  readonly find: (source: string, file: string) => readonly Found[]
}

export const isTest = (file: string): boolean =>
  file.endsWith('.test.ts') || /^(packages\/[^/]+\/|web\/)?test\//.test(file)
const isPure = (file: string): boolean => file.endsWith('.ts') && !isTest(file) && roomOf(file)?.pure === true

/** Every match of `pattern`, with what it says. */
const matches =
  (pattern: RegExp, say: (found: string) => string, text: (source: string) => string = codeOnly): Law['find'] =>
  (source) => {
    const read = text(source)
    return [...read.matchAll(pattern)].map((match) => ({
      line: lineOf(read, match.index),
      message: say(match[0].trim()),
    }))
  }

const raw = (source: string): string => source

const LAWS: readonly Law[] = [
  {
    name: 'pure-clock',
    applies: isPure,
    find: matches(
      /\bDate\b|\bperformance\b|\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bprocess\s*[.[]/g,
      (found) => `${found} in a pure room: time comes in as an Instant, effects go out as data`,
    ),
  },
  {
    name: 'pure-random',
    applies: isPure,
    find: matches(
      /\bMath\s*\.\s*random\b|\bcrypto\s*\.|\brandomUUID\b/g,
      (found) => `${found} in a pure room: randomness comes in as a seeded stream`,
    ),
  },
  {
    name: 'pure-sync',
    applies: isPure,
    find: matches(
      /\basync\b|\bawait\b|\bPromise\b|\bfetch\s*\(/g,
      (found) => `${found} in a pure room: a step is a plain function`,
    ),
  },
  {
    name: 'pure-silent',
    applies: isPure,
    find: matches(
      /\bconsole\s*\.|\bglobalThis\b/g,
      (found) => `${found} in a pure room: what is to be said goes out as data`,
    ),
  },
  {
    name: 'short-file',
    applies: (file) => /\.(tsx?|mjs)$/.test(file),
    find: (source, file) => {
      const lines = source.trimEnd().split('\n').length
      const limit = isTest(file) ? LONGEST_TEST : LONGEST_FILE
      return lines > limit
        ? [{ line: limit, message: `${lines} lines, at most ${limit}: which two nouns are in it?` }]
        : []
    },
  },
  {
    name: 'noun-name',
    applies: () => true,
    find: (_source, file) => {
      const vague = file
        .split('/')
        .find((part) => /(^|[-_.])(utils?|helpers?|common|misc|managers?)([-_.]|$)/i.test(part))
      return vague === undefined
        ? []
        : [{ line: 1, message: `${vague} says nothing: name it by a noun or verb of the field` }]
    },
  },
  {
    name: 'no-machine',
    applies: () => true,
    find: matches(
      /(?<![\w.])\/(?:home|Users|workspaces?|work)\/[\w.-]+/g,
      (found) => `${found}: a path of one machine`,
      raw,
    ),
  },
  {
    name: 'no-host',
    applies: (file) => file !== 'scripts/tidy/laws.ts',
    find: matches(
      /https?:\/\/[^\s/'"`)]*(?:registry(?!\.npmjs\.org)|mirror|artifactory|nexus|verdaccio|proxy)[^\s'"`)]*/gi,
      (found) => `${found}: a package host of one place`,
      raw,
    ),
  },
  {
    name: 'no-only',
    applies: (file) => file.endsWith('.test.ts'),
    find: matches(/\b(?:it|test|describe)\s*\.\s*only\b/g, (found) => `${found} hides all other tests`),
  },
]

/** All findings in one file; `file` is its path from the root of the tree. */
export const inspect = (file: string, source: string): Finding[] =>
  LAWS.filter((law) => law.applies(file)).flatMap((law) =>
    law.find(source, file).map((found) => ({ law: law.name, file, ...found })),
  )
