/** A node's own heartbeat keys on a real disk, and what they make with those of the others. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addHalf, ringOf, stepRing } from '@lvsm/changes'
import { type Enrolled, type Half, impossibleView, type KeyRing, type LeaseView, OWN_HALVES } from '@lvsm/protocol'
import { makeHalf } from '@lvsm/trust/pairwise'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addedHalf, keepHalves, ownHalves, pairRing, readHalves, unsaid } from './pair-keys.ts'

const home = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-halves-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const NAMES = ['dir1', 'dir2', 'rs1']
const BEGIN: Enrolled = {
  tokens: [],
  nodes: NAMES.map((name) => ({ name, key: 'ab'.repeat(32), at: 0, token: null })),
}
const add = (enrolled: Enrolled, name: string, half: Half | undefined, lost = false): Enrolled =>
  addHalf(enrolled, name, half?.public ?? '', lost).enrolled ?? enrolled
/** As often as there is something to do, with everybody at the newest. */
function settled(enrolled: Enrolled): Enrolled {
  const next = stepRing(enrolled, enrolled.ring ?? 0)
  return next === enrolled ? enrolled : settled(next)
}

describe('a node’s keys', () => {
  test('are made once, for root alone, and read again', () => {
    const folder = home()
    const halves = ownHalves(folder)
    expect(halves).toHaveLength(1)
    expect(statSync(join(folder, OWN_HALVES)).mode & 0o777).toBe(0o600)
    expect(ownHalves(folder)).toEqual(halves)
    expect(readHalves(folder)).toEqual(halves)
  })
  test.each(['', '{', '{"v":1,"least":9}', 'x'.repeat(1 << 17)])('that are damaged are made anew: %.10s', (text) => {
    const folder = home()
    writeFileSync(join(folder, OWN_HALVES), text)
    expect(readHalves(folder)).toEqual([])
    expect(ownHalves(folder)).toHaveLength(1)
  })
  test('are four at most, the newest last', () => {
    const folder = home()
    let halves = ownHalves(folder)
    for (let turn = 0; turn < 5; turn++) halves = addedHalf(folder, halves)
    expect(halves).toHaveLength(4)
    expect(readHalves(folder)).toEqual(halves)
  })
  test('that are of no use any more leave the disk, and not before', () => {
    const folder = home()
    const [old] = ownHalves(folder)
    const before = settled(add(BEGIN, 'dir1', old))
    const halves = addedHalf(folder, readHalves(folder))
    const keep = (enrolled: Enrolled): number => {
      keepHalves(folder, readHalves(folder), ringOf(enrolled), 'dir1')
      return readHalves(folder).length
    }
    const both = add(before, 'dir1', halves[1])
    expect([before, both, settled(both)].map(keep)).toEqual([2, 2, 1])
    expect(readFileSync(join(folder, OWN_HALVES), 'utf8')).not.toContain(old?.private)
  })
})

describe('it says', () => {
  const [old, fresh] = [makeHalf(), makeHalf()]
  const signing = settled(add(BEGIN, 'dir1', old))
  test.each<[string, readonly Half[], Enrolled | null, object | null]>([
    ['what nobody has heard of', [old], null, { public: old.public, lost: false }],
    ['that too where others have theirs', [old], add(BEGIN, 'dir2', fresh), { public: old.public, lost: false }],
    ['nothing of what is known', [old], signing, null],
    ['a new one beside the old one', [old, fresh], signing, { public: fresh.public, lost: false }],
    ['that the old one is lost', [fresh], signing, { public: fresh.public, lost: true }],
    [
      'that still, where the new one is known',
      [fresh],
      add(signing, 'dir1', fresh),
      { public: fresh.public, lost: true },
    ],
    ['nothing of a lost one that signs nothing', [fresh], add(add(BEGIN, 'dir1', old), 'dir1', fresh), null],
  ])('%s', (_, halves, enrolled, expected) =>
    expect(unsaid(halves, enrolled && ringOf(enrolled), 'dir1')).toEqual(expected),
  )
})

describe('with the others it has', () => {
  const [mine, theirs, newer] = [makeHalf(), makeHalf(), makeHalf()]
  const ring = ringOf(settled(add(add(BEGIN, 'dir1', mine), 'dir2', theirs)))
  const pairOf = (own: readonly Half[], node: string, peer: string, of: KeyRing | null = ring) =>
    pairRing('lab', node, own, of).pairs.get(peer)

  test('the same keys as they have with it', () => {
    const one = pairOf([mine], 'dir1', 'dir2')
    expect(one).toEqual(pairOf([theirs], 'dir2', 'dir1'))
    expect(one?.keys.map(({ id }) => id)).toEqual([one?.signWith])
    expect(one?.shared).toBe(false)
  })
  test('two while one of the two changes', () => {
    const both = ringOf(add(settled(add(add(BEGIN, 'dir1', mine), 'dir2', theirs)), 'dir1', newer))
    const [one, other] = [pairOf([mine, newer], 'dir1', 'dir2', both), pairOf([theirs], 'dir2', 'dir1', both)]
    expect(one).toEqual(other)
    expect(one?.keys).toHaveLength(2)
    expect(one?.signWith).toBe(pairOf([mine], 'dir1', 'dir2')?.signWith)
  })
  test('none with who has said none, with itself, or without a ring', () => {
    expect([...pairRing('lab', 'dir1', [mine], ring).pairs.keys()]).toEqual(['dir2'])
    expect(pairOf([mine], 'dir1', 'dir2', null)).toBeUndefined()
    expect(pairRing('lab', 'dir1', [mine], ringOf(BEGIN))).toEqual({ number: 0, pairs: new Map() })
  })
  test.each<[string, KeyRing]>([
    ['its own secret is lost', ring],
    [
      'the other’s half is none',
      {
        ...ring,
        nodes: ring.nodes.map((node) => ({
          ...node,
          keys: node.keys.map((key) => ({ ...key, public: '00'.repeat(32) })),
        })),
      },
    ],
  ])('one that nobody has where %s: the view stays possible, and nothing is signed that anybody could', (_, of) => {
    const [one, again] = [pairOf([], 'dir1', 'dir2', of), pairOf([], 'dir1', 'dir2', of)]
    expect(one?.keys).toHaveLength(1)
    expect(one?.keys[0]?.secret).not.toBe(again?.keys[0]?.secret)
    expect(one?.keys[0]?.secret).not.toBe(pairOf([theirs], 'dir2', 'dir1')?.keys[0]?.secret)
    const view: LeaseView = {
      cluster: 'lab',
      node: 'dir1',
      epoch: 1,
      revision: 1,
      timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
      nodes: [{ name: 'dir2', voter: true, links: [], ...(one ? { pair: one } : {}) }],
      groups: [],
      keys: [{ id: 1, algorithm: 'sha256', secret: 'ab' }],
      signWith: 1,
    }
    expect(impossibleView(view)).toBeNull()
  })
})
