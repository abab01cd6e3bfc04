/** Which address lists a voter understands, and to whom it lends what stands in them, while configurations come and go. */
import { type LeaseView } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { Acceptor } from './acceptor.ts'
import { RULES } from './rules.ts'

const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
type Group = LeaseView['groups'][number]
const group = (name: string, directors: readonly string[], ...addresses: string[]): Group => ({
  ...{ name, directors, digest: addresses.join('+') },
  addresses: addresses.map((address) => ({ address, prefix: 24, ifindex: 2, kind: 'vip' as const })),
})
const viewOf = (...groups: readonly Group[]): LeaseView => ({
  ...{ cluster: 'lab', node: 'rs1', epoch: 1, revision: 1, timing, nodes: [], keys: [], signWith: 1 },
  groups,
})
const now = instant(10_000)
function voter(...groups: readonly Group[]): Acceptor {
  const made = new Acceptor(instant(0), { limitMs: 350, highWater: 0 }, RULES)
  made.adopt(viewOf(...groups), now)
  return made
}
const answer = (made: Acceptor, node: string, name: string, digest: string): string | undefined => {
  const said = made.poll({ node, incarnation: node, sequence: 1 }, { kind: 'poll', group: name, digest, epoch: 1 }, now)
  return said?.kind === 'busy' ? said.reason : said?.kind
}

test('a list of the present view is understood, however many of others came and went beside it', () => {
  const mail = group('mail', ['dir1'], 'C')
  const made = voter(mail)
  for (let round = 0; round < 200; round++) {
    made.adopt(viewOf(mail, group('web', ['dir1'], `A${round}`)), now)
    expect([round, answer(made, 'dir1', 'mail', 'C')]).toEqual([round, 'free'])
  }
})

test('of an earlier list only who directs every one of its addresses now is lent anything', () => {
  const made = voter(group('web', ['dir1', 'dir2'], 'A', 'B'))
  made.adopt(viewOf(group('one', ['dir1', 'dir2'], 'A'), group('two', ['dir1'], 'B')), now)
  expect(['dir1', 'dir2'].map((node) => answer(made, node, 'web', 'A+B'))).toEqual(['free', 'unknown-list'])
})

test('addresses and directors that no list has any more are forgotten, their numbers are not', () => {
  const made = voter(group('web', ['dir1'], 'A'))
  const request = { kind: 'request', group: 'web', digest: 'A', epoch: 1, leaseMs: 350, number: 7 } as const
  expect(made.request({ node: 'dir1', incarnation: 'dir1', sequence: 1 }, request, now)?.kind).toBe('ack')
  const addresses = (): string[] => made.votes().map(([address]) => address)
  for (let round = 0; round < 200; round++) {
    made.adopt(viewOf(group(`g${round}`, ['dir1'], `B${round}`)), now)
    answer(made, 'dir1', `g${round}`, `B${round}`)
  }
  // A grant that lives stays, whatever the lists are.
  expect(addresses()).toContain('A')
  expect(addresses().length).toBeLessThan(80)
  const later = instant(20_000)
  made.adopt(viewOf(group('web', ['dir1'], 'C')), later)
  expect(addresses()).not.toContain('A')
  made.adopt(viewOf(group('web', ['dir1'], 'A')), later)
  const again = { ...request, digest: 'A' }
  const start = { node: 'dir1', incarnation: 'dir1.2', sequence: 1 }
  expect(made.request(start, { ...again, number: 7 }, later)).toMatchObject({
    kind: 'busy',
    reason: 'number',
    highWater: 7,
  })
  expect(made.request(start, { ...again, number: 8 }, later)?.kind).toBe('ack')
  expect(made.wantedState(later).highWater).toBeGreaterThanOrEqual(8)
})
