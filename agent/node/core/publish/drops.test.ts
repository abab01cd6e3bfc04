/** Counters that move are troubles while they do. */
import { troubleKind } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

/** The lease process says each second how its counters stand. */
function live(one: TestNode, ms: number, counters: (ms: number) => Record<string, number>): void {
  for (let spent = 0; spent < ms; spent += 1000) {
    one.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir1'), counters: counters(spent) } })
    one.run(1000)
  }
}
function started(): TestNode {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  live(dir1, 5000, () => ({ 'drop-mac': 500, 'drop-copy': 100 }))
  return dir1
}
const CODES = ['dropped', 'not-sent', 'messages-lost']
const dropped = (one: TestNode): { code: string; message: string; hint?: string | undefined }[] =>
  one.core.status(one.now()).troubles.filter(({ code, node: who }) => CODES.includes(code) && who === 'dir1')

test('what was counted before this agent looked is over', () => {
  expect(dropped(started())).toEqual([])
})
test('a counter that grows is a trouble, with what to do, until a minute after', () => {
  const dir1 = started()
  live(dir1, 10_000, (ms) => ({ 'drop-mac': 500 + ms / 500 }))
  expect(dropped(dir1)).toMatchObject([{ message: expect.stringMatching(/ datagrams .*: with a wrong signature$/) }])
  expect(dropped(dir1)[0]?.hint).toContain('the same keys')
  expect(dropped(dir1)[0]).not.toHaveProperty('pastMs')
  live(dir1, 35_000, () => ({ 'drop-mac': 520 }))
  expect(dropped(dir1)).toMatchObject([{ pastMs: expect.toSatisfy((ms: number) => ms >= 20_000 && ms <= 30_000) }])
  live(dir1, 40_000, () => ({ 'drop-mac': 520 }))
  expect(dropped(dir1)).toEqual([])
})
test('whose address they come from is told, where that node is heard all the same', () => {
  const dir1 = started()
  for (let spent = 0; spent < 10_000; spent += 1000) {
    const status = { ...statusOf('dir1', 'dir1'), counters: { 'drop-mac': 500 + spent / 500 } }
    const peers = status.peers.map((peer) =>
      peer.name === 'rs1' ? { ...peer, unbelieved: 'with a wrong signature' } : peer,
    )
    dir1.feed({ kind: 'lease-status', status: { ...status, peers } })
    dir1.run(1000)
  }
  expect(dropped(dir1)).toMatchObject([{ evidence: 'with the address of rs1: with a wrong signature' }])
})
test('also of what is no datagram of this protocol, and not of what somebody else sent', () => {
  const dir1 = started()
  for (let spent = 0; spent < 10_000; spent += 1000) {
    const counters = { 'drop-short': 500 + spent / 500, 'drop-mac': 500 + spent / 500 }
    const status = { ...statusOf('dir1', 'dir1'), counters }
    const peers = status.peers.map((peer) =>
      peer.name === 'rs1' ? { ...peer, unbelieved: 'too short (about 120 a minute)' } : peer,
    )
    dir1.feed({ kind: 'lease-status', status: { ...status, peers } })
    dir1.run(1000)
  }
  const [short, mac] = [/: too short$/, /: with a wrong signature$/].map((end) =>
    dropped(dir1).find(({ message }) => end.test(message)),
  )
  expect(short).toMatchObject({ evidence: 'with the address of rs1: too short (about 120 a minute)' })
  expect(mac).toBeDefined()
  expect(mac).not.toHaveProperty('evidence')
})
test('a few are none, nor is what is nobody’s fault', () => {
  const dir1 = started()
  live(dir1, 10_000, (ms) => ({
    'drop-mac': 500 + Math.min(9, ms),
    'drop-copy': 100 + ms,
    'send-ECONNREFUSED': ms,
    greeting: ms,
  }))
  expect(dropped(dir1)).toEqual([])
})
test('a process that started anew counts from nothing', () => {
  const dir1 = started()
  live(dir1, 10_000, () => ({ 'drop-mac': 3, 'send-ENETUNREACH': 40 }))
  expect(dropped(dir1).map(({ message }) => message)).toEqual([
    'within the last minute datagrams could not be sent: ENETUNREACH (no route leads there)',
  ])
  live(dir1, 10_000, () => ({ 'drop-mac': 40 }))
  expect(dropped(dir1).map(({ message }) => message)).toEqual([expect.stringMatching(/: with a wrong signature$/)])
})
test('to whom nothing can be sent is told, by what the kernel answered', () => {
  const dir1 = started()
  for (let spent = 0; spent < 10_000; spent += 1000) {
    const status = { ...statusOf('dir1', 'dir1'), counters: { 'send-ENETUNREACH': 40 + spent / 100 } }
    const ways = 'over inside (10.12.0.11): ENETUNREACH; over outside (10.11.0.11): EPERM'
    const peers = status.peers.map((peer) => (peer.name === 'rs1' ? { ...peer, unsent: ways } : peer))
    dir1.feed({ kind: 'lease-status', status: { ...status, peers } })
    dir1.run(1000)
  }
  expect(dropped(dir1)).toMatchObject([{ code: 'not-sent', evidence: 'to rs1 over inside (10.12.0.11)' }])
})
test('that somebody speaks past this cluster is said only where it is so', () => {
  const dir1 = started()
  live(dir1, 10_000, (ms) => ({
    'drop-mac': 500 + ms / 500,
    'send-ENETUNREACH': ms / 100,
    'drop-to-lease-crowded': ms / 100,
  }))
  const means = dropped(dir1).map(({ code }) => `${code}: ${troubleKind(code)?.means}`)
  expect(means.toSorted()).toEqual([
    expect.stringMatching(/^dropped: somebody speaks past this cluster/),
    expect.stringMatching(/^messages-lost: other nodes may know less/),
    expect.stringMatching(/^not-sent: other nodes hear less of this one/),
  ])
})
