/** How the nodes' heartbeat keys change: who signs with what, when, and that each beat can be read by whoever it goes to. */
import {
  decodeEntry,
  encodeEntry,
  type Enrolled,
  type Entry,
  FIRST_PAIR_KEY,
  type KeyRing,
  snapshot,
} from '@lvsm/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deepFreeze, DOCUMENT } from '../fixture.ts'
import { applyEntry, beginState, snapshotOf, type State, stateOf } from '../state.ts'
import { addHalf, ringOf, stepRing } from './key-ring.ts'
import { pairing } from './pairing.ts'

const half = (number: number): string => number.toString(16).padStart(64, '0')
const enrolledAs = (...names: readonly string[]): Enrolled => ({
  tokens: [],
  nodes: names.map((name, at) => ({ name, key: half(1000 + at), at: 0, token: null })),
})
function add(enrolled: Enrolled, name: string, number: number, lost = false): Enrolled {
  const { refusal, enrolled: next } = addHalf(deepFreeze(enrolled), name, half(number), lost)
  if (refusal) throw new Error(refusal.code)
  return next
}
const step = (enrolled: Enrolled, ring: number): Enrolled => stepRing(deepFreeze(enrolled), ring)
/** `name: ids of its keys, the one that signs, and whether the shared one counts`. */
const shown = (enrolled: Enrolled): string =>
  `${enrolled.ring ?? 0} ${ringOf(enrolled)
    .nodes.map(({ name, keys, signWith, shared }) => {
      const ids = keys.map(({ id, public: digits }) => `${id}=${Number.parseInt(digits, 16)}`)
      return `${name}: ${ids.join(' ')} signs ${signWith}${shared ? ' shared' : ''}`
    })
    .join(', ')}`.trim()

describe('a node', () => {
  const one = enrolledAs('dir1', 'rs1')
  const first = add(one, 'dir1', 7)
  const signing = step(first, 1)
  const alone = step(signing, 2)

  test('begins with a key that nobody signs with; then it signs; then the shared key counts no more', () => {
    expect([one, first, signing, alone].map(shown)).toEqual([
      '0',
      '1 dir1: 1=7 signs 0 shared',
      '2 dir1: 1=7 signs 1 shared',
      '3 dir1: 1=7 signs 1',
    ])
    expect(step(alone, 99)).toBe(alone)
  })
  test('stays as it is while somebody uses an older ring', () => {
    expect(step(first, 0)).toBe(first)
    expect(step(signing, 1)).toBe(signing)
  })
  test('has a new key in the same steps, and the old one until nobody signs with it', () => {
    const both = add(alone, 'dir1', 8)
    const turned = step(both, 4)
    expect([both, turned, step(turned, 4), step(turned, 5)].map(shown)).toEqual([
      '4 dir1: 1=7 2=8 signs 1',
      '5 dir1: 1=7 2=8 signs 2',
      '5 dir1: 1=7 2=8 signs 2',
      '6 dir1: 2=8 signs 2',
    ])
  })
  test('that says the same again changes nothing', () => expect(add(alone, 'dir1', 7)).toBe(alone))
  test('that has another one before the last one signs leaves that one', () =>
    expect(shown(add(add(alone, 'dir1', 8), 'dir1', 9))).toBe('5 dir1: 1=7 3=9 signs 1'))
  test('has three at most', () => {
    const three = step(add(step(add(alone, 'dir1', 8), 4), 'dir1', 9), 6)
    expect(shown(three)).toBe('7 dir1: 1=7 2=8 3=9 signs 3')
    expect(addHalf(three, 'dir1', half(10), false).refusal).toMatchObject({ code: 'key-change-under-way' })
  })
  test('that lost its keys has the new one at once; before it had any alone, the shared key', () => {
    expect(shown(add(alone, 'dir1', 8, true))).toBe('4 dir1: 2=8 signs 2')
    expect(shown(add(signing, 'dir1', 8, true))).toBe('3 dir1: 2=8 signs 0 shared')
    expect(shown(add(add(alone, 'dir1', 8), 'dir1', 8, true))).toBe('5 dir1: 3=8 signs 3')
  })
  test('that is none of the cluster has none', () =>
    expect(addHalf(one, 'rs9', half(1), false).refusal).toMatchObject({ code: 'unknown-node' }))
})

/** What the one signs with by its ring, the other accepts by its own. */
function isHeard(from: string, by: KeyRing | undefined, to: string, hearing: KeyRing | undefined): boolean {
  const sent = by && pairing(by, from, to)
  const heard = hearing && pairing(hearing, to, from)
  if (!sent || sent.signWith === 0) return heard ? heard.shared : true
  const key = sent.accepted.find(({ id }) => id === sent.signWith)
  const known = heard?.accepted.find(({ id }) => id === sent.signWith)
  return known !== undefined && known.own === key?.peers && known.peers === key.own
}

test('whatever comes when, everybody can read everybody, and in the end nobody takes the shared key', () => {
  const NAMES = ['dir1', 'dir2', 'rs1', 'rs2']
  const doing = fc.oneof(
    fc.record({ what: fc.constant('key' as const), who: fc.nat(3) }),
    fc.record({ what: fc.constant('hear' as const), who: fc.nat(3) }),
    fc.record({ what: fc.constant('step' as const), who: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(doing, { minLength: 20, maxLength: 60 }), (all) => {
      let enrolled = enrolledAs(...NAMES)
      let made = 0
      const used = new Map<string, KeyRing>()
      const oldest = (): number => Math.min(...ringOf(enrolled).nodes.map(({ name }) => used.get(name)?.number ?? 0))
      const play = (what: string, name: string): void => {
        if (what === 'key') enrolled = addHalf(enrolled, name, half(++made), false).enrolled ?? enrolled
        else if (what === 'hear') used.set(name, ringOf(enrolled))
        else if (ringOf(enrolled).nodes.length > 0) enrolled = stepRing(enrolled, oldest())
        for (const from of NAMES)
          for (const to of NAMES)
            if (from !== to && !isHeard(from, used.get(from), to, used.get(to)))
              throw new Error(`${to} cannot read ${from} after ${what} ${name}: ${shown(enrolled)}`)
      }
      for (const { what, who } of all) play(what, NAMES[who] ?? '')
      for (const name of NAMES) play('key', name)
      for (let turn = 0; turn < 4; turn++) {
        for (const name of NAMES) play('hear', name)
        play('step', '')
      }
      for (const { keys, shared, signWith } of ringOf(enrolled).nodes)
        expect([keys.map(({ id }) => id), shared]).toEqual([[signWith], false])
    }),
    { numRuns: 300 },
  )
})

describe('two nodes', () => {
  const ring = ringOf(step(step(add(add(enrolledAs('a', 'b', 'c'), 'b', 1), 'a', 2), 2), 3))
  test('have one id for one key, and each its own half first', () => {
    const [one, other] = [pairing(ring, 'a', 'b'), pairing(ring, 'b', 'a')]
    expect(one).toEqual({
      accepted: [{ id: FIRST_PAIR_KEY + 129, own: half(2), peers: half(1) }],
      signWith: FIRST_PAIR_KEY + 129,
      shared: false,
    })
    expect(other?.accepted).toEqual([{ id: FIRST_PAIR_KEY + 129, own: half(1), peers: half(2) }])
  })
  test('use the shared key where one of them has said none', () => expect(pairing(ring, 'a', 'c')).toBeNull())
})

describe('in the log', () => {
  const entry = (more: object): Entry =>
    ({ kind: 'heartbeat-key', at: 1, name: 'rs9', public: half(1), lost: false, ...more }) as Entry
  const logged = (one: Entry): Entry => {
    const read = decodeEntry(encodeEntry(one))
    if (!read.ok) throw new Error(read.reason)
    return read.entry
  }
  const token = {
    kind: 'token',
    author: 'a',
    at: 1,
    id: '0123abcd',
    digest: 'ab'.repeat(32),
    uses: 9,
    until: 9e9,
    roles: [],
  }
  const enrol = (more: object): Entry =>
    ({
      kind: 'enrol',
      at: 2,
      id: token.id,
      digest: token.digest,
      name: 'rs9',
      key: '09'.repeat(32),
      node: { roles: ['realserver'], links: [{ name: 'inside', address: '10.12.0.19' }] },
      model: 1,
      ...more,
    }) as Entry
  const run = (...entries: readonly Entry[]): State => {
    let state = beginState(DOCUMENT, { at: 0, author: 'init', comment: '' })
    for (const one of entries) state = applyEntry(deepFreeze(state), logged(one)).state
    return state
  }
  const TOKEN = { ...token, node: null } as Entry

  test('who comes in with a key signs with it from the beginning; asked again, it is the same', () => {
    const once = run(TOKEN, enrol({ heartbeat: half(5) }))
    expect(shown(once.enrolled)).toBe('1 rs9: 1=5 signs 1')
    expect(shown(run(TOKEN, enrol({ heartbeat: half(5) }), enrol({ heartbeat: half(5) })).enrolled)).toBe(
      shown(once.enrolled),
    )
  })
  test('who comes in without one says it later', () =>
    expect(shown(run(TOKEN, enrol({}), entry({})).enrolled)).toBe('1 rs9: 1=1 signs 0 shared'))
  test('another machine in its place ends its keys', () => {
    const mine = { ...TOKEN, id: '0123abce', node: 'rs9' } as Entry
    const again = { id: '0123abce', key: '08'.repeat(32) }
    const begun = [TOKEN, enrol({ heartbeat: half(5) }), mine] as const
    expect(shown(run(...begun, enrol({ ...again, heartbeat: half(6) })).enrolled)).toBe('2 rs9: 2=6 signs 2')
    expect(shown(run(...begun, enrol(again)).enrolled)).toBe('2')
  })
  test('a node that is removed leaves the ring, and everybody hears of it', () => {
    const remove: Entry = {
      kind: 'change',
      author: 'a',
      at: 3,
      comment: '',
      base: null,
      command: { verb: 'remove', noun: 'node', which: { node: 'rs9' }, model: 1 },
    }
    expect(shown(run(TOKEN, enrol({ heartbeat: half(5) }), remove).enrolled)).toBe('2')
  })
  test('a step is one, and what is kept comes back', () => {
    const state = run(TOKEN, enrol({}), entry({}), { kind: 'heartbeat-step', at: 3, ring: 1 })
    expect(shown(state.enrolled)).toBe('2 rs9: 1=1 signs 1 shared')
    const read = snapshot.safeParse(JSON.parse(JSON.stringify(snapshotOf(state))))
    expect(read.success && stateOf(read.data)?.enrolled).toEqual(state.enrolled)
  })
})
