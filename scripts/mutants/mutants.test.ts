import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attack } from './attack.ts'
import type { Mutant } from './enumerate.ts'
import { Judge } from './judge.ts'
import { stagesFor } from './related.ts'

const TREE = join(import.meta.dirname, '..', '..')
const CODE = `
import { parseSync } from '@swc/core'
import { seededRandom } from '@lvsm/base'
import { mutantsIn, mutantsOf, shuffled } from './enumerate.ts'
import { readFileSync } from 'node:fs'
const given = JSON.parse(readFileSync(0, 'utf8'))
const parses = (text) => {
  try {
    parseSync(text, { syntax: 'typescript', target: 'es2024' })
    return true
  } catch {
    return false
  }
}
`
/** In a process of its own: swc ends one in which several threads have loaded it, and the test of the walls is another. */
const elsewhere = <T>(given: unknown, expression: string): T => {
  const argv = ['--input-type=module', '--eval', `${CODE}console.log(JSON.stringify(${expression}))`]
  const options = {
    cwd: import.meta.dirname,
    input: JSON.stringify(given),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  } as const
  return JSON.parse(execFileSync(process.execPath, argv, options)) as T
}

/** Source → everything that somebody could have written instead. */
const KINDS: readonly [name: string, source: string, mistakes: readonly string[]][] = [
  ['a boundary', 'x = a < b', ['x = a <= b', 'x = a > b', '{}']],
  ['an equality', 'y(a === b)', ['y(a !== b)', '{}']],
  ['a clause', 'const x = a && b', ['const x = a || b', 'const x = a', 'const x = b']],
  ['a default', 'const x = a ?? b', ['const x = a']],
  ['a sum', 'const x = é + b', ['const x = é - b']],
  ['a sum of texts', "const x = 'é' + b", []],
  ['a negation', 'const x = !a', ['const x =  a']],
  ['a number', 'const x = 5', ['const x = 6', 'const x = 4', 'const x = 10']],
  ['a flag', 'const x = true', ['const x = false']],
  ['an extreme', 'const x = Math.min(a, b)', ['const x = Math.max(a, b)']],
  ['an instant', 'const x = later(a, b)', ['const x = earlier(a, b)']],
  ['a guard', 'while (a) if (b) break', ['while (a) if (true) break', 'while (a) {}', 'while (a) if (b) {}']],
  ['a guard with a block', 'if (a) { b() }', ['if (true) { b() }', 'if (a) {}', 'if (a) { {} }']],
  ['two ways', 'if (a) b(); else c()', ['if (!(a)) b(); else c()', 'if (a) {} else c()', 'if (a) b(); else {}']],
  ['two arms', "const x = a ? 'one' : /* é */ two", ["const x = a ? two : /* é */ 'one'"]],
  ['a predicate', 'const x = a.filter((b) => c)', ['const x = a', 'const x = a.filter((b) => !(c))']],
  ['an order', 'const x = a.toSorted(b)', ['const x = a']],
  [
    'a spread',
    'const x = { ...a, b, c: d }',
    ['const x = { b, c: d }', 'const x = { ...a, c: d }', 'const x = { ...a, b }'],
  ],
  ['a list', 'const x = [...a, b]', ['const x = [b]', 'const x = [...a]']],
  ['an index', 'const x = a[b]', ['const x = a[(b) + 1]']],
  ['a step', 'for (;;) { b; i += a; }', ['for (;;) {}', 'for (;;) { b; i -= a; }', 'for (;;) { b; {} }']],
  ['types, keys, texts', "const x: 1 | 2 = { 3: 'a' } as { b: 4 }", []],
  ['an invariant', "invariant(a < b, 'c')", ['{}']],
]

describe('the mistakes', () => {
  const found = elsewhere<string[][]>(
    KINDS.map(([, source]) => source),
    "given.map((source) => mutantsOf('a.ts', source).map((mutant) => mutant.source))",
  )
  it.each(KINDS.map(([name, , mistakes], at) => [name, mistakes, found[at]] as const))(
    'of %s',
    (_, mistakes, sources) => expect(sources?.toSorted()).toEqual([...mistakes].toSorted()),
  )

  it('are sources, and not what was there', () => {
    const paths = ['packages/base', 'packages/heartbeat', 'packages/protocol/src/frame.ts']
    const mutants = elsewhere<(Pick<Mutant, 'file' | 'before' | 'after'> & { parses: boolean })[]>(
      [TREE, paths],
      `given[1].flatMap((path) => mutantsIn(given[0], path)).map(({ file, before, after, source }) =>
        ({ file, before, after, parses: parses(source) }))`,
    )
    expect(mutants.length).toBeGreaterThan(300)
    expect(mutants.filter(({ parses, before, after }) => !parses || before === after)).toEqual([])
    expect(mutants.filter(({ file }) => /\.test\.ts|fixture\.ts/.test(file))).toEqual([])
  })

  it('are chosen by a seed, and of every site one before any second', () => {
    const [all, ...chosen] = elsewhere<Mutant[][]>(
      'const x = 5\nconst y = 7\nconst z = a < b',
      "[mutantsOf('a.ts', given), ...[3, 3, 4].map((seed) => shuffled(mutantsOf('a.ts', given), seededRandom(seed)))]",
    )
    expect(chosen[1]).toEqual(chosen[0])
    expect(chosen[2]).not.toEqual(chosen[0])
    for (const order of chosen) {
      expect(new Set(order.slice(0, 3).map(({ line }) => line)).size).toBe(3)
      expect(new Set(order.map(({ source }) => source))).toEqual(new Set(all?.map(({ source }) => source)))
      expect(order).toHaveLength(all?.length ?? 0)
    }
  })
})

it('the nearest tests are asked first, and recorded text never', () => {
  const imports = new Map([
    ['packages/a/src/index.ts', ['packages/a/src/a.ts']],
    ['packages/a/src/a.test.ts', ['packages/a/src/a.ts']],
    ['agent/b.ts', ['packages/a/src/index.ts']],
    ['agent/b.test.ts', ['agent/b.ts']],
    ['agent/c.test.ts', []],
    ['test/sim/d.test.ts', ['agent/b.ts']],
    ['test/cases/e.test.ts', ['agent/b.ts']],
  ])
  expect(stagesFor('packages/a/src/a.ts', 'packages/a/src', imports)).toEqual([
    { name: 'own tests', files: ['packages/a/src/a.test.ts'] },
    { name: 'other tests', files: ['agent/b.test.ts'] },
    { name: 'simulation', files: ['test/sim/d.test.ts'] },
  ])
})

describe('the judge', () => {
  const PRODUCT = 'packages/tiny/src/tiny.ts'
  const TEXT = `export const count = (): number => {
  let at = 0
  while (at < 3) at += 1
  return at
}
export const unseen = 7
`
  const RED = 'packages/tiny/src/red.ts'
  const FILES = {
    'package.json': '{ "type": "module" }',
    [PRODUCT]: TEXT,
    [RED]: 'export const red = 1\n',
    'packages/tiny/src/tiny.test.ts': `import { expect, it } from 'vitest'
import { count } from './tiny.ts'
it('counts', () => expect(count()).toBe(3))
`,
    'packages/tiny/src/red.test.ts': `import { expect, it } from 'vitest'
import { red } from './red.ts'
it('is red', () => expect(red).toBe(2))
`,
    'packages/other/src/other.test.ts': `import { expect, it } from 'vitest'
import { count } from '../../tiny/src/tiny.ts'
it('is red elsewhere', () => expect(count()).toBe(4))
`,
  }
  let tree = ''
  beforeAll(() => {
    tree = mkdtempSync(join(tmpdir(), 'lvsm-tiny-'))
    symlinkSync(join(TREE, 'node_modules'), join(tree, 'node_modules'))
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(join(tree, dirname(path)), { recursive: true })
      writeFileSync(join(tree, path), text)
    }
  })
  afterAll(() => rmSync(tree, { recursive: true, force: true }))
  const roomOf = (): string => 'packages/tiny/src'
  const planted = (...afters: string[]): Mutant[] =>
    elsewhere<Mutant[]>([tree, PRODUCT], 'mutantsIn(...given)').filter(({ after }) => afters.includes(after))

  it('reports who lives, and not who is caught or hangs; refuses where the tests are red', {
    timeout: 60_000,
  }, async () => {
    const judge = new Judge(tree, roomOf, 0, { times: 5, leastMs: 1500 })
    const lines: string[] = []
    try {
      expect(await judge.baseline(['packages/tiny/src/lonely.ts'])).toBe('no test reaches these files')
      expect(await judge.baseline([PRODUCT, RED])).toBe('own tests: is red')
      expect(await judge.baseline([PRODUCT])).toBeNull()
      expect(judge.leftOut).toEqual(['packages/other/src/other.test.ts'])
      const mutants = planted('while (at < 4) at += 1', 'while (at < 3) at -= 1', 'export const unseen = 8')
      expect(mutants).toHaveLength(3)
      await attack({
        mutants,
        judge: (mutant) => judge.judge(mutant),
        roomOf,
        print: (line) => lines.push(line),
        verbose: false,
      })
    } finally {
      judge.close()
    }
    expect(lines).toEqual([
      `alive: ${PRODUCT}:6\n  - export const unseen = 7\n  + export const unseen = 8`,
      'packages/tiny/src: 3 planted, 2 caught (67 %; own tests 2), 1 alive',
    ])
  })
})
