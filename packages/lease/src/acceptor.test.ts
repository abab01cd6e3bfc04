import { type LeaseView, type Request } from '@lvsm/protocol'
import { instant, LONGEST_LEASE_MS, quarantineMs } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Acceptor, LOST_STATE, NEW_STATE, type Sender } from './acceptor.ts'
import { MOST_AHEAD, RESERVE_NUMBERS } from './number.ts'
import { RULES, type Rules } from './rules.ts'

const timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const group = (name: string, ...addresses: string[]): LeaseView['groups'][number] => ({
  name,
  digest: addresses.join('+'),
  directors: ['dir1', 'dir2', 'dir3'],
  addresses: addresses.map((address) => ({ address, prefix: 24, ifindex: 2, kind: 'vip' as const })),
})
const view = (changed: Partial<LeaseView> = {}): LeaseView => ({
  cluster: 'lab',
  node: 'rs1',
  epoch: 1,
  revision: 1,
  timing,
  nodes: [],
  groups: [group('web', 'A', 'B'), group('mail', 'C')],
  keys: [],
  signWith: 1,
  ...changed,
})
const by = (node: string, sequence: number, start = 1): Sender => ({ node, incarnation: `${node}.${start}`, sequence })
const about = { group: 'web', digest: 'A+B', epoch: 1 }
const ask = (number: number, changed: Partial<Request> = {}): Request => ({
  kind: 'request',
  ...about,
  leaseMs: 350,
  number,
  ...changed,
})
const poll = { kind: 'poll', ...about } as const
const release = (upTo: number, successor: string | null = null) =>
  ({ kind: 'release', ...about, upTo, successor }) as const
const at = (ms: number) => instant(1000 + ms)

const KEPT = { limitMs: 350, highWater: 0 }
/** Past its quarantine. */
function acceptor(rules: Rules = RULES, state = KEPT): Acceptor {
  const made = new Acceptor(instant(0), state, rules)
  made.adopt(view(), instant(0))
  return made
}
/** Everything that it wants on disk is there at once. */
function write(made: Acceptor, now: ReturnType<typeof at>): void {
  made.writes(made.wantedState(now))
  made.wrote(true)
}

describe('a voter asked by a node that is no director of the group', () => {
  test('lends nothing, and says that it knows of no such thing', () => {
    const rs1 = acceptor()
    expect(rs1.poll(by('rs2', 1), poll, at(0))).toMatchObject({ kind: 'busy', reason: 'unknown-list' })
    expect(rs1.request(by('rs2', 2), ask(1), at(1))).toMatchObject({ kind: 'busy', reason: 'unknown-list' })
    expect(rs1.request(by('dir1', 1), ask(1), at(2))).toMatchObject({ kind: 'ack', highWater: 1 })
  })
  test('lets one that was taken off the list renew what it has, until that runs out', () => {
    const rs1 = acceptor()
    expect(rs1.request(by('dir1', 1), ask(1), at(0))).toMatchObject({ kind: 'ack' })
    rs1.adopt(view({ groups: [{ ...group('web', 'A', 'B'), directors: ['dir2'] }] }), at(10))
    expect(rs1.request(by('dir1', 2), ask(1), at(100))).toMatchObject({ kind: 'ack' })
    expect(rs1.request(by('dir1', 3), ask(1), at(500))).toMatchObject({ kind: 'busy', reason: 'unknown-list' })
  })
})

describe('a voter asked by the list of an earlier configuration', () => {
  const earlier = (from: string, sequence = 1) => [by(from, sequence), ask(1), at(10)] as const
  test('lends to who directs its addresses still, and to nobody who has left the directors since', () => {
    const rs1 = acceptor()
    rs1.adopt(view({ groups: [{ ...group('www', 'A', 'D'), directors: ['dir1', 'dir3'] }] }), at(0))
    expect(rs1.request(...earlier('dir2'))).toMatchObject({ kind: 'busy', reason: 'unknown-list' })
    expect(rs1.poll(by('dir2', 2), poll, at(10))).toMatchObject({ kind: 'busy', reason: 'unknown-list' })
    expect(rs1.request(...earlier('dir1'))).toMatchObject({ kind: 'ack' })
  })
  test('does so where its addresses are nobody’s now: to directors alone', () => {
    const rs1 = acceptor()
    rs1.adopt(view({ groups: [{ ...group('mail', 'C'), directors: ['dir1'] }] }), at(0))
    expect(rs1.request(...earlier('dir2'))).toMatchObject({ kind: 'busy', reason: 'unknown-list' })
    expect(rs1.request(...earlier('dir1'))).toMatchObject({ kind: 'ack' })
  })
})

describe("a voter asked by a node that takes another's start for its own", () => {
  const borrowed = (sequence: number): Sender => ({ node: 'rs2', incarnation: 'dir1.1', sequence })
  test('renews nothing for it, and gives nothing free', () => {
    const rs1 = acceptor()
    expect(rs1.request(by('dir1', 1), ask(1), at(0))).toMatchObject({ kind: 'ack' })
    expect(rs1.request(borrowed(1000), ask(1), at(10))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(rs1.request({ ...borrowed(1), node: 'dir2' }, ask(1), at(10))).toMatchObject({ reason: 'held' })
    rs1.release(borrowed(1001), release(1001, 'dir2'), at(20))
    expect(rs1.request(by('dir2', 1), ask(2), at(30))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(rs1.request(by('dir1', 2), ask(1), at(100))).toMatchObject({ kind: 'ack' })
    rs1.release(by('dir1', 3), release(3), at(110))
    expect(rs1.request(by('dir2', 2), ask(2), at(120))).toMatchObject({ kind: 'ack' })
  })
})

describe('a voter that lends nothing anew', () => {
  test('renews what is lent, and refuses everything else, polls too', () => {
    const rs1 = acceptor()
    expect(rs1.request(by('dir1', 1), ask(1), at(0))).toMatchObject({ kind: 'ack' })
    expect(rs1.request(by('dir1', 2), ask(1), at(100), false)).toMatchObject({ kind: 'ack' })
    expect(rs1.poll(by('dir1', 3), poll, at(110), false)).toMatchObject({ kind: 'free' })
    expect(rs1.poll(by('dir2', 1), poll, at(120), false)).toMatchObject({ kind: 'busy', reason: 'held' })
    // The grant of 100 has run out: the same holding would be a new one.
    for (const refused of [
      rs1.request(by('dir1', 4), ask(1), at(450), false),
      rs1.request(by('dir2', 2), ask(2), at(450), false),
      rs1.poll(by('dir2', 3), poll, at(450), false),
    ])
      expect(refused).toMatchObject({ kind: 'busy', reason: 'epoch' })
    expect(rs1.request(by('dir2', 4), ask(2), at(451))).toMatchObject({ kind: 'ack' })
  })
  test('renews only a lease of every address of the group', () => {
    const rs1 = acceptor()
    expect(rs1.request(by('dir1', 1), ask(1, { group: 'mail', digest: 'C' }), at(0))).toMatchObject({ kind: 'ack' })
    const both = group('mail', 'C', 'D')
    rs1.adopt(view({ groups: [group('web', 'A', 'B'), both] }), at(10))
    const message = ask(1, { group: 'mail', digest: both.digest })
    expect(rs1.request(by('dir1', 2), message, at(20), false)).toMatchObject({ kind: 'busy', reason: 'epoch' })
    expect(rs1.request(by('dir1', 3), message, at(30))).toMatchObject({ kind: 'ack' })
  })
})

describe('quarantine', () => {
  test('lasts as long as the longest lease that a predecessor may have granted, whatever the view says now', () => {
    const made = new Acceptor(at(0), { limitMs: 1000, highWater: 0 }, RULES)
    made.adopt(view(), at(0))
    const endMs = quarantineMs(1000)
    expect(made.quarantineLeftMs(at(0))).toBeCloseTo(endMs)
    expect(made.poll(by('dir1', 1), poll, at(endMs - 1))).toBeNull()
    expect(made.request(by('dir1', 2), ask(1), at(endMs - 1))).toBeNull()
    expect(made.poll(by('dir1', 3), poll, at(endMs))?.kind).toBe('free')
    expect(made.request(by('dir1', 4), ask(1), at(endMs))?.kind).toBe('ack')
  })
  test('counts from the start, not from the view', () => {
    const made = new Acceptor(at(0), KEPT, RULES)
    expect(made.request(by('dir1', 1), ask(1), at(LONGEST_LEASE_MS)), 'no view yet').toBeNull()
    made.adopt(view(), at(5000))
    expect(made.poll(by('dir1', 2), poll, at(5000))?.kind).toBe('free')
  })
  test('where the state is lost, the longest legal lease; on a new node, none', () => {
    expect(new Acceptor(at(0), LOST_STATE, RULES).quarantineLeftMs(at(0))).toBeCloseTo(quarantineMs(LONGEST_LEASE_MS))
    expect(new Acceptor(at(0), NEW_STATE, RULES).quarantineLeftMs(at(2))).toBe(0)
  })
  test('a new node lends nothing before its disk knows for how long', () => {
    const made = new Acceptor(at(0), NEW_STATE, RULES)
    made.adopt(view(), at(0))
    expect(made.request(by('dir1', 1), ask(1), at(10))).toBeNull()
    write(made, at(10))
    expect(made.request(by('dir1', 2), ask(1), at(20))).toMatchObject({ kind: 'ack', grantMs: 350 })
  })
})

describe('grants', () => {
  test('one node at a time; the other is told how long', () => {
    const made = acceptor()
    expect(made.request(by('dir1', 1), ask(1), at(0))).toMatchObject({ kind: 'ack', grantMs: 350, highWater: 1 })
    expect(made.request(by('dir2', 1), ask(2), at(50))).toMatchObject({ kind: 'busy', reason: 'held', leftMs: 300 })
    expect(made.request(by('dir2', 2), ask(2), at(350))).toMatchObject({ kind: 'ack' })
  })
  test('what was refused changes nothing', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.request(by('dir2', 1), ask(9), at(50))
    expect(made.poll(by('dir2', 2), poll, at(350))).toMatchObject({ kind: 'free', highWater: 1 })
  })
  test('a renewal keeps its number, also when it comes late; a new holding needs a new one', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    expect(made.request(by('dir1', 2), ask(1), at(900))).toMatchObject({ kind: 'ack' })
    expect(made.request(by('dir1', 1, 2), ask(1), at(1300))).toMatchObject({
      kind: 'busy',
      reason: 'number',
      highWater: 1,
    })
    expect(made.request(by('dir1', 2, 2), ask(2), at(1310))).toMatchObject({ kind: 'ack' })
  })
  test('an older send of a start is dropped', () => {
    const made = acceptor()
    made.request(by('dir1', 5), ask(1), at(0))
    expect(made.request(by('dir1', 4), ask(1), at(10))).toBeNull()
  })
  test('the lease duration is the shorter of both; a shorter one later does not shorten what was granted', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    expect(made.request(by('dir1', 2), ask(1, { leaseMs: 50 }), at(10))).toMatchObject({ grantMs: 50 })
    expect(made.poll(by('dir2', 1), poll, at(100))).toMatchObject({ kind: 'busy', leftMs: 250 })
    const planted = acceptor({ ...RULES, grantUntil: (_present, proposed) => proposed })
    planted.request(by('dir1', 1), ask(1), at(0))
    planted.request(by('dir1', 2), ask(1, { leaseMs: 50 }), at(10))
    expect(planted.poll(by('dir2', 1), poll, at(100)), 'planted: two owners').toMatchObject({ kind: 'free' })
  })
  test('a longer one than the disk knows is cut to what it knows, until it is written', () => {
    const made = new Acceptor(instant(0), { limitMs: 200, highWater: 0 }, RULES)
    made.adopt(view(), instant(0))
    expect(made.request(by('dir1', 1), ask(1), at(0))).toMatchObject({ grantMs: 200 })
    write(made, at(1))
    expect(made.request(by('dir1', 2), ask(1), at(2))).toMatchObject({ grantMs: 350 })
  })
  test('another start of the same node waits like anybody else: it may be another machine', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    expect(made.poll(by('dir1', 1, 2), poll, at(10))).toMatchObject({ kind: 'busy', reason: 'held', leftMs: 340 })
    expect(made.request(by('dir1', 2, 2), ask(2), at(10))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(made.request(by('dir1', 3, 2), ask(2), at(350))).toMatchObject({ kind: 'ack' })
  })
  test('a length that is none lends nothing', () => {
    const made = acceptor()
    expect(made.request(by('dir1', 1), ask(1, { leaseMs: 0 }), at(0))).toBeNull()
    expect(made.request(by('dir1', 2), ask(1, { leaseMs: -5 }), at(0))).toBeNull()
    expect(made.request(by('dir1', 3), ask(1), at(0))).toMatchObject({ kind: 'ack' })
  })
  test('a number far above all others is refused, and changes nothing', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(7), at(0))
    expect(made.request(by('dir1', 2, 2), ask(8 + MOST_AHEAD), at(400))).toMatchObject({
      reason: 'number',
      highWater: 7,
    })
    expect(made.request(by('dir1', 3, 2), ask(7 + MOST_AHEAD), at(400))).toMatchObject({ kind: 'ack' })
  })
  test('one address, spelled in two ways, is one lock', () => {
    const made = acceptor()
    made.adopt(view({ groups: [group('web', 'fd00::1'), group('mail', 'FD00:0::1')] }), at(0))
    made.request(by('dir1', 1), ask(1, { digest: 'fd00::1' }), at(0))
    const mail: Request = { kind: 'request', group: 'mail', digest: 'FD00:0::1', epoch: 1, leaseMs: 350, number: 5 }
    expect(made.request(by('dir2', 1), mail, at(10))).toMatchObject({ kind: 'busy', reason: 'held' })
  })
  test('addresses of lists of long ago are forgotten, those of the present view never', () => {
    const made = acceptor()
    for (let round = 0; round < 70; round++)
      made.adopt(view({ groups: [group('web', `A${round}`), group('mail', 'C')] }), at(0))
    const of = (digest: string): string | undefined => {
      const answer = made.poll(by('dir1', 1), { ...poll, digest }, at(0))
      return answer?.kind === 'busy' ? answer.reason : answer?.kind
    }
    expect([of('A69'), of('A5'), of('A4'), of('A+B')]).toEqual(['free', 'free', 'unknown-list', 'unknown-list'])
  })
  test('who else has the group, as far as this voter knows', () => {
    const made = acceptor()
    const [web] = view().groups as [LeaseView['groups'][number]]
    expect(made.heldByOthersMs(web, by('dir2', 1), at(0))).toBe(0)
    made.request(by('dir1', 1), ask(1), at(0))
    expect(made.heldByOthersMs(web, by('dir2', 1), at(50))).toBe(300)
    expect(made.heldByOthersMs(web, by('dir1', 1), at(50))).toBe(0)
    made.release(by('dir1', 2), release(1, 'dir3'), at(60))
    expect(made.heldByOthersMs(web, by('dir2', 1), at(70)), 'reserved is not held').toBe(0)
  })
  test('another epoch and an unknown list are refused', () => {
    const made = acceptor()
    expect(made.request(by('dir1', 1), ask(1, { epoch: 2 }), at(0))).toMatchObject({
      kind: 'busy',
      reason: 'epoch',
      epoch: 1,
    })
    expect(made.request(by('dir1', 2), ask(1, { digest: 'X' }), at(0))).toMatchObject({
      kind: 'busy',
      reason: 'unknown-list',
    })
  })
  test('the address is the lock: an address that changed its group is still held', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.adopt(view({ groups: [group('web', 'A'), group('mail', 'B', 'C')] }), at(5))
    const mail: Request = { kind: 'request', group: 'mail', digest: 'B+C', epoch: 1, leaseMs: 350, number: 5 }
    expect(made.request(by('dir2', 1), mail, at(10))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(made.request(by('dir1', 2), ask(1), at(20)), 'a recent list').toMatchObject({ kind: 'ack' })
  })
})

describe('release', () => {
  test('frees at once, or keeps the vote for a successor for the time that was left', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.release(by('dir1', 2), release(1, 'dir2'), at(50))
    expect(made.request(by('dir3', 1), ask(2), at(60))).toMatchObject({ kind: 'busy', reason: 'reserved', leftMs: 290 })
    expect(made.request(by('dir2', 1), ask(2), at(60))).toMatchObject({ kind: 'ack' })
  })
  test('of an older send, another start or another node changes nothing', () => {
    const made = acceptor()
    made.request(by('dir1', 7), ask(1), at(0))
    made.release(by('dir1', 8), release(6), at(10))
    made.release(by('dir1', 1, 2), release(9), at(10))
    made.release(by('dir2', 1), release(9), at(10))
    expect(made.poll(by('dir2', 2), poll, at(20))).toMatchObject({ kind: 'busy', reason: 'held' })
  })
  test('a late message of an old start neither replaces nor releases what the new one has', () => {
    const made = acceptor()
    made.request(by('dir1', 1, 2), ask(1), at(0))
    expect(made.request(by('dir1', 50, 1), ask(2), at(10))).toMatchObject({ kind: 'busy', reason: 'held' })
    made.release(by('dir1', 51, 1), release(50), at(20))
    expect(made.poll(by('dir2', 1), poll, at(30))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(made.request(by('dir1', 2, 2), ask(1), at(40)), 'a renewal').toMatchObject({ kind: 'ack' })
  })
  test('a reservation for a node is good for any of its starts, and ends with a grant', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.release(by('dir1', 2), release(1, 'dir2'), at(50))
    expect(made.request(by('dir2', 1, 7), ask(2), at(60))).toMatchObject({ kind: 'ack' })
    made.release(by('dir2', 2, 7), release(1), at(70))
    expect(made.poll(by('dir3', 1), poll, at(80))).toMatchObject({ kind: 'free' })
  })
  test('a reservation ends when the grant would have', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.release(by('dir1', 2), release(1, 'dir2'), at(50))
    expect(made.request(by('dir3', 1), ask(2), at(349))).toMatchObject({ kind: 'busy', reason: 'reserved' })
    expect(made.request(by('dir3', 2), ask(2), at(350))).toMatchObject({ kind: 'ack' })
  })
  test('of a grant that has run out reserves nothing', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.release(by('dir1', 2), release(1, 'dir2'), at(350))
    expect(made.poll(by('dir3', 1), poll, at(350))).toMatchObject({ kind: 'free' })
  })
  test('ends the start’s own requests that were sent before it', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.release(by('dir1', 9), release(8), at(10))
    expect(made.request(by('dir1', 8), ask(1), at(20)), 'it was under way').toBeNull()
    expect(made.poll(by('dir2', 1), poll, at(30))).toMatchObject({ kind: 'free' })
  })
})

test('numbers are reserved on disk ahead, once for each thousand', () => {
  const made = acceptor(RULES, { limitMs: 350, highWater: 4000 })
  expect(made.wantedState(at(0)).highWater).toBe(4000 + RESERVE_NUMBERS)
  expect(made.wantedState(at(0)).highWater).toBe(5000)
  made.request(by('dir1', 1), ask(4499), at(0))
  expect(made.wantedState(at(0)).highWater).toBe(5000)
  made.request(by('dir1', 2), ask(4500), at(0))
  expect(made.wantedState(at(0)).highWater).toBe(5500)
})

test('no lease number up to the one that was kept is new', () => {
  const made = acceptor(RULES, { limitMs: 350, highWater: 4000 })
  expect(made.request(by('dir1', 1), ask(4000), at(0))).toMatchObject({
    kind: 'busy',
    reason: 'number',
    highWater: 4000,
  })
  expect(made.request(by('dir1', 2), ask(4001), at(0))).toMatchObject({ kind: 'ack', highWater: 4001 })
})

test('whatever is asked, released and repeated: an address is lent to one start at a time, and never cut short', () => {
  const nodes = ['dir1', 'dir2', 'dir3']
  const step = fc.record({
    node: fc.constantFrom(...nodes),
    start: fc.constantFrom(1, 2),
    kind: fc.constantFrom('request', 'request', 'request', 'poll', 'release'),
    pass: fc.integer({ min: 0, max: 150 }),
    number: fc.constantFrom(0, 1, 2),
    leaseMs: fc.constantFrom(100, 350, 900),
    group: fc.constantFrom('web', 'mail'),
  })
  let granted = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
      const made = acceptor()
      made.adopt(view({ groups: [group('web', 'A', 'B'), group('mail', 'B', 'C')] }), at(0))
      const digests: Record<string, string> = { web: 'A+B', mail: 'B+C' }
      let [now, sequence, highest] = [at(0), 0, 0]
      /** By address: who may believe in it, and until when. */
      const lent = new Map<string, { who: string; until: number }>()
      for (const one of steps) {
        now = instant(now + one.pass)
        sequence += 1
        const sender = by(one.node, sequence, one.start)
        const named = { group: one.group, digest: digests[one.group] ?? '', epoch: 1 }
        const addresses = (digests[one.group] ?? '').split('+')
        if (one.kind === 'poll') made.poll(sender, { kind: 'poll', ...named }, now)
        if (one.kind === 'release') {
          made.release(sender, { kind: 'release', ...named, upTo: sequence, successor: null }, now)
          for (const address of addresses) if (lent.get(address)?.who === sender.incarnation) lent.delete(address)
        }
        if (one.kind !== 'request') continue
        const number = highest + one.number
        const answer = made.request(sender, { kind: 'request', ...named, leaseMs: one.leaseMs, number }, now)
        if (answer?.kind !== 'ack') continue
        granted += 1
        expect(answer.grantMs).toBeLessThanOrEqual(350)
        highest = Math.max(highest, number)
        for (const address of addresses) {
          const other = lent.get(address)
          if (other && other.who !== sender.incarnation) expect(other.until).toBeLessThanOrEqual(now)
          const until = other?.who === sender.incarnation ? other.until : 0
          lent.set(address, { who: sender.incarnation, until: Math.max(until, now + answer.grantMs) })
        }
      }
    }),
    { numRuns: 300 },
  )
  expect(granted).toBeGreaterThan(1000)
})
