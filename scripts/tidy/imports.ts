/** What a module imports and exports of others, and what follows: circles at run time, and rooms that pass on what is not theirs. */
import { posix } from 'node:path'
import type { Source } from '../mutants/syntax.ts'
import type { Finding, Found } from './laws.ts'
import { roomOf } from './rooms.ts'

const MODULE = /^(ImportDeclaration|ExportNamedDeclaration|ExportAllDeclaration)$/

export interface Edge {
  /** As it is written; undefined: an export of what the module has. */
  readonly from: string | undefined
  readonly line: number
  /** Gone at run time. */
  readonly type: boolean
  readonly exports: boolean
  /** Local names: of an import, what it brings; of an export without a source, what it gives. */
  readonly names: readonly string[]
}

export function edgesOf(source: Source): Edge[] {
  return [...source.nodes(({ type }) => type !== 'Module' && !MODULE.test(type))]
    .filter(({ type }) => MODULE.test(type))
    .map((node) => ({
      from: node.child('source')?.text.slice(1, -1),
      line: source.lineOf(node.place.start),
      type: node.field('typeOnly') === true,
      exports: node.type !== 'ImportDeclaration',
      names: node.children('specifiers').flatMap((one) => (one.child('local') ?? one.child('orig'))?.text ?? []),
    }))
}

/** The file in the tree; undefined: somebody else's. */
export function fileOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier)
  return specifier.startsWith('@lvsm/') ? `packages/${specifier.slice('@lvsm/'.length)}/src/index.ts` : undefined
}

/** Who needs another room's things imports them from there: else nobody sees who depends on whom. */
export function passedOn(file: string, edges: readonly Edge[]): Found[] {
  const room = roomOf(file)
  if (!room) return []
  const isForeign = (specifier: string | undefined): boolean => {
    if (specifier === undefined) return false
    const target = fileOf(file, specifier)
    return target === undefined || roomOf(target)?.path !== room.path
  }
  const foreign = new Set(
    edges.filter(({ exports, from }) => !exports && isForeign(from)).flatMap(({ names }) => names),
  )
  return edges
    .filter(
      ({ exports, from, names }) =>
        exports && (from === undefined ? names.some((name) => foreign.has(name)) : isForeign(from)),
    )
    .map(({ line, from }) => ({
      line,
      message: `${room.path} passes on ${from ?? 'what it imported'}: who needs it imports it from there`,
    }))
}

/** Modules that need each other before any of them has run; types do not count, they are gone by then. */
export function circles(modules: ReadonlyMap<string, readonly Edge[]>): Finding[] {
  const needs = new Map(
    [...modules].map(([file, edges]) => [
      file,
      edges.flatMap(({ from, type }) => (from === undefined || type ? [] : (fileOf(file, from) ?? []))),
    ]),
  )
  const findings: Finding[] = []
  const reported = new Set<string>()
  for (const file of needs.keys()) {
    const way = reported.has(file) ? null : wayBack(file, needs)
    if (!way) continue
    for (const one of way) reported.add(one)
    const message = `a circle of imports at run time: ${[...way, file].join(' → ')}`
    findings.push({ law: 'no-circle', file, line: 1, message })
  }
  return findings
}

/** The shortest way from a module to itself. */
function wayBack(file: string, needs: ReadonlyMap<string, readonly string[]>): string[] | null {
  const cameFrom = new Map<string, string>()
  const queue = [file]
  for (const one of queue) {
    for (const next of needs.get(one) ?? []) {
      if (next === file) return trail(one, file, cameFrom)
      if (cameFrom.has(next)) continue
      cameFrom.set(next, one)
      queue.push(next)
    }
  }
  return null
}

function trail(last: string, first: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [last]
  for (let one = last; one !== first; ) {
    one = cameFrom.get(one) ?? first
    way.unshift(one)
  }
  return way
}
