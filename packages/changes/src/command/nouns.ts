/** What can be added, set and removed, and where it stands in the file. */
import { harmless } from '@lvsm/model'
import type { Noun } from '@lvsm/protocol'
import { hostOf, SECTIONS } from '../document/sections.ts'
import { nodeOfServer, placeOfServer } from '../document/server-ref.ts'
import type { Tree } from '../document/tree.ts'
import type { Which } from './command.ts'

/** One step into the file: a mapping by its key, or an entry of a list by its name. */
export type Step = { readonly key: string } | { readonly section: string; readonly name: string }

interface Row {
  readonly title: string
  /** What says which one; of the words in one string one is needed. */
  readonly which: readonly string[]
  readonly steps: (which: Which) => readonly Step[]
  /** Keys that `set` does not change: they say which one it is, or have a noun of their own. */
  readonly fixed: readonly string[]
  /** What its name says of a new entry. */
  readonly begin: (which: Which) => Tree
  readonly verbs: readonly ('add' | 'set' | 'remove')[]
}

const ALL = ['add', 'set', 'remove'] as const
const of = (which: Which, word: string): string => which[word] ?? ''
const entry = (section: string, name: string): Step => ({ section, name })
const begin = (word: string) => (which: Which) => ({ name: of(which, word) })

const floating = (title: string, word: string, section: string): Row => ({
  title,
  which: ['group', word],
  steps: (which) => [entry('groups', of(which, 'group')), entry(section, hostOf(of(which, word)))],
  fixed: [],
  begin: (which) => ({ address: of(which, word) }),
  verbs: ALL,
})

const listOf = (which: Which): Step =>
  which['pool'] === undefined ? entry('services', of(which, 'service')) : entry('pools', of(which, 'pool'))

export const NOUNS: Readonly<Record<Noun, Row>> = {
  cluster: {
    title: 'the cluster',
    which: [],
    steps: () => [],
    fixed: ['cluster', 'revision', 'epoch', 'timing', 'keys', 'nodes', 'groups', 'pools', 'services', 'receivers'],
    begin: () => ({}),
    verbs: ['set'],
  },
  timing: {
    title: 'the timing',
    which: [],
    steps: () => [{ key: 'timing' }],
    fixed: [],
    begin: () => ({}),
    verbs: ['set', 'remove'],
  },
  key: {
    title: 'key',
    which: ['key'],
    steps: (which) => [entry('keys', of(which, 'key'))],
    fixed: ['id'],
    begin: (which) => ({ id: Number(of(which, 'key')) }),
    verbs: ALL,
  },
  node: {
    title: 'node',
    which: ['node'],
    steps: (which) => [entry('nodes', of(which, 'node'))],
    fixed: ['name'],
    begin: begin('node'),
    verbs: ALL,
  },
  link: {
    title: 'link',
    which: ['node', 'link'],
    steps: (which) => [entry('nodes', of(which, 'node')), entry('links', of(which, 'link'))],
    fixed: ['name'],
    begin: begin('link'),
    verbs: ALL,
  },
  group: {
    title: 'group',
    which: ['group'],
    steps: (which) => [entry('groups', of(which, 'group'))],
    fixed: ['name'],
    begin: begin('group'),
    verbs: ALL,
  },
  vip: floating('VIP', 'vip', 'vips'),
  gateway: floating('gateway', 'gateway', 'gateways'),
  pool: {
    title: 'pool',
    which: ['pool'],
    steps: (which) => [entry('pools', of(which, 'pool'))],
    fixed: ['name'],
    begin: begin('pool'),
    verbs: ALL,
  },
  service: {
    title: 'service',
    which: ['service'],
    steps: (which) => [entry('services', of(which, 'service'))],
    fixed: ['name'],
    begin: begin('service'),
    verbs: ALL,
  },
  check: {
    title: 'the check',
    which: ['service'],
    steps: (which) => [entry('services', of(which, 'service')), { key: 'check' }],
    fixed: [],
    begin: () => ({}),
    verbs: ['set', 'remove'],
  },
  server: {
    title: 'server',
    which: ['service or pool', 'server'],
    steps: (which) => [listOf(which), entry('realservers', of(which, 'server'))],
    fixed: ['node'],
    begin: (which) => ({ node: nodeOfServer(of(which, 'server')), ...placeOfServer(of(which, 'server')) }),
    verbs: ALL,
  },
  override: {
    title: 'override',
    which: ['service', 'server'],
    steps: (which) => [entry('services', of(which, 'service')), entry('overrides', of(which, 'server'))],
    fixed: ['node'],
    begin: (which) => ({ node: of(which, 'server') }),
    verbs: ALL,
  },
  receiver: {
    title: 'receiver',
    which: ['receiver'],
    steps: (which) => [entry('receivers', of(which, 'receiver'))],
    fixed: ['name'],
    begin: begin('receiver'),
    verbs: ALL,
  },
}

/** One row, with columns of their general type; undefined for a noun that this version does not have. */
export const nounRow = (noun: string): Row | undefined => (Object.hasOwn(NOUNS, noun) ? NOUNS[noun as Noun] : undefined)

/** `server "rs1" of service "http"`. */
export function titleOf(noun: Noun, which: Which): string {
  const row = NOUNS[noun]
  const parts = row
    .steps(which)
    .map((step) =>
      'name' in step ? `${SECTIONS[step.section]?.title ?? step.section} "${harmless(step.name)}"` : row.title,
    )
  return parts.length === 0 ? row.title : parts.toReversed().join(' of ')
}
