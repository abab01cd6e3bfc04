/** Every command is answered while somebody waits for the answer, with what is known by then. */
import { encodeMessage } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

/** `lvsm` gives up after so long. */
const LVSM_MS = 30_000
const MANY = Array.from({ length: 8 }, (_, at) => `g${at}`)
const many = MANY.map((name, at) => `  - { name: ${name}, directors: [dir1, dir2], vips: [10.11.0.${20 + at}/24] }\n`)
const text = SAMPLE.replace('groups:\n', `groups:\n${many.join('')}`)

/** What dir2's agent says every two seconds. */
const said = encodeMessage({
  ...{ kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: 'well', standby: false, pings: {} },
  ...{ ready: Object.fromEntries(['web', ...MANY].map((name) => [name, ''])), troubles: [], events: [] },
})

/** dir1 owns what is in `owned`; each move takes as long as it may, because dir2 never says that it is prepared. */
function live(dir1: TestNode, owned: Set<string>, ms: number, moves = true): void {
  for (let spent = 0; spent < ms; spent += 500) {
    dir1.feed({ kind: 'message', from: 'dir2', text: said })
    for (const { group } of dir1.take('switchover')) if (moves) owned.delete(group)
    const [one] = statusOf('dir1', 'dir1').groups
    const groups = MANY.flatMap((name) =>
      one ? [{ ...one, name, ...(owned.has(name) ? {} : { role: 'standby' as const, owner: 'dir2', number: 2 }) }] : [],
    )
    dir1.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2'), groups } })
    dir1.run(500)
  }
}

test('standby on, of a node with many groups: answered with how far it is, and it goes on', () => {
  const dir1 = node('dir1', undefined, text)
  const owned = new Set(MANY)
  dir1.feed({ kind: 'lease-up' })
  live(dir1, owned, 2000)
  dir1.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: true } })
  live(dir1, owned, LVSM_MS - 5000)
  expect(dir1.take('reply')).toMatchObject([
    { id: 'a', outcome: { ok: false, fault: 'timeout', refusals: [{ code: 'goes-on' }] } },
  ])
  expect(owned.size).toBeGreaterThan(0)
  live(dir1, owned, LVSM_MS)
  expect(owned.size).toBe(0)
  // Until the lease process confirms it, it is told again.
  expect(new Set(dir1.take('standby').map(({ on }) => on))).toEqual(new Set([true]))
  expect(dir1.take('reply')).toEqual([])
})

test('a switchover, where a lease lasts half a minute', () => {
  const long = text.replace('lease: 350ms', 'lease: 30s').replace('deadtime: 1s', 'deadtime: 40s')
  const dir1 = node('dir1', undefined, long)
  const owned = new Set(MANY)
  dir1.feed({ kind: 'lease-up' })
  live(dir1, owned, 2000)
  dir1.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'g0' } })
  // The lease process does nothing about it.
  live(dir1, owned, LVSM_MS - 5000, false)
  expect(dir1.take('reply')).toMatchObject([{ id: 'a', outcome: { ok: false, fault: 'timeout' } }])
})
