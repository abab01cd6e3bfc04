/** The help of each command, and what is said of words that are wrong. */
import { NOUNS } from '@lvsm/changes'
import { NOUN_NAMES } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { exampleOf } from '../src/config/examples.ts'
import { cleanUp, lvsm } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

/** As a shell does. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''))

describe('the example in the help of', () => {
  const pooled = ["pool add app realservers='[{ node: rs1, address: 10.11.0.11, forward: dr }]'"]
  const BEFORE: Readonly<Record<string, readonly string[]>> = {
    override: [...pooled, 'service add app group=web address=10.11.0.10 port=8080 protocol=tcp scheduler=rr pool=app'],
  }
  it.each(NOUN_NAMES)('%s can be typed as it stands', async (noun) => {
    const { runHere: run } = startCoordinator()
    for (const line of BEFORE[noun] ?? []) await run([...wordsOf(line), '-y', '--no-wait'])
    for (const verb of NOUNS[noun].verbs.filter((one) => one !== 'remove')) {
      const example = exampleOf(noun, verb) ?? expect.fail(`${noun} ${verb} has no example`)
      const [lvsm, ...words] = wordsOf(example)
      expect(lvsm).toBe('lvsm')
      const done = await run([...words, '-y', '--no-wait'])
      expect([example, done.code, done.err]).toEqual([example, 0, expect.not.stringContaining('→')])
    }
  })
})

it.each([
  [['config', 'rollback', 'two'], "lvsm: command-argument value 'two'", 'lvsm config rollback'],
  [['service', 'add'], "lvsm: missing required argument 'service'", 'lvsm service add'],
  [['servise'], "lvsm: unknown command 'servise'", 'lvsm'],
  [['token', 'create', '--uses', '0'], "lvsm: option '--uses <number>' argument '0' is invalid", 'lvsm token create'],
])(
  'what is wrong with the words %j is said as all else is, and the help is that of the command',
  async (words, said, own) => {
    const { code, err } = await lvsm(words)
    expect([code, err.startsWith(said)]).toEqual([2, true])
    expect(err.endsWith(`  → its words: ${own} --help\n`)).toBe(true)
  },
)
