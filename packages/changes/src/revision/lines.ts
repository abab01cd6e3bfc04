/** Differences for people: one line for each thing, with names. */
import { plainLine } from '@lvsm/base'
import type { Difference } from '@lvsm/protocol'
import { SECTIONS } from '../document/sections.ts'
import { isTree, type Tree } from '../document/tree.ts'

export interface Line {
  readonly kind: 'add' | 'remove' | 'change'
  readonly text: string
}

const SIGNS = { add: '+', remove: '-', change: '~' } as const

/** `~ service http, server rs1: weight 1 → 5` */
export const lineText = ({ kind, text }: Line): string => plainLine(`${SIGNS[kind]} ${text}`)

export const linesOf = (differences: readonly Difference[]): Line[] => differences.flatMap(linesOfOne)

/** `2 added, 1 changed, none removed` */
export function summaryOf(lines: readonly Pick<Line, 'kind'>[]): string {
  const count = (kind: Line['kind']): string => String(lines.filter((line) => line.kind === kind).length || 'none')
  return lines.length === 0
    ? 'no difference'
    : `${count('add')} added, ${count('change')} changed, ${count('remove')} removed`
}

function linesOfOne({ path, from, to }: Difference): Line[] {
  const { title, rest } = titled(path)
  // A whole thing that has a name: it with its parts.
  if (rest.length === 0 && isTree(to) && from === undefined) return linesOfThing('add', title, to, path.at(-2))
  if (rest.length === 0 && isTree(from) && to === undefined) return linesOfThing('remove', title, from, path.at(-2))
  const key = rest.join(' ')
  // A section, or the timing and a check, that was not there: its parts.
  const parts = isTree(to) && from === undefined ? to : isTree(from) && to === undefined ? from : null
  if (parts)
    return Object.entries(parts).flatMap(([name, value]) =>
      linesOfOne({ path: [...path, name], ...(from === undefined ? { to: value } : { from: value }) }),
    )
  const text = `${title === '' ? '' : `${title}: `}${key} ${valueText(from)} → ${valueText(to)}`
  return [{ kind: 'change', text }]
}

function linesOfThing(kind: 'add' | 'remove', title: string, thing: Tree, section: string | undefined): Line[] {
  const own = Object.entries(thing).filter(([key, value]) => !(isTree(value) && SECTIONS[key]))
  const said = own.map(([key, value]) => `${key} ${isTree(value) ? `(${fieldsText(value)})` : valueText(value)}`)
  const inner = Object.entries(thing).flatMap(([key, value]) => {
    const row = SECTIONS[key]
    return isTree(value) && row
      ? Object.entries(value).flatMap(([name, one]) =>
          linesOfThing(kind, `${title}, ${row.title} ${name}`, isTree(one) ? one : {}, key),
        )
      : []
  })
  const whole = section === undefined || said.length === 0 ? title : `${title}: ${said.join(', ')}`
  return [{ kind, text: whole }, ...inner]
}

/** The named things of a path in words, and what is left of it. */
function titled(path: readonly string[]): { readonly title: string; readonly rest: readonly string[] } {
  const words: string[] = []
  let at = 0
  while (at < path.length) {
    const row = SECTIONS[path[at] ?? '']
    const name = path[at + 1]
    if (!row || name === undefined) break
    words.push(`${row.title} ${name}`)
    at += 2
  }
  return { title: words.join(', '), rest: path.slice(at) }
}

const fieldsText = (tree: Tree): string =>
  Object.entries(tree)
    .map(([key, value]) => `${key} ${valueText(value)}`)
    .join(', ')

function valueText(value: unknown): string {
  if (value === undefined) return 'not set'
  if (Array.isArray(value)) return value.join(', ')
  return isTree(value) ? fieldsText(value) : String(value)
}
