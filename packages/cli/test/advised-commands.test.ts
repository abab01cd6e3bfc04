/** Every command of lvsm that a hint advises is one that there is: parsed by the real command line, wherever a sentence names it. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { NOUN_NAMES, type Noun, TROUBLE_PARTS, type TroubleKind } from '@lvsm/protocol'
import type { Argument, Command } from 'commander'
import { expect, test } from 'vitest'
import { placeWords, settableKeys } from '../src/config/values.ts'
import { program } from '../src/index.ts'

const HERE = join(import.meta.dirname, '../../..')
const terminal = {
  out: process.stdout,
  paint: (_: unknown, text: string) => text,
  print: () => undefined,
  complain: () => undefined,
}
const root = program('0', terminal, () => undefined)

/** What follows the product's name where no command of it is meant. */
const PROSE = new Set([
  'agent?',
  'heartbeat',
  'here',
  'itself',
  'moves',
  'needed',
  'needs',
  'of',
  'on',
  'puts',
  'reads',
  'runs',
  'that',
])

/** What stands for a value: a word in capitals, what a template fills in, an ellipsis. */
const isPlace = (word: string): boolean => /^[A-Z][A-Z_/]*$/.test(word) || word === '…' || word.includes('PLACE')
const isPair = (word: string): boolean => /^[\w.-]+=/.test(word)

interface Advised {
  readonly command: Command
  readonly words: readonly string[]
}
/**
 * The words behind `lvsm` up to where the sentence goes on; a text says why it is no command. `isNamed`: a sentence may name a command without
 * its operands, and an example has real ones, which may look as any word.
 */
function parsed(text: string, isNamed: boolean): Advised | string {
  const words = text.split(/ +/)
  let command = root
  let at = optionsOf(root, words, 0)
  for (let next = named(command, words[at]); next; next = named(command, words[at])) {
    command = next
    at += 1
  }
  if (command === root)
    return /^--(help|version)$/.test(words[0] ?? '') ? { command, words: [] } : `no command: lvsm ${text}`
  const operands: string[] = []
  const expected = command.registeredArguments
  while (at < words.length) {
    const after = optionsOf(command, words, at)
    if (after < 0) return `lvsm ${text}: no option ${words[at]}`
    if (after > at) at = after
    else if (takes(expected[Math.min(operands.length, expected.length - 1)], words[at] ?? ''))
      operands.push(words[at++] ?? '')
    else break
  }
  const missing = expected.filter(({ required }) => required).length - operands.length
  if (missing > 0 && !isNamed && !operands.includes('…')) return `lvsm ${text}: ${missing} more words are needed`
  const last = expected.at(-1)
  if (operands.filter((word) => word !== '…').length > expected.length && last?.variadic !== true)
    return `lvsm ${text}: too many words`
  return { command, words: operands }
}
const named = (command: Command, word = ''): Command | undefined =>
  command.commands.find((one) => one.name() === word || one.aliases().includes(word))

/** Behind options and their values; -1: there is no such option. */
function optionsOf(command: Command, words: readonly string[], from: number): number {
  let at = from
  for (let word = words[at]; word?.startsWith('-') === true && word.length > 1; word = words[at]) {
    const option = [command, root].flatMap(({ options }) =>
      options.filter(({ short, long }) => word === short || word === long),
    )[0]
    if (!option && word !== '--help') return -1
    at += option && (option.required || option.optional) ? 2 : 1
  }
  return at
}
const takes = (argument: Argument | undefined, word: string): boolean => {
  if (!argument) return isPlace(word) || isPair(word)
  const { argChoices } = argument
  return isPlace(word) || (argChoices ? argChoices.includes(word) : isPair(word) || /[/\d]/.test(word))
}

/** What it sets must be there: a key that is none is refused by the cluster, late. */
function strangeKeys({ command, words }: Advised): string[] {
  const noun = NOUN_NAMES.find((one): one is Noun => one === command.parent?.name())
  if (noun === undefined || !['add', 'set', 'remove'].includes(command.name())) return []
  const keys = new Set([...placeWords(noun), ...settableKeys(noun).map(({ key }) => key)])
  const given = words.filter(isPair).map((word) => word.split('=')[0] ?? '')
  return given.filter((key) => !keys.has(key) && !isPlace(key))
}

const COMMAND = /(?<![\w/.-])lvsm (?=[a-z-])(?!is\b|was\b|has\b|does\b)((?:(?!, |; |: |\. |lvsm )[^()'"`\n])+)/g
const commandsIn = (text: string): string[] =>
  [...text.matchAll(COMMAND)]
    .map(([, words = '']) => words.replace(/[,.;:]+$/, '').trim())
    .filter((words) => !PROSE.has(words.split(' ')[0] ?? ''))
const faultsOf = (text: string, isNamed = false): string[] =>
  commandsIn(text).flatMap((words) => {
    const found = parsed(words, isNamed)
    return typeof found === 'string' ? [found] : strangeKeys(found).map((key) => `lvsm ${words}: no key ${key}`)
  })

const KINDS: readonly (readonly [string, string, TroubleKind])[] = Object.entries(TROUBLE_PARTS).flatMap(
  ([part, kinds]) => Object.entries<TroubleKind>(kinds).map(([code, kind]) => [part, code, kind] as const),
)

test.each([
  ['lvsm service set web check.interval=1s'],
  ['lvsm service set web intervall=1s'],
  ['lvsm standby perhaps'],
  ['lvsm drian rs1'],
  ['lvsm switchover'],
  ['lvsm events --lines 5'],
])('a command that there is not is found: %s', (text) =>
  expect(faultsOf(`mend it: ${text}; then look`)).toHaveLength(1),
)

test.each([
  ['lvsm check set SERVICE interval=1s, or mend the disk'],
  ['lvsm status there; lvsm standby on, or off'],
  ['lvsm --socket /run/lvsm/agent.sock status says all of them'],
  ['lvsm check run SERVICE --on STANDBY --explain, and the same'],
])('one that there is is not: %s', (text) => expect(faultsOf(text)).toEqual([]))

test('in the table of troubles', () => {
  const named = KINDS.flatMap(([, , { next }]) => commandsIn(next))
  expect(named.length).toBeGreaterThan(30)
  expect(KINDS.flatMap(([, code, { next }]) => faultsOf(next).map((fault) => `${code}: ${fault}`))).toEqual([])
})

const ROOMS = ['agent', 'coordinator', 'packages/*/src', 'web/src']
const LITERAL = /\/\*[^]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g
interface Said {
  readonly path: string
  readonly text: string
  /** What stands before it in its file. */
  readonly before: string
}
const SAID: readonly Said[] = ROOMS.flatMap((room) => globSync(`${room}/**/*.{ts,tsx}`, { cwd: HERE }))
  .filter((path) => !/\.test\.ts$|fixture|\/recorded\//.test(path))
  .flatMap((path) => {
    const file = readFileSync(join(HERE, path), 'utf8')
    return [...file.matchAll(LITERAL)]
      .filter(([text]) => !text.startsWith('/'))
      .map((found) => ({
        path,
        text: found[0]
          .slice(1, -1)
          .replaceAll('\\n', ' ')
          .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'PLACE'),
        before: file.slice(Math.max(0, found.index - 200), found.index),
      }))
  })
const ADVISING = SAID.filter(({ text }) => commandsIn(text).length > 0)

test('in every sentence of agents, coordinators and of the command line itself', () => {
  expect(ADVISING.length).toBeGreaterThan(100)
  expect(ADVISING.flatMap(({ path, text }) => faultsOf(text, true).map((fault) => `${path}: ${fault}`))).toEqual([])
})

/** Commands that a coordinator answers. */
const OF_COORDINATORS = new Set<string>([
  ...NOUN_NAMES.filter((noun) => noun !== 'check'),
  'config',
  'coordinators',
  'drain',
  'enable',
  'intents',
  'rekey',
  'stop',
  'token',
])
const needsCoordinators = (words: string): boolean =>
  OF_COORDINATORS.has(words.split(' ')[0] ?? '') || words.startsWith('check set')
/** Of who follows coordinators alone. */
const OF_FOLLOWERS = new Set(['epoch-lost', 'older-epoch', 'facts-damaged'])
const SAID_SO = /with coordinators[^.;]*$/

test('the table of troubles says of each command that needs coordinators that it does: a cluster may have its configuration from files', () => {
  const silent = KINDS.filter(([part, code]) => part !== 'Coordinators' && !OF_FOLLOWERS.has(code)).flatMap(
    ([, code, { next }]) =>
      commandsIn(next)
        .filter((words) => needsCoordinators(words) && !SAID_SO.test(next.slice(0, next.indexOf(`lvsm ${words}`))))
        .map((words) => `${code}: lvsm ${words}`),
  )
  expect(silent).toEqual([])
})

/** Of those that are only there where there are coordinators. */
const FOLLOWING = [
  ...['agent/node/feed/', 'agent/node/identity.ts', 'agent/node/options.ts', 'agent/node/warnings.ts'],
  ...['agent/lease/core/epochs.ts', 'agent/lease/core/voter-sets.ts', 'agent/nodelink/'],
  // Stopped by coordinators alone.
  'agent/node/core/command/switchover.ts',
]
test('so do agents: they advise the one or the other by what they follow', () => {
  const silent = ADVISING.filter(
    ({ path }) => path.startsWith('agent/') && !FOLLOWING.some((one) => path.startsWith(one)),
  )
    .filter(({ text, before }) =>
      commandsIn(text).some(
        (words) =>
          needsCoordinators(words) &&
          !/changeText\(\s*\w+,\s*$/.test(before) &&
          !SAID_SO.test(text.slice(0, text.indexOf(`lvsm ${words}`))),
      ),
    )
    .map(({ path, text }) => `${path}: ${text}`)
  expect(silent).toEqual([])
})
