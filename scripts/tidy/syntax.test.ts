/** The laws that need a parser find what they should, and nothing else. */
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const CODE = `
import { readFileSync } from 'node:fs'
import { inspectSyntax } from './syntax.ts'
const found = (files) => inspectSyntax(new Map(Object.entries(files))).map(({ law, file, line, message }) => law + ': ' + file + ':' + line + ': ' + message)
console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(found)))
`
/** Files and their texts. */
type Tree = Readonly<Record<string, string>>
/** In a process of its own: swc ends one in which several threads have loaded it. */
function answers(questions: readonly Tree[]): string[][] {
  const argv = ['--input-type=module', '--eval', CODE]
  const options = { cwd: import.meta.dirname, input: JSON.stringify(questions), encoding: 'utf8' } as const
  return JSON.parse(execFileSync(process.execPath, argv, options)) as string[][]
}

const FILE = 'packages/plan/src/a.ts'
const lines = (count: number): string => '  call()\n'.repeat(count)
/** So many lines, the first and the last included. */
const long = (head: string, count: number, tail = '}'): string => `${head}\n${lines(count - 2)}${tail}\n`
const tree = (text: string, file = FILE): Tree => ({ [file]: text })
const finding = (law: string, line: number, message: string): string[] => [`${law}: ${FILE}:${line}: ${message}`]
const CAST = 'parsed JSON is asserted to be a type: read it with a schema, or check it field by field'

const ROWS: readonly [name: string, question: Tree, findings: readonly string[]][] = [
  ['a function of 60 lines', tree(long('export function f() {', 60)), []],
  [
    'of 61',
    tree(long('export function f() {', 61)),
    finding('short-function', 1, 'f has 61 lines, at most 60: split it'),
  ],
  [
    'an arrow function',
    tree(long('\nconst f = () => {', 61)),
    finding('short-function', 2, 'a function has 61 lines, at most 60: split it'),
  ],
  [
    'a method',
    tree(`class A {\n${long('  grow() {', 61, '  }')}}`),
    finding('short-function', 2, 'grow has 61 lines, at most 60: split it'),
  ],
  [
    'closures count',
    tree(`function outer() {\n${long('  const inner = () => {', 59, '  }')}}`),
    finding('short-function', 1, 'outer has 61 lines, at most 60: split it'),
  ],
  ['a test may be long', tree(long('function f() {', 90), 'packages/plan/src/a.test.ts'), []],
  ['a cast of JSON', tree('const a = JSON.parse(text) as Plan'), finding('checked-json', 1, CAST)],
  ['in parentheses', tree('f((JSON.parse(text)!) as Plan)'), finding('checked-json', 1, CAST)],
  ['twice', tree('const a = JSON.parse(text) as unknown as Plan'), finding('checked-json', 1, CAST)],
  ['a declared variable', tree('const a: Plan = JSON.parse(text)'), finding('checked-json', 1, CAST)],
  ['in two steps', tree('const a = JSON.parse(text)\nf(a as Plan)'), finding('checked-json', 2, CAST)],
  ['unknown', tree('const a: unknown = JSON.parse(text)\nconst b = JSON.parse(text) as unknown'), []],
  ['a reader', tree('const a = read(JSON.parse(text))\nconst b = value as Plan'), []],
  ['in a test', tree('const a = JSON.parse(text) as Plan', 'scripts/a.test.ts'), []],
  ["a room's own files", tree("export * from './diff.ts'\nexport { a } from '../src/b.ts'\nexport const c = 1"), []],
  [
    'what is of another room',
    tree("export { a } from '@lvsm/base'"),
    finding('own-exports', 1, 'packages/plan/src passes on @lvsm/base: who needs it imports it from there'),
  ],
  [
    'its types',
    tree("\nexport type { A } from '../../model/src/index.ts'"),
    finding(
      'own-exports',
      2,
      'packages/plan/src passes on ../../model/src/index.ts: who needs it imports it from there',
    ),
  ],
  [
    'all of it',
    tree("export * from 'zod'"),
    finding('own-exports', 1, 'packages/plan/src passes on zod: who needs it imports it from there'),
  ],
  [
    'by a detour',
    tree("import { a } from '@lvsm/base'\nexport { a }"),
    finding('own-exports', 2, 'packages/plan/src passes on what it imported: who needs it imports it from there'),
  ],
  ['scripts are no room', tree("export { a } from '@lvsm/base'", 'scripts/a.ts'), []],
  [
    'a circle',
    {
      'agent/a.ts': "import { b } from './b.ts'",
      'agent/b.ts': "export { c } from './c.ts'",
      'agent/c.ts': "import './a.ts'",
      'agent/d.ts': "import './a.ts'",
    },
    ['no-circle: agent/a.ts:1: a circle of imports at run time: agent/a.ts → agent/b.ts → agent/c.ts → agent/a.ts'],
  ],
  [
    'over packages',
    {
      'packages/a/src/index.ts': "import { b } from '@lvsm/b'",
      'packages/b/src/index.ts': "import { a } from '../../a/src/index.ts'",
    },
    [
      'no-circle: packages/a/src/index.ts:1: a circle of imports at run time: packages/a/src/index.ts → packages/b/src/index.ts → packages/a/src/index.ts',
    ],
  ],
  ['of types', { 'agent/a.ts': "import type { b } from './b.ts'", 'agent/b.ts': "import { a } from './a.ts'" }, []],
]

describe('the laws over the syntax', () => {
  const said = answers(ROWS.map(([, question]) => question))
  it.each(ROWS.map(([name, , findings], index) => [name, said[index], findings] as const))(
    '%s',
    (_name, found, findings) => expect(found).toEqual(findings),
  )
})
