/**
 * Documents that are cited: each is in the tree, with the section that is named. A citation is a path that ends in `.md`,
 * from the file's own folder or one above it, perhaps with sections (4.2; section 3) or rows of a table (rows 1 to 4).
 */
import { posix } from 'node:path'
import { lineOf } from './code.ts'
import type { Finding } from './laws.ts'

/** Path → text, of the whole tree. */
export type Texts = ReadonlyMap<string, string>

const CITING = /\.(tsx?|mjs|md)$/
const NAMED = /(?<![\w/:}$*.~-])(?:\.{1,2}\/)*[A-Za-z0-9_-][\w./-]*\.md\b/g
const LINK = /\[([^\]]*)\]\(([^()\s]+)\)/g
const NUMBER = String.raw`\d+(?:\.\d+)*`
const LIST = String.raw`${NUMBER}(?:(?:, and | and |, | to )${NUMBER})*`
/** What follows a name: the kind is optional before a number with a dot. */
const PLACES = new RegExp(
  String.raw`^[\x60'"]?(?:,| and)? (?:(sections?|rows?) (${LIST})|(\d+\.\d+(?:(?:, and | and |, | to )${NUMBER})*))`,
)

interface Citation {
  readonly name: string
  readonly at: number
  /** A link of Markdown counts from the file's folder alone. */
  readonly link: boolean
}

export function uncited(texts: Texts): Finding[] {
  return [...texts].filter(([file]) => CITING.test(file)).flatMap(([file, text]) => faultsIn(file, text, texts))
}

function faultsIn(file: string, text: string, texts: Texts): Finding[] {
  const finding = (at: number, message: string): Finding => ({ law: 'cited', file, line: lineOf(text, at), message })
  return citations(file, text).flatMap(({ name, at, link }) => {
    const path = link ? fromFolder(file, name) : found(file, name, texts)
    const there = path !== undefined && isThere(path, texts)
    if (!there) return [finding(at, `${name} is not in the tree${link ? ' from here' : ''}`)]
    const document = texts.get(path)
    if (document === undefined) return []
    return placesAfter(text, at, name)
      .filter((place) => !placesOf(document).has(place))
      .map((place) => finding(at, `${path} has no ${place}`))
  })
}

function citations(file: string, text: string): Citation[] {
  const links = file.endsWith('.md') ? [...text.matchAll(LINK)] : []
  const targets = links
    .map((match) => ({ match, name: (match[2] ?? '').split('#')[0] ?? '' }))
    .filter(({ name }) => name !== '' && !/^[a-z]+:/.test(name))
    .map(({ match, name }) => ({ name, at: match.index + match[0].indexOf('](') + 2, link: true }))
  const within = (at: number): boolean => links.some(({ index, 0: whole }) => at >= index && at < index + whole.length)
  const names = [...text.matchAll(NAMED)]
    .filter(({ index }) => !within(index))
    .map((match) => ({ name: match[0], at: match.index, link: false }))
  return [...targets, ...names]
}

const fromFolder = (file: string, name: string): string => posix.join(posix.dirname(file), name)

/** The nearest of the file's folder and those above it. */
function found(file: string, name: string, texts: Texts): string | undefined {
  for (let folder = posix.dirname(file); ; folder = posix.dirname(folder)) {
    const path = posix.join(folder, name)
    if (texts.has(path)) return path
    if (folder === '.') return undefined
  }
}

/** A folder is there when a file of it is. */
const isThere = (path: string, texts: Texts): boolean =>
  texts.has(path) || [...texts.keys()].some((known) => known.startsWith(`${posix.join(path)}/`))

/** `section 3`, `row 5`: what is named right after a citation, over the end of a comment's line too. */
function placesAfter(text: string, at: number, name: string): string[] {
  let rest = text
    .slice(at + name.length, at + name.length + 200)
    .replace(/^\)/, '')
    .replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ')
  const places: string[] = []
  for (let match = PLACES.exec(rest); match; match = PLACES.exec(rest)) {
    const kind = match[1]?.startsWith('row') ? 'row' : 'section'
    places.push(...expanded(match[2] ?? match[3] ?? '').map((number) => `${kind} ${number}`))
    rest = rest.slice(match[0].length)
  }
  return places
}

/** `1 to 4, 11` → 1, 2, 3, 4, 11. */
const expanded = (list: string): string[] =>
  list.split(/, and | and |, /).flatMap((part) => {
    const [first = '', last] = part.split(' to ')
    if (last === undefined || first.includes('.') || last.includes('.'))
      return last === undefined ? [first] : [first, last]
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => String(Number(first) + index))
  })

/** Numbered headings and paragraphs are sections; rows are those of tables whose first column is called `row`. */
function placesOf(document: string): ReadonlySet<string> {
  const places = new Set<string>()
  let rows = false
  for (const line of document.split('\n')) {
    if (line.startsWith('| row |')) rows = true
    else if (!line.startsWith('|')) rows = false
    const row = rows ? /^\| (\d+) \|/.exec(line) : null
    const section = /^(?:#+ (\d+(?:\.\d+)*)\.? |(\d+\.\d+) \*\*)/.exec(line)
    if (row) places.add(`row ${row[1]}`)
    if (section) places.add(`section ${section[1] ?? section[2]}`)
  }
  return places
}
