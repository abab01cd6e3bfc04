import { describe, expect, it } from 'vitest'
import { uncited } from './cited.ts'

/** Documents of this test are no documents of the tree. */
const LAW = ['LAW', 'md'].join('.')
const GONE = ['GONE', 'md'].join('.')
const DOCUMENT = [
  '# Law',
  '## 1. Shape',
  'of things',
  '## 4. Holder',
  '4.1 **Time** runs.',
  '| row | finding |',
  '|---|---|',
  ...[1, 2, 3, 5].map((row) => `| ${row} | something |`),
  '',
  '| at | what |',
  '| 7 | no row: the table is of something else |',
].join('\n')

const found = (file: string, text: string): string[] =>
  uncited(
    new Map([
      [`packages/lease/${LAW}`, DOCUMENT],
      ['packages/lease/src/holder.ts', ''],
      [file, text],
    ]),
  ).map(({ line, message }) => `${line}: ${message}`)

const HERE = 'packages/lease/src/rules.ts'

describe('a cited document', () => {
  it.each([
    [HERE, `/** As written (${LAW}, section 4; kernel: ip-sysctl). */`],
    [HERE, `// ${LAW} 4.1`],
    [HERE, `// ${LAW}, rows 1 to 3 and 5`],
    [HERE, `// ${LAW}, row 5 and section 1`],
    [HERE, `/**\n * One (${LAW}\n * 4.1, 4).\n */`],
    [HERE, `const clause = 'packages/lease/${LAW} 4.1'`],
    [HERE, `const made = \`\${folder}/${GONE}\``],
    [HERE, `// https://example.org/${GONE}`],
    ['agent/lease/core/core.ts', `// packages/lease/${LAW}, row 2`],
    [`packages/lease/README.md`, `[the law](${LAW}), [its section](./${LAW}#4-holder) and [code](src/holder.ts)`],
    ['README.md', `[packages](packages/lease) and [the web](https://example.org/x)`],
  ])('is there: %s: %s', (file, text) => expect(found(file, text)).toEqual([]))

  it.each([
    [HERE, `const a = 1\n// ${GONE}`, `2: ${GONE} is not in the tree`],
    [HERE, `const why = 'see ${GONE}'`, `1: ${GONE} is not in the tree`],
    ['agent/lease/core/core.ts', `// ${LAW}, row 2`, `1: ${LAW} is not in the tree`],
    ['test/sim/law.test.ts', `// docs/${LAW}`, `1: docs/${LAW} is not in the tree`],
    [HERE, `// ${LAW}, section 9`, `1: packages/lease/${LAW} has no section 9`],
    [HERE, `// ${LAW} 4.2`, `1: packages/lease/${LAW} has no section 4.2`],
    [HERE, `// ${LAW}, rows 2 to 4`, `1: packages/lease/${LAW} has no row 4`],
    [HERE, `// ${LAW}, row 7`, `1: packages/lease/${LAW} has no row 7`],
    [HERE, `/**\n * One (${LAW}\n * 4.1, 8).\n */`, `2: packages/lease/${LAW} has no section 8`],
    ['README.md', `\n[the law](${LAW})`, `2: ${LAW} is not in the tree from here`],
    ['packages/lease/README.md', '[code](src/gone.ts)', '1: src/gone.ts is not in the tree from here'],
    ['packages/lease/README.md', `[the law](${LAW}) 4.2`, `1: packages/lease/${LAW} has no section 4.2`],
  ])('is not there: %s: %s', (file, text, message) => expect(found(file, text)).toEqual([message]))
})
