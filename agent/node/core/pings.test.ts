import { instant } from '@lvsm/base'
import type { ConfigGroup } from '@lvsm/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOST_AFTER, PING_EVERY_MS, Pings } from './pings.ts'

const group = (name: string, ping: readonly string[]): ConfigGroup => ({ name, directors: [], addresses: [], ping })
const ROUTER = '10.11.0.254'

/** Asks as often as the text has letters: `+` is answered, `-` is not. */
function lived(text: string) {
  const pings = new Pings([group('web', [ROUTER])], instant(0))
  const seen: (boolean | null)[] = []
  let now = 0
  for (const letter of text) {
    const round = pings.due(instant(now))?.round ?? 0
    if (letter === '+') pings.answered(ROUTER, round)
    now += PING_EVERY_MS
    seen.push(pings.reached()[ROUTER] ?? null)
  }
  // The time of the last request is over, too.
  pings.due(instant(now))
  return { pings, seen, reached: pings.reached()[ROUTER] }
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
    expect(pings.takeVerdicts()).toEqual([
      { address: ROUTER, reached: false, reason: '3 requests in a row were not answered' },
    ])
    expect(pings.takeVerdicts()).toEqual([])
    pings.answered(ROUTER, 6)
    expect(pings.takeVerdicts()).toEqual([{ address: ROUTER, reached: true, reason: 'it answers' }])
  })

  it('counts for nothing that is too late, comes twice, was never asked, or is of a stranger', () => {
    const { pings } = lived('---')
    for (const round of [0, 1, 5, -1, 99]) pings.answered(ROUTER, round)
    pings.answered('10.11.0.1', 4)
    expect(pings.reached()).toEqual({ [ROUTER]: false })
    // Two seconds on the way are not too long.
    pings.answered(ROUTER, 2)
    expect(pings.reached()).toEqual({ [ROUTER]: true })
    const twice = lived('+--').pings
    twice.answered(ROUTER, 1)
    twice.due(instant(99_000))
    expect(twice.reached()).toEqual({ [ROUTER]: false })
  })
})

describe('pings', () => {
  it('go out once a second, all under one number; a stall is not made up for', () => {
    const pings = new Pings([group('web', [ROUTER, '10.11.0.253']), group('mail', [ROUTER])], instant(500))
    expect(pings.due(instant(499))).toBe(null)
    expect(pings.due(instant(500))).toEqual({ round: 1, addresses: [ROUTER, '10.11.0.253'] })
    expect([pings.nextAt(), pings.due(instant(1499))]).toEqual([1500, null])
    expect(pings.due(instant(1510))?.round).toBe(2)
    expect(pings.nextAt()).toBe(2500)
    expect(pings.due(instant(60_000))?.round).toBe(3)
    expect([pings.nextAt(), pings.due(instant(60_999))]).toEqual([61_000, null])
  })

  it('of a director without ping nodes never happen', () => {
    const pings = new Pings([group('web', [])], instant(0))
    expect([pings.due(instant(9000)), pings.nextAt(), pings.reaches('web'), pings.troubles()]).toEqual([
      null,
      null,
      0,
      [],
    ])
  })

  it('are counted for each group, and what is not reached is a trouble that names groups, reason and next step', () => {
    const far = '192.0.2.1'
    const names = ['a', 'b', 'c', 'd', 'e']
    const pings = new Pings([group('web', [ROUTER, far]), ...names.map((name) => group(name, [far]))], instant(0))
    for (let round = 1; round <= 4; round++) {
      pings.due(instant(round * PING_EVERY_MS))
      pings.sent([{ address: far, error: 'no route to that network' }])
      pings.answered(ROUTER, round)
    }
    expect(['web', 'a', 'nobody'].map((name) => pings.reaches(name))).toEqual([1, 0, 0])
    expect(pings.troubles()).toMatchObject([
      {
        code: 'ping-unreached',
        severity: 'warning',
        message: `ping node ${far} of groups web, a, b and 3 more is not reached: no route to that network`,
        hint: expect.stringContaining(`ip route get ${far}`),
      },
    ])
    pings.due(instant(9000))
    pings.sent([])
    expect(pings.troubles()[0]?.message).toContain('3 requests in a row were not answered')
  })
})
