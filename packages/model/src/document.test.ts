/** A document as programs write it is read as JSON: to the same values and places as the YAML that it is too. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Path, readDocument } from './document.ts'
import { documentText } from './own-document.ts'

const HEAD = '# who wrote it\n# and when\n'
/** The comment at its end makes it YAML alone. */
const asYaml = (text: string) => readDocument(`${text}# a person was here\n`)

const at = (value: unknown, [part, ...rest]: Path): unknown =>
  part === undefined ? value : at((value as Record<string | number, unknown>)[part], rest)
const pathsOf = (value: unknown): Path[] => [
  [],
  ...(Array.isArray(value) ? [...value.entries()] : Object.entries(value ?? {})).flatMap(([part, child]) =>
    typeof value === 'string' ? [] : pathsOf(child).map((path): Path => [part, ...path]),
  ),
]

test('any document is the same by both', () =>
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (document) => {
      const text = `${HEAD}${documentText(document)}`
      const [own, yaml] = [readDocument(text), asYaml(text)]
      expect(own.refusals).toEqual([])
      if (yaml.refusals.length === 0) expect(own.data).toEqual(yaml.data)
      for (const path of pathsOf(document)) {
        expect(own.place(path), path.join('.')).toEqual(yaml.place(path))
        for (const key of ['absent', ...Object.keys(at(document, path) ?? {})])
          expect(own.place(path, key), `${path.join('.')} ${key}`).toEqual(yaml.place(path, key))
      }
    }),
    { numRuns: 500 },
  ))

test.each([
  ['a key twice', '{\n "a": 1,\n "a": 2\n}\n', 'duplicate-key'],
  ['a number that begins with 0', '{\n "a": 080\n}\n', 'bad-number'],
])('what JSON reads in silence, or not at all, is refused as in any file: %s', (_, text, code) => {
  expect(readDocument(text).refusals).toMatchObject([{ code }])
})

test('what is too deep is refused, in either way of writing', () => {
  let deep: unknown = 1
  for (let level = 0; level < 70; level++) deep = { a: deep }
  for (const text of [documentText(deep), JSON.stringify(deep)]) expect(readDocument(text).refusals).toHaveLength(1)
})
