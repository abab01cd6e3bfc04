import { instant } from '@lvsm/base'
import type { ConfigGroup } from '@lvsm/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  LOST_AFTER,
  newPings,
  nextPingAt,
  PING_EVERY_MS,
  type Pings,
  pingAnswered,
  pingsSent,
  pingTroubles,
  reachedPings,
  reachesOf,
  setPingNodes,
  takeDuePings,
  takePingVerdicts,
  type Unsent,
} from './pings.ts'

const group = (name: string, ping: readonly string[]): ConfigGroup => ({
  name,
  directors: [],
  addresses: [],
  ping,
  takeHooks: [],
  releaseHooks: [],
  hookUser: null,
  hookTimeoutMs: 10_000,
})
const ROUTER = '10.11.0.254'
function pingsOf(groups: readonly ConfigGroup[], startedAt = 0): Pings {
  const pings = newPings(instant(startedAt))
  setPingNodes(pings, groups)
  return pings
}

/** One request to each, at once; what is answered to the one before comes before it. */
function ask(pings: Pings, now: number, unsent: readonly Unsent[] = []): number {
  const asked = takeDuePings(pings, instant(now))
  if (asked) pingsSent(pings, asked.round, unsent, instant(now))
  return asked?.round ?? 0
}

/** Asks as often as the text has letters: `+` is answered, `-` is not. */
function lived(text: string) {
  const pings = pingsOf([group('web', [ROUTER])])
  const seen: (boolean | null)[] = []
  let now = 0
  for (const letter of text) {
    const round = ask(pings, now)
    if (letter === '+') pingAnswered(pings, ROUTER, round)
    now += PING_EVERY_MS
    seen.push(reachedPings(pings)[ROUTER] ?? null)
  }
  // The time of the last request is over, too.
  ask(pings, now)
  return { pings, seen, reached: reachedPings(pings)[ROUTER] }
}

describe('a ping node', () => {
  it.each([
    ['', null],
    ['-', null],
    ['--', null],
    ['---', false],
    ['+', true],
    ['+--', true],
    ['+---', false],
    ['+--+--', true],
    ['---+', true],
    ['---+---', false],
    ['+---+--', true],
  ])('that answers like "%s" is reached: %s', (text, reached) => expect(lived(text).reached).toBe(reached))

  it('is reached for sure when one of the last three requests was answered, else not, whatever was before', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('+', '-'), minLength: 3, maxLength: 40 }), (text) => {
        return lived(text).reached === text.slice(-LOST_AFTER).includes('+')
      }),
    )
  })

  it('tells each change once, with the reason; the first answer is none', () => {
    const { pings } = lived('+----')
    expect(takePingVerdicts(pings)).toEqual([
      { address: ROUTER, reached: false, reason: '3 requests in a row were not answered' },
    ])
    expect(takePingVerdicts(pings)).toEqual([])
    pingAnswered(pings, ROUTER, 6)
    expect(takePingVerdicts(pings)).toEqual([{ address: ROUTER, reached: true, reason: 'it answers' }])
  })

  it('is not lost to a process that stands still, however often; to one that is in time it is', () => {
    const { pings } = lived('+--')
    let now = 3 * PING_EVERY_MS
    for (let stall = 0; stall < 10; stall++) {
      now += 2 * PING_EVERY_MS
      ask(pings, now)
    }
    expect(reachedPings(pings)).toEqual({ [ROUTER]: true })
    ask(pings, now + PING_EVERY_MS)
    expect(takePingVerdicts(pings)).toEqual([
      { address: ROUTER, reached: false, reason: '3 requests in a row were not answered' },
    ])
  })

  it('has a whole interval for each request, also for one that left late', () => {
    const pings = pingsOf([group('web', [ROUTER])])
    pingAnswered(pings, ROUTER, ask(pings, 0))
    for (let now = PING_EVERY_MS; now < 20_000; now += 218) {
      const round = takeDuePings(pings, instant(now + 400))?.round
      if (round === undefined) continue
      // It leaves and is answered while this process is busy; the answer is read before the next one leaves.
      pingsSent(pings, round, [], instant(now + 780))
      expect(takeDuePings(pings, instant(now + 780 + PING_EVERY_MS - 1))).toBe(null)
      pingAnswered(pings, ROUTER, round)
    }
    expect([reachedPings(pings)[ROUTER], takePingVerdicts(pings)]).toEqual([true, []])
  })

  it('answered what is heard before the next request leaves, however late this process reads', () => {
    const pings = pingsOf([group('web', [ROUTER])])
    let last = ask(pings, 0)
    for (let now = PING_EVERY_MS; now < 20 * PING_EVERY_MS; now += PING_EVERY_MS) {
      const round = takeDuePings(pings, instant(now))?.round ?? 0
      pingAnswered(pings, ROUTER, last)
      pingsSent(pings, round, [], instant(now))
      last = round
      expect(reachedPings(pings)).toEqual({ [ROUTER]: true })
    }
    expect(takePingVerdicts(pings)).toEqual([])
  })

  it('is missed by no request of which this process read too late that it was sent, or read twice', () => {
    const pings = pingsOf([group('web', [ROUTER])])
    pingAnswered(pings, ROUTER, ask(pings, 0))
    for (let now = PING_EVERY_MS; now < 30 * PING_EVERY_MS; now += 2 * PING_EVERY_MS) {
      const first = takeDuePings(pings, instant(now))?.round ?? 0
      const second = takeDuePings(pings, instant(now + PING_EVERY_MS))?.round ?? 0
      // All that waited is read at once, in its order: what was answered stands before the next request.
      for (const round of [first, first]) pingsSent(pings, round, [], instant(now + PING_EVERY_MS))
      pingAnswered(pings, ROUTER, first)
      for (const round of [second, second, first]) pingsSent(pings, round, [], instant(now + PING_EVERY_MS))
      pingAnswered(pings, ROUTER, second)
    }
    expect([reachedPings(pings)[ROUTER], takePingVerdicts(pings)]).toEqual([true, []])
  })

  it('counts for nothing that is too late, comes twice, was never asked, or is of a stranger', () => {
    const { pings } = lived('---')
    for (const round of [0, 1, 5, -1, 99]) pingAnswered(pings, ROUTER, round)
    pingAnswered(pings, '10.11.0.1', 4)
    expect(reachedPings(pings)).toEqual({ [ROUTER]: false })
    // Two seconds on the way are not too long.
    pingAnswered(pings, ROUTER, 2)
    expect(reachedPings(pings)).toEqual({ [ROUTER]: true })
    const twice = lived('+--').pings
    pingAnswered(twice, ROUTER, 1)
    ask(twice, 4000)
    expect(reachedPings(twice)).toEqual({ [ROUTER]: false })
  })
})

describe('pings', () => {
  it('go out once a second, all under one number; a stall is not made up for', () => {
    const pings = pingsOf([group('web', [ROUTER, '10.11.0.253']), group('mail', [ROUTER])], 500)
    expect(takeDuePings(pings, instant(499))).toBe(null)
    expect(takeDuePings(pings, instant(500))).toEqual({ round: 1, addresses: [ROUTER, '10.11.0.253'] })
    expect([nextPingAt(pings), takeDuePings(pings, instant(1499))]).toEqual([1500, null])
    expect(takeDuePings(pings, instant(1510))?.round).toBe(2)
    expect(nextPingAt(pings)).toBe(2510)
    expect(takeDuePings(pings, instant(60_000))?.round).toBe(3)
    expect([nextPingAt(pings), takeDuePings(pings, instant(60_999))]).toEqual([61_000, null])
  })

  it('of a director without ping nodes never happen', () => {
    const pings = pingsOf([group('web', [])])
    expect([
      takeDuePings(pings, instant(9000)),
      nextPingAt(pings),
      reachesOf(pings, 'web'),
      pingTroubles(pings),
    ]).toEqual([null, null, 0, []])
  })

  it('are counted for each group, and what is not reached is a trouble that names groups, reason and next step', () => {
    const far = '192.0.2.1'
    const names = ['a', 'b', 'c', 'd', 'e']
    const pings = pingsOf([group('web', [ROUTER, far]), ...names.map((name) => group(name, [far]))])
    for (let round = 1; round <= 4; round++) {
      ask(pings, round * PING_EVERY_MS, [{ address: far, error: 'no route to that network' }])
      pingAnswered(pings, ROUTER, round)
    }
    expect(['web', 'a', 'nobody'].map((name) => reachesOf(pings, name))).toEqual([1, 0, 0])
    expect(pingTroubles(pings)).toMatchObject([
      {
        code: 'ping-unreached',
        severity: 'warning',
        message: `ping node ${far} of groups web, a, b and 3 more is not reached: no route to that network`,
        hint: expect.stringContaining(`ip route get ${far}`),
      },
    ])
    ask(pings, 9000)
    expect(pingTroubles(pings)[0]?.message).toContain('3 requests in a row were not answered')
  })

  it('of a configuration that changed: who stays keeps what is known, who comes later has its time, who left is forgotten', () => {
    const [stays, leaves, comes] = [ROUTER, '192.0.2.1', '192.0.2.2']
    const pings = pingsOf([group('web', [stays, leaves])])
    let now = 0
    const round = (...answers: readonly string[]): void => {
      const asked = ask(pings, (now += PING_EVERY_MS))
      for (const address of answers) pingAnswered(pings, address, asked)
    }
    for (let count = 0; count < 9; count++) round(stays)
    setPingNodes(pings, [group('mail', [stays, comes])])
    expect(reachedPings(pings)).toEqual({ [stays]: true, [comes]: null })
    // It was not asked then.
    pingAnswered(pings, comes, 9)
    for (let count = 0; count < LOST_AFTER; count++) round(stays)
    expect(reachedPings(pings)).toEqual({ [stays]: true, [comes]: null })
    round(stays)
    expect(reachedPings(pings)).toEqual({ [stays]: true, [comes]: false })
    expect([reachesOf(pings, 'mail'), reachesOf(pings, 'web')]).toEqual([1, 0])
  })
})
