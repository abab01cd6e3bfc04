/** What is lost of a peer's datagrams is told by whom it does not reach, with direction and share; and what heartbeats say for that. */
import type { Heartbeat, LeaseView } from '@lvsm/protocol'
import { linksFor } from '@lvsm/heartbeat'
import { expect, test } from 'vitest'
import { Bench, viewOf } from './fixture.ts'

const NODES = ['dir1', 'dir2', 'rs1']
const linksOf = (at: number, names: readonly string[]) =>
  names.map((name) => ({ name, address: `10.${name === 'inside' ? 12 : 11}.0.${at}`, port: 6940 }))
const withLinks = (names: readonly string[]): LeaseView => ({
  ...viewOf('dir1', NODES),
  nodes: NODES.map((name, at) => ({ name, voter: true, links: linksOf(at + 1, names) })),
})
const beat: Heartbeat = { kind: 'heartbeat', revision: 1, standby: false, voters: '0000000000000000', groups: [] }

/** They speak every 100 ms, over their links by turns; what they say of themselves is true. */
function live(
  dir1: Bench,
  ms: number,
  arrives: (turn: number) => boolean,
  links = [0],
  { says = true, from = ['dir2'] } = {},
): void {
  for (let turn = 0; turn * 100 < ms; turn++) {
    dir1.pass(100)
    const sent = sentBy.get(dir1) ?? 0
    sentBy.set(dir1, sent + 1)
    const message = says && turn % 10 === 0 ? { ...beat, sent: [{ to: 'one', count: sent }] } : beat
    if (arrives(turn)) for (const name of from) dir1.hear(name, message, { link: links[turn % links.length] ?? 0 })
  }
}
const sentBy = new WeakMap<Bench, number>()
const lossy = (dir1: Bench) => dir1.core.status(dir1.now).troubles.filter(({ code }) => code === 'lossy-link')
function started(links: readonly string[]): Bench {
  const dir1 = new Bench({ view: withLinks(links) })
  dir1.begin()
  live(dir1, 20_000, () => true, [...links.keys()])
  expect(lossy(dir1)).toEqual([])
  return dir1
}
const twoOfFive = (turn: number): boolean => turn % 5 === 0 || turn % 5 === 2

test('loss is a trouble with direction, link, share and time, and ends', () => {
  const dir1 = started(['inside'])
  live(dir1, 16_000, twoOfFive)
  expect(lossy(dir1)).toMatchObject([
    {
      severity: 'warning',
      object: 'link inside',
      message: 'about 60 % of what dir2 sends to dir1 over the heartbeat link inside is lost',
      evidence: expect.stringMatching(
        /^of \d+ datagrams in 1\d s \d+ did not arrive; those that did came \d+ over inside$/,
      ),
    },
  ])
  const peer = dir1.core.status(dir1.now).peers.find(({ name }) => name === 'dir2')
  expect(peer?.lostPercent).toBe(60)
  live(dir1, 16_000, () => true)
  expect(lossy(dir1)).toEqual([])
})
test('with several links it is of the peer, and what came over each is said', () => {
  const dir1 = started(['inside', 'outside'])
  live(dir1, 16_000, (turn) => turn % 2 === 0 || turn % 10 === 1, [0, 1])
  expect(lossy(dir1)).toMatchObject([
    {
      object: 'node dir2',
      message: 'about 40 % of what dir2 sends to dir1 is lost',
      evidence: expect.stringMatching(/came \d+ over inside, 1\d over outside$/),
    },
  ])
})
/** Every 100 ms over two links by turns; they say how much went over each, in the order of their own configuration. */
function liveByLink(
  dir1: Bench,
  ms: number,
  arrives: (link: number, count: number) => boolean,
  { revision = 1, order = [0, 1] } = {},
): void {
  const over = overBy.get(dir1) ?? [0, 0]
  overBy.set(dir1, over)
  for (let turn = 0; turn * 100 < ms; turn++) {
    dir1.pass(100)
    const [first = 0, second = 0] = over
    const link = (first + second) % 2
    const sent = [{ to: 'one', count: first + second, byLink: order.map((one) => over[one] ?? 0) }]
    if (arrives(link, over[link] ?? 0)) dir1.hear('dir2', { ...beat, revision, sent }, { link })
    over[link] = (over[link] ?? 0) + 1
  }
}
const overBy = new WeakMap<Bench, number[]>()
const everyFourth = (count: number): boolean => count % 4 === 1
const toldOf = (dir1: Bench): (string | undefined)[] =>
  dir1.core
    .status(dir1.now)
    .troubles.filter(({ code }) => code === 'lossy-link' || code === 'link-silent')
    .map(({ code, object }) => `${code} ${object}`)

test('of a peer that says what goes over each link, loss over one is of that link', () => {
  const dir1 = started(['inside', 'outside'])
  liveByLink(dir1, 40_000, () => true)
  expect(toldOf(dir1)).toEqual([])
  liveByLink(dir1, 40_000, (link, count) => link === 0 || !everyFourth(count))
  expect(lossy(dir1)).toMatchObject([
    {
      object: 'link outside',
      message: 'about 25 % of what dir2 sends to dir1 over the heartbeat link outside is lost',
      evidence: expect.stringMatching(/^of \d+ datagrams in \d+ s \d+ did not arrive over outside$/),
    },
  ])
  liveByLink(dir1, 40_000, () => true)
  expect(toldOf(dir1)).toEqual([])
})
test('loss over the last link beside a dead one is told beside it', () => {
  const dir1 = started(['inside', 'outside'])
  liveByLink(dir1, 40_000, () => true)
  liveByLink(dir1, 60_000, (link, count) => link === 1 && !everyFourth(count))
  expect(toldOf(dir1)).toEqual(['link-silent link inside', 'lossy-link link outside'])
  const peer = dir1.core.status(dir1.now).peers.find(({ name }) => name === 'dir2')
  expect(peer?.lostPercent).toBe(25)
})
test('over all of them it is of the peer', () => {
  const dir1 = started(['inside', 'outside'])
  liveByLink(dir1, 40_000, () => true)
  liveByLink(dir1, 40_000, (_, count) => !everyFourth(count))
  expect(lossy(dir1)).toMatchObject([{ object: 'node dir2', message: 'about 25 % of what dir2 sends to dir1 is lost' }])
})
test('it stays of the peer while one of them loses less for a while, and is of the other one when it loses nothing', () => {
  const dir1 = started(['inside', 'outside'])
  liveByLink(dir1, 40_000, () => true)
  liveByLink(dir1, 40_000, (_, count) => !everyFourth(count))
  for (let second = 0; second < 60; second++) {
    liveByLink(dir1, 1000, (link, count) => (link === 0 ? !everyFourth(count) : count % 14 !== 1))
    expect(toldOf(dir1), `second ${second}`).toEqual(['lossy-link node dir2'])
  }
  liveByLink(dir1, 70_000, (link, count) => link === 1 || !everyFourth(count))
  expect(toldOf(dir1)).toEqual(['lossy-link link inside'])
})
test('what a peer says by a configuration that is another one here is not read by link', () => {
  const dir1 = started(['inside', 'outside'])
  liveByLink(dir1, 80_000, (link, count) => link === 0 || !everyFourth(count), { revision: 2 })
  expect(toldOf(dir1)).toEqual([])
})
test('it is read as its links come in the configuration', () => {
  const view = withLinks(['inside', 'outside'])
  const nodes = view.nodes.map((node) => (node.name === 'dir2' ? { ...node, links: node.links.toReversed() } : node))
  const dir1 = new Bench({ view: { ...view, nodes } })
  dir1.begin()
  liveByLink(dir1, 40_000, () => true, { order: [1, 0] })
  liveByLink(dir1, 60_000, (link, count) => link === 1 && !everyFourth(count), { order: [1, 0] })
  expect(toldOf(dir1)).toEqual(['link-silent link inside', 'lossy-link link outside'])
})
/** What heartbeats to dir2 said, from the first one on, of how many went over each link before; and how many did. */
function saidOver(dir1: Bench, bound: readonly number[]) {
  const alone = [0, 0]
  const said: { byLink: readonly number[]; before: readonly number[] }[] = []
  for (const { to, message, piggybacked, peers } of dir1.sent) {
    const { incarnation, route } = peers['dir2'] ?? {}
    const heartbeat = message.kind === 'heartbeat' ? message : piggybacked
    const own = to.includes('dir2') ? heartbeat?.sent?.find((one) => one.to === 'dir2-start') : undefined
    if (own) said.push({ byLink: own.byLink ?? [], before: [...alone] })
    if (incarnation !== 'dir2-start' || message.kind !== 'heartbeat' || !route) continue
    const [link = 0] = linksFor(bound, route)
    alone[link] = (alone[link] ?? 0) + 1
  }
  expect(said.length).toBeGreaterThanOrEqual(8)
  const since = (counts: readonly number[], first: readonly number[] = []): number[] =>
    [0, 1].map((link) => (counts[link] ?? 0) - (first[link] ?? 0))
  const [first] = said
  const told = said.map(({ byLink }) => since(byLink, first?.byLink))
  expect(told).toEqual(said.map(({ before }) => since(before, first?.before)))
  return alone
}
test('heartbeats of several links say how many of them went over each before', () => {
  const dir1 = new Bench({ view: withLinks(['inside', 'outside']) })
  dir1.begin()
  live(dir1, 300, () => true, [0, 1])
  dir1.sent.splice(0)
  live(dir1, 10_000, () => true, [0, 1])
  expect(Math.min(...saidOver(dir1, [0, 1]))).toBeGreaterThan(5)
})
test('all go over the others while one link cannot be bound', () => {
  const dir1 = new Bench({ view: withLinks(['inside', 'outside']) })
  dir1.begin()
  live(dir1, 300, () => true, [0, 1])
  const trouble = { code: 'link-down', severity: 'warning', message: 'm', hint: 'h' } as const
  dir1.give({ kind: 'trouble', source: 'link inside', trouble })
  dir1.sent.splice(0)
  live(dir1, 10_000, () => true, [0, 1])
  const [inside = 0, outside = 0] = saidOver(dir1, [1])
  expect(inside).toBe(0)
  expect(outside).toBeGreaterThan(10)
  dir1.give({ kind: 'trouble', source: 'link inside', trouble: null })
  dir1.sent.splice(0)
  live(dir1, 10_000, () => true, [0, 1])
  expect(Math.min(...saidOver(dir1, [0, 1]))).toBeGreaterThan(5)
})
test('of a peer that has fewer links than this node it is said all the same', () => {
  const view = withLinks(['outside', 'inside'])
  const nodes = view.nodes.map((node) => (node.name === 'dir2' ? { ...node, links: node.links.slice(1) } : node))
  const dir1 = new Bench({ view: { ...view, nodes } })
  dir1.begin()
  const inside = 1
  live(dir1, 20_000, () => true, [inside])
  expect(lossy(dir1)).toEqual([])
  live(dir1, 16_000, twoOfFive, [inside])
  expect(lossy(dir1)).toMatchObject([
    { object: 'link inside', message: 'about 60 % of what dir2 sends to dir1 over the heartbeat link inside is lost' },
  ])
})
test('of several peers over one link it is one trouble, and none where neither of two nodes votes or directs', () => {
  const names = [...NODES, 'rs2', 'rs3', 'rs4', 'rs5']
  const nodes = names.map((name, at) => ({ name, voter: NODES.includes(name), links: linksOf(at + 1, ['inside']) }))
  const told = (node: string) => {
    const bench = new Bench({ view: { ...viewOf(node, names), nodes } })
    bench.begin()
    const peers = names.filter((name) => name !== node)
    live(bench, 20_000, () => true, [0], { from: peers })
    live(bench, 16_000, twoOfFive, [0], { from: peers })
    return lossy(bench).map(({ object, message }) => [object, message])
  }
  expect(told('dir1')).toEqual([
    [
      'link inside',
      'about 60 % of what dir2, rs1, rs2, rs3 and 2 more send to dir1 over the heartbeat link inside is lost',
    ],
  ])
  expect(told('rs5')).toEqual([
    ['link inside', 'about 60 % of what dir1, dir2, rs1 send to rs5 over the heartbeat link inside is lost'],
  ])
})
test('a link that is silent altogether is said as that alone, also after it is back', () => {
  const dir1 = started(['inside', 'outside'])
  live(dir1, 20_000, (turn) => turn % 2 === 0, [0, 1])
  const codes = () => dir1.core.status(dir1.now).troubles.map(({ code }) => code)
  expect(codes()).toContain('link-silent')
  expect(codes()).not.toContain('lossy-link')
  for (let second = 0; second < 20; second++) {
    live(dir1, 1000, () => true, [0, 1])
    expect(codes()).not.toContain('lossy-link')
  }
})
test('a new revision ends neither loss nor silence, unless it changes the links', () => {
  const [lost, silent] = [started(['inside']), started(['inside', 'outside'])]
  live(lost, 16_000, twoOfFive)
  live(silent, 20_000, (turn) => turn % 2 === 0, [0, 1])
  const codes = (bench: Bench) => bench.core.status(bench.now).troubles.map(({ code }) => code)
  const adopt = (bench: Bench, revision: number, names: readonly string[]) => {
    bench.give({ kind: 'view', view: { ...withLinks(names), revision } })
    live(bench, 200, (turn) => turn % 2 === 0)
  }
  adopt(lost, 2, ['inside'])
  expect(codes(lost)).toContain('lossy-link')
  adopt(silent, 2, ['inside', 'outside'])
  expect(codes(silent)).toContain('link-silent')
  adopt(lost, 3, ['outside'])
  expect(codes(lost)).not.toContain('lossy-link')
  adopt(silent, 3, ['inside', 'other'])
  expect(codes(silent)).not.toContain('link-silent')
})
test('of a peer of an older version, which says nothing of what it sends, nothing is said', () => {
  const dir1 = new Bench({ view: withLinks(['inside']) })
  dir1.begin()
  live(dir1, 30_000, twoOfFive, [0], { says: false })
  expect(lossy(dir1)).toEqual([])
})
test('heartbeats tell a peer now and then how much was sent to its present start', () => {
  const dir1 = new Bench({ view: withLinks(['inside']) })
  dir1.begin()
  live(dir1, 300, () => true)
  dir1.sent.splice(0)
  live(dir1, 10_000, () => true)
  const said: { count: number; before: number }[] = []
  let before = 0
  for (const { to, message, piggybacked, peers } of dir1.sent) {
    const heartbeat = message.kind === 'heartbeat' ? message : piggybacked
    const own = heartbeat?.sent?.find((one) => one.to === 'dir2-start')
    if (own && to.includes('dir2')) said.push({ count: own.count, before })
    if (to.includes('dir2') && peers['dir2']?.incarnation === 'dir2-start') before += 1
  }
  expect(said.length).toBeGreaterThanOrEqual(8)
  expect(said.length).toBeLessThanOrEqual(15)
  const [first] = said
  for (const one of said) expect(one.count - (first?.count ?? 0)).toBe(one.before - (first?.before ?? 0))
})
