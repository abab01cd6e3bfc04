/** Every mistake of one edit that can be planted in some files, and a fair choice of them. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@lvsm/base'
import { EDITS, type Edit } from './edits.ts'
import { type Node, Source } from './syntax.ts'

export interface Mutant {
  /** From the root of the tree. */
  readonly file: string
  readonly line: number
  readonly before: string
  readonly after: string
  /** The whole file with the mistake in it. */
  readonly source: string
  /** Mutants of one site change the same piece of text. */
  readonly site: string
}

/** Tests and what only serves them are no product; an invariant that is gone shows nothing while it holds. */
const PRODUCT = /(?<!\.test|\/fixture)\.ts$/
const isInvariant = (node: Node): boolean =>
  node.type === 'CallExpression' && node.child('callee')?.text === 'invariant'

/** `source`: the text of `file`. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = new Source(text)
  const edits = [...source.nodes(isInvariant)].flatMap((node) => EDITS[node.type]?.(node) ?? [])
  return edits.map((edit) => {
    const changed = spliced(source.bytes, edit)
    return {
      file,
      line: source.lineOf(edit.start),
      ...shown(source.bytes, edit),
      source: changed,
      site: `${file}:${edit.start}:${edit.end}`,
    }
  })
}

const spliced = (bytes: Buffer, { start, end, text }: Edit): string =>
  Buffer.concat([bytes.subarray(0, start), Buffer.from(text), bytes.subarray(end)]).toString()

const squeezed = (text: string): string => text.replace(/\s+/g, ' ')
const AROUND = 50
const WIDEST = 80

/** The edit in its line; what is far from it is left out. */
function shown(bytes: Buffer, edit: Edit): { before: string; after: string } {
  const start = bytes.lastIndexOf('\n', edit.start - 1) + 1
  const newline = bytes.indexOf('\n', edit.end)
  const head = squeezed(bytes.toString('utf8', start, edit.start)).trimStart()
  const tail = squeezed(bytes.toString('utf8', edit.end, newline < 0 ? bytes.length : newline)).trimEnd()
  const within = (text: string): string => {
    const middle = squeezed(text)
    const clipped = middle.length > WIDEST ? `${middle.slice(0, WIDEST)}…` : middle
    return `${head.length > AROUND ? `…${head.slice(-AROUND)}` : head}${clipped}${tail.length > AROUND ? `${tail.slice(0, AROUND)}…` : tail}`
  }
  return { before: within(bytes.toString('utf8', edit.start, edit.end)), after: within(edit.text) }
}

/** All in random order, and one of each site before the second of any. */
export function shuffled(mutants: readonly Mutant[], random: Random): Mutant[] {
  const seen = new Map<string, number>()
  return mutants
    .map((mutant) => ({ mutant, lot: random.next() }))
    .toSorted((a, b) => a.lot - b.lot)
    .map(({ mutant }) => {
      const turn = seen.get(mutant.site) ?? 0
      seen.set(mutant.site, turn + 1)
      return { mutant, turn }
    })
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ mutant }) => mutant)
}

/** `wanted`: a folder or a file of the tree; `packages/plan/src/diff.ts:57` is one line. */
export function mutantsIn(root: string, wanted: string): Mutant[] {
  const [path = '', line] = wanted.split(':')
  const whole = join(root, path)
  const files = statSync(whole).isFile()
    ? [path]
    : readdirSync(whole, { recursive: true, encoding: 'utf8' })
        .map((name) => join(path, name))
        .filter((name) => PRODUCT.test(name) && !name.includes('node_modules'))
        .toSorted()
  return files
    .flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')))
    .filter((mutant) => line === undefined || mutant.line === Number(line))
}
