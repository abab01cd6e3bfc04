/** Entries of the log: what is not understood is refused, and never read as something else. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { CONFIG_COMMANDS } from './command.ts'
import { decodeEntry, encodeEntry, type Entry, ENTRIES, ENTRY_VERSION } from './entry.ts'

const change: Extract<Entry, { kind: 'change' }> = {
  kind: 'change',
  author: 'alice',
  at: 1000,
  comment: 'more for rs1',
  base: 7,
  command: {
    model: 1,
    verb: 'set',
    noun: 'server',
    which: { service: 'http', server: 'rs1' },
    values: { weight: 5, gateway: null },
  },
}
const drain: Extract<Entry, { kind: 'intent' }> = {
  kind: 'intent',
  author: 'bob',
  at: 2000,
  command: {
    model: 1,
    verb: 'drain',
    subject: { kind: 'server', node: 'rs1', service: null },
    forMs: 60_000,
    comment: '',
  },
}
const SAMPLES: readonly Entry[] = [
  change,
  drain,
  { kind: 'expire', at: 3000 },
  {
    kind: 'token',
    author: 'alice',
    at: 3000,
    id: '0123abcd',
    digest: 'ab'.repeat(32),
    uses: 2,
    until: 9000,
    node: null,
    roles: ['realserver'],
  },
  { kind: 'voters', author: 'lvsm', at: 3000, epoch: 2, add: 'dir2', remove: null },
  { kind: 'heartbeat-key', at: 3000, name: 'rs1', public: 'ab'.repeat(32), lost: false },
  { kind: 'heartbeat-step', at: 3000, ring: 2 },
  { kind: 'revoke', author: 'alice', at: 3000, id: '0123abcd' },
  { kind: 'finalize', author: 'alice', at: 3000, version: 2 },
  {
    kind: 'enrol',
    at: 4000,
    id: '0123abcd',
    digest: 'ab'.repeat(32),
    name: 'rs9',
    key: 'cd'.repeat(32),
    node: { roles: ['realserver'] },
    model: 1,
  },
  { kind: 'user-add', author: 'root', at: 1, name: 'alice', role: 'admin' },
  {
    kind: 'user-set',
    author: 'root',
    at: 1,
    name: 'alice',
    role: 'viewer',
    password: { scheme: 'scrypt', n: 16, r: 1, p: 1, salt: 'ab'.repeat(16), hash: 'cd'.repeat(32) },
  },
  { kind: 'user-remove', author: 'root', at: 1, name: 'alice' },
  {
    kind: 'api-token',
    author: 'root',
    at: 1,
    id: '0123abcd',
    name: 'ci',
    role: 'operator',
    digest: 'ab'.repeat(32),
    until: null,
  },
  { kind: 'api-token-remove', author: 'root', at: 1, id: '0123abcd' },
  { kind: 'coordinator-address', at: 1, id: 3, addresses: [{ host: '10.12.0.3', port: 7446 }], key: 'ab'.repeat(32) },
  { ...change, base: null, command: { model: 1, verb: 'rollback', revision: 3 } },
  { ...change, command: { model: 1, verb: 'apply', file: { cluster: 'la"[[b', nodes: [null, true, 1.5, '{\\', {}] } } },
  { ...change, command: { model: 1, verb: 'remove', noun: 'pool', which: { pool: 'web' } } },
]
const edited = (entry: object, more: object): string =>
  JSON.stringify({ v: ENTRY_VERSION, least: 1, ...entry, ...more })

describe('an entry', () => {
  it.each(SAMPLES.map((entry) => [JSON.stringify(entry).slice(0, 60), entry] as const))('%s… comes back', (_, entry) =>
    expect(decodeEntry(encodeEntry(entry))).toEqual({ ok: true, entry }),
  )
  it.each<[string, string, string]>([
    ['of a later kind', edited({ kind: 'tomorrow', model: 2 }, {}), 'unknown-kind'],
    ['with a later verb', edited(change, { command: { model: 2, verb: 'rename' } }), 'unknown-kind'],
    ['for newer readers', edited(change, { least: ENTRY_VERSION + 1 }), 'newer'],
    ['with a field more, which may not be skipped', edited(change, { lately: 1 }), 'newer'],
    ['with a field more inside', edited(drain, { command: { ...drain.command, lately: 1 } }), 'newer'],
    ['without a field', edited(change, { base: undefined }), 'malformed'],
    ['of another noun', edited(change, { command: { ...change.command, noun: 'users' } }), 'malformed'],
    ['of a name without end', edited(change, { author: 'x'.repeat(101) }), 'malformed'],
    [
      'of no address',
      edited({ kind: 'coordinator-address', at: 1, id: 3, addresses: [], key: 'ab'.repeat(32) }, {}),
      'malformed',
    ],
    ['of a time that is none', edited({ kind: 'expire', at: -1 }, {}), 'malformed'],
    ['that is a list', '[]', 'malformed'],
    ['that is no JSON', '{', 'malformed'],
    ['of nothing', '', 'malformed'],
    [
      'of 100,000 brackets',
      `{"kind":"change","command":{"verb":"apply","file":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      'malformed',
    ],
    ['of a text without end', `"${'x'.repeat(5 << 20)}"`, 'malformed'],
    ['of what every object has', edited({ kind: 'constructor' }, {}), 'unknown-kind'],
  ])('%s is refused', (_, text, reason) => expect(decodeEntry(text)).toEqual({ ok: false, reason }))
})

test('no text makes the reader throw, and what it reads it would write', () => {
  const mutants = fc.tuple(
    fc.constantFrom(...SAMPLES.map(encodeEntry)),
    fc.nat(400),
    fc.string({ maxLength: 5 }),
    fc.nat(9),
  )
  fc.assert(
    fc.property(mutants, ([text, at, put, over]) => {
      const read = decodeEntry(text.slice(0, at) + put + text.slice(at + over))
      if (read.ok) expect(decodeEntry(encodeEntry(read.entry))).toEqual(read)
    }),
    { numRuns: 3000 },
  )
})
test('every kind and verb has a sample here', () => {
  expect(new Set(SAMPLES.map(({ kind }) => kind))).toEqual(new Set(Object.keys(ENTRIES)))
  const verbs = SAMPLES.flatMap((entry) => (entry.kind === 'change' ? [entry.command.verb] : []))
  expect(Object.keys(CONFIG_COMMANDS).filter((verb) => verb !== 'add' && !verbs.some((one) => one === verb))).toEqual(
    [],
  )
})
