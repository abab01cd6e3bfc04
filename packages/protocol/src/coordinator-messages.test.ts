import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type CoordinatorMessage,
  decodePeerMessage,
  decodeSnapshotWord,
  encodePeerMessage,
  LONGEST_PEER_MESSAGE,
} from './index.ts'

const HEAD = { from: 7, to: 9, store: 'a1', term: 3 } as const
const append: Extract<CoordinatorMessage, { kind: 'append-entries' }> = {
  kind: 'append-entries',
  ...HEAD,
  prevLogIndex: 4,
  prevLogTerm: 2,
  entries: [
    { kind: 'noop', index: 5, term: 3 },
    { kind: 'command', index: 6, term: 3, payload: '{"a":"\u0000\u{1f600}"}' },
  ],
  leaderCommit: 4,
}
const edited = (message: object, more: object): string => JSON.stringify({ v: 1, least: 1, ...message, ...more })
const entry = (more: object): object => ({ entries: [{ kind: 'noop', index: 5, term: 3, ...more }] })

describe('a message between coordinators', () => {
  it('comes back, the longest payload of the most costly characters too', () => {
    const costly = '\u0000'.repeat(4 << 20)
    for (const message of [
      append,
      { ...append, entries: [{ kind: 'command', index: 5, term: 3, payload: costly }] } as const,
    ]) {
      const text = encodePeerMessage(message)
      expect(Buffer.byteLength(text)).toBeLessThan(LONGEST_PEER_MESSAGE)
      expect(decodePeerMessage(text)).toEqual({ ok: true, message })
    }
  })
  it.each<[string, string, string]>([
    ['of a later kind', edited({ kind: 'lately', ...HEAD }, {}), 'unknown-kind'],
    ['with an entry of a later kind, whole', edited(append, entry({ kind: 'lately' })), 'unknown-kind'],
    ['with an entry that has a field more, which a log may not skip', edited(append, entry({ more: 1 })), 'newer'],
    ['for newer readers', edited(append, { least: 2 }), 'newer'],
    ['without a sender', edited(append, { from: undefined }), 'malformed'],
    ['of a sender that is no number', edited(append, { from: '7' }), 'malformed'],
    ['of a term that is none', edited(append, { term: 1.5 }), 'malformed'],
    ['of a term beyond counting', edited(append, { term: 2 ** 60 }), 'malformed'],
    ['of a name without end', edited(append, { store: 'x'.repeat(101) }), 'malformed'],
    ['with entries that are none', edited(append, { entries: [null] }), 'malformed'],
    ['that is too deep', edited(append, { lately: JSON.parse('['.repeat(99) + ']'.repeat(99)) }), 'malformed'],
    ['that is a list', '[]', 'malformed'],
    ['that is no JSON', '{', 'malformed'],
    ['called like what all objects have', edited({ kind: 'constructor', ...HEAD }, {}), 'unknown-kind'],
  ])('is refused %s', (_, text, reason) => expect(decodePeerMessage(text)).toEqual({ ok: false, reason }))

  it('with a field more says the same as without', () =>
    expect(decodePeerMessage(edited(append, { lately: { any: 1 } }))).toEqual({ ok: true, message: append }))

  it('whose refusal would paint a terminal is shown as one line', () => {
    const refusal = { code: 'a\u001b[2J', message: 'x'.repeat(9000) }
    const read = decodePeerMessage(
      edited({ kind: 'answer', from: 1, to: 2, id: 'q' }, { outcome: { kind: 'refused', refusal } }),
    )
    const shown = JSON.stringify(read)
    expect(shown).toContain('a\ufffd[2J')
    expect(shown.length).toBeLessThan(2200)
  })

  it('makes no reader throw, whatever the text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => edited(append, { entries: value })),
    )
    fc.assert(
      fc.property(texts, (text) => {
        void decodePeerMessage(text)
        void decodeSnapshotWord(text)
      }),
      { numRuns: 3000 },
    )
  })
})
