/** Links that fell silent are named; what a link of the whole node is, and what of one peer. */
import type { LeaseView } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Bench, timing, viewOf } from './fixture.ts'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'

const NODES = ['dir1', 'dir2', 'rs1']
const linksOf = (at: number, names: readonly string[]) =>
  names.map((name) => ({ name, address: `10.${name === 'inside' ? 12 : 11}.0.${at}`, port: 6940 }))
const VIEW: LeaseView = {
  ...viewOf('dir1', NODES),
  nodes: NODES.map((name, at) => ({ name, voter: true, links: linksOf(at + 1, ['inside', 'outside']) })),
}

/** Both peers speak every 100 ms, each over its links by turns. */
function live(dir1: Bench, ms: number, over: Readonly<Record<string, readonly number[]>>): void {
  for (let turn = 0; turn * 100 < ms; turn++) {
    dir1.pass(100)
    for (const [name, links] of Object.entries(over)) {
      const heartbeat = { kind: 'heartbeat', revision: 1, standby: false, voters: '', groups: [] } as const
      dir1.hear(name, { ...heartbeat, voters: '0000000000000000' }, { link: links[turn % links.length] ?? 0 })
    }
  }
}
const silent = (dir1: Bench): string[] =>
  dir1.core
    .status(dir1.now)
    .troubles.filter(({ code }) => code === 'link-silent')
    .map(({ message }) => message)
function started(): Bench {
  const dir1 = new Bench({ view: VIEW })
  dir1.begin()
  live(dir1, 3000, { dir2: [0, 1], rs1: [0, 1] })
  expect(silent(dir1)).toEqual([])
  return dir1
}
const LONG = 6 * timing.deadtimeMs

test('a link over which nobody is heard any more is named, until somebody is', () => {
  const dir1 = started()
  live(dir1, LONG, { dir2: [0], rs1: [0] })
  expect(silent(dir1)).toEqual(['over the heartbeat link outside nothing comes from anybody, but over another one'])
  live(dir1, 500, { dir2: [0, 1], rs1: [0, 1] })
  expect(silent(dir1)).toEqual([])
})
test('so is a peer whose own link is dead', () => {
  const dir1 = started()
  live(dir1, LONG, { dir2: [0, 1], rs1: [1] })
  expect(silent(dir1)).toEqual(['over the heartbeat link inside nothing comes from rs1, but over another one'])
})
test('a peer that is dead altogether, or has just come back, says nothing of links', () => {
  const dir1 = started()
  live(dir1, LONG, { dir2: [0, 1] })
  expect(silent(dir1)).toEqual([])
  live(dir1, 0.9 * timing.deadtimeMs, { dir2: [0, 1], rs1: [0] })
  expect(silent(dir1)).toEqual([])
})
test('a cut is known after a few heartbeats over the other link, and told at once', () => {
  const dir1 = started()
  live(dir1, 125 * 2 * heartbeatIntervalMs(VIEW, 'dir2', 'dir1'), { dir2: [0, 1], rs1: [0, 1] })
  const began = dir1.now
  dir1.effects.splice(0)
  while (silent(dir1).length === 0 && dir1.now < began + LONG) live(dir1, 200, { dir2: [0], rs1: [0, 1] })
  expect(silent(dir1)).toEqual(['over the heartbeat link outside nothing comes from dir2, but over another one'])
  expect(dir1.now - began).toBeLessThanOrEqual(1.5 * timing.deadtimeMs)
  expect(dir1.effects.filter(({ kind }) => kind === 'claimed')).toHaveLength(1)
  live(dir1, 400, { dir2: [0, 1], rs1: [0, 1] })
  expect(silent(dir1)).toEqual([])
  expect(dir1.effects.filter(({ kind }) => kind === 'claimed')).toHaveLength(2)
})
test('a link that is not there yet when its peer is heard first is silent by time alone', () => {
  const dir1 = new Bench({ view: VIEW })
  dir1.begin()
  live(dir1, 4.8 * timing.deadtimeMs, { dir2: [0], rs1: [0, 1] })
  expect(silent(dir1)).toEqual([])
  live(dir1, LONG, { dir2: [0, 1], rs1: [0, 1] })
  const port = (number: number) =>
    VIEW.nodes.map((node) => ({ ...node, links: node.links.map((link) => ({ ...link, port: number })) }))
  dir1.give({ kind: 'view', view: { ...VIEW, revision: 2, nodes: port(7000) } })
  live(dir1, 4.8 * timing.deadtimeMs, { dir2: [0], rs1: [0, 1] })
  expect(silent(dir1), 'the file of dir2 is not loaded anew yet').toEqual([])
  live(dir1, LONG, { dir2: [0], rs1: [0, 1] })
  expect(silent(dir1)).toHaveLength(1)
})
test('who dies, and who is heard again, is told when that is noticed', () => {
  const dir1 = started()
  dir1.effects.splice(0)
  const told = () => dir1.effects.splice(0).filter(({ kind }) => kind === 'claimed').length
  live(dir1, 1.4 * timing.deadtimeMs, { dir2: [0, 1] })
  expect(told()).toBe(1)
  live(dir1, timing.deadtimeMs, { dir2: [0, 1] })
  expect(told()).toBe(0)
  live(dir1, 500, { dir2: [0, 1], rs1: [0, 1] })
  expect(told()).toBe(1)
})
test('where every heartbeat would ride on a renewal, one goes alone at each interval, over the links in turn', () => {
  const dir1 = new Bench({ view: VIEW })
  dir1.begin()
  dir1.live(600, ['rs1'])
  expect(dir1.role()).toBe('owner')
  const alone: { at: number; turn: number }[] = []
  for (let spent = 0; spent < 10 * timing.deadtimeMs; spent += 2) {
    dir1.runTo(dir1.now + 2)
    for (const { message, peers } of dir1.sent)
      if (message.kind === 'heartbeat' && peers['rs1']) alone.push({ at: dir1.now, turn: peers['rs1'].route.turn })
    dir1.vote('rs1')
  }
  const gaps = alone.slice(1).map(({ at }, index) => at - (alone[index]?.at ?? 0))
  const intervalMs = heartbeatIntervalMs(VIEW, 'dir1', 'rs1')
  expect(Math.min(...gaps)).toBeGreaterThan(0.7 * intervalMs)
  expect(Math.max(...gaps)).toBeLessThan(1.1 * intervalMs)
  expect(alone.map(({ turn }) => turn - (alone[0]?.turn ?? 0))).toEqual([...alone.keys()])
})
test('a word to a peer goes over the link by which its own words come, though its heartbeats come over both', () => {
  const dir1 = started()
  const goesBy = (): number | null | undefined => {
    dir1.sent.splice(0)
    dir1.give({ kind: 'relay', to: null, payload: Uint8Array.of(1) })
    dir1.pass(50)
    return dir1.sent.find(({ message }) => message.kind === 'relay')?.peers['dir2']?.route.heardOn
  }
  const word = (link: number): void => dir1.hear('dir2', { kind: 'relay', payload: Uint8Array.of(1) }, { link })
  for (const link of [0, 1, 0]) {
    word(link)
    for (const beat of [0, 1]) {
      live(dir1, 100, { dir2: [beat], rs1: [0, 1] })
      expect(goesBy()).toBe(link)
    }
  }
  live(dir1, LONG, { dir2: [1], rs1: [0, 1] })
  expect(goesBy(), 'it is silent by now').toBe(1)
})
test('other links are judged anew', () => {
  const dir1 = started()
  live(dir1, LONG, { dir2: [0], rs1: [0] })
  const told = silent(dir1)
  dir1.give({ kind: 'view', view: { ...VIEW, revision: 2 } })
  expect(silent(dir1), 'as they were').toEqual(told)
  const nodes = VIEW.nodes.map((node) => ({ ...node, links: node.links.map((link) => ({ ...link, port: 7000 })) }))
  dir1.give({ kind: 'view', view: { ...VIEW, revision: 3, nodes } })
  expect(silent(dir1)).toEqual([])
})
test('troubles of the adapters are shown until they are over', () => {
  const dir1 = started()
  const trouble = { code: 'link-down', severity: 'warning', message: 'm', hint: 'h' } as const
  dir1.give({ kind: 'trouble', source: 'link outside', trouble })
  expect(dir1.core.status(dir1.now).troubles).toEqual(expect.arrayContaining([trouble]))
  dir1.give({ kind: 'trouble', source: 'link outside', trouble: null })
  expect(dir1.core.status(dir1.now).troubles).not.toEqual(expect.arrayContaining([trouble]))
})
