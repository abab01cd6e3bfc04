/** Backups and the quorum of those that they stand in for. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candidate, type Choice, choose, NOBODY_CHOSEN, type Quorum, UNCHECKED } from './index.ts'

const ONE: Quorum = { quorum: 1, hysteresis: 0, keepLast: true }
/** `a+` is healthy, `a-` failed, `a?` not checked; `A` is a backup; `a3+` has weight 3, `a3:0+` says of itself that it is 0. */
const members = (text: string): Candidate[] =>
  text.split(' ').map((word) => {
    const [, id = '', weight = '', said, sign] = /^(\w)(\d*)(?::(\d+))?([+?-])$/.exec(word) ?? []
    const configured = weight === '' ? 1 : Number(weight)
    const healthy = sign === '?' ? null : sign === '+'
    const backup = id !== id.toLowerCase()
    return { id, backup, weight: Number(said ?? configured), configured, health: { ...UNCHECKED, healthy } }
  })
/** Who serves after each. */
function play(rule: Quorum, ...moments: readonly string[]): string[] {
  let last: Choice = NOBODY_CHOSEN
  return moments.map((moment) => {
    last = choose(members(moment), last, rule)
    const propped = last.propped.size > 0 ? ` (${[...last.propped].join('')})` : ''
    return [...last.serving].sort().join('') + (last.standsIn ? '!' : '') + propped
  })
}

describe('a backup', () => {
  it('serves when nobody else does, and only then', () =>
    expect(play(ONE, 'a+ b+ S+', 'a- b+ S+', 'a- b- S+', 'a- b+ S+')).toEqual(['ab', 'b', 'S!', 'b']))
  it('is put in when all realservers are out by an operator', () =>
    expect(play(ONE, 'a+ S+', 'S+')).toEqual(['a', 'S!']))
  it('waits for the first checks of those that it stands in for', () =>
    expect(play(ONE, 'a? b? S+', 'a? b- S+', 'a- b- S+')).toEqual(['', '', 'S!']))
  it('that has failed is nobody: the last living ones stay', () =>
    expect(play(ONE, 'a+ b+ S-', 'a- b+ S-', 'a- b- S-', 'a- b- S+', 'a- b- S-')).toEqual(['ab', 'b', 'b', 'S!', 'ab']))
  it('of weight 0, or not checked, is nobody either', () =>
    expect(play({ ...ONE, keepLast: false }, 'a- S0+', 'a- S?')).toEqual(['', '']))
  it('takes over as all backups that live', () => expect(play(ONE, 'a- S+ T+ U-')).toEqual(['ST!']))
})

describe('where all say of themselves that they take nobody', () => {
  it('the backup stands in', () =>
    expect(play(ONE, 'a+ b+ S+', 'a:0+ b+ S+', 'a:0+ b:0+ S+', 'a:0+ b+ S+')).toEqual(['ab', 'ab', 'S!', 'ab']))
  it('and there is no backup, or none that takes anybody, the last one that did keeps its weight', () =>
    expect(play(ONE, 'a+ b+ S-', 'a:0+ b+ S-', 'a:0+ b:0+ S:0+', 'a+ b:0+ S-', 'a:0+ b:0+ S-')).toEqual([
      ...['ab', 'ab', 'ab (b)', 'ab', 'ab (a)'],
    ]))
  it('from the beginning, all keep it but those that an operator wants to have none', () =>
    expect(play(ONE, 'a:0+ b2:0+ c0+')).toEqual(['abc (ab)']))
  it('and the last ones need not be kept, so be it', () =>
    expect(play({ ...ONE, keepLast: false }, 'a+', 'a:0+')).toEqual(['a', 'a']))
  it('and others have failed, it is one that is well', () =>
    expect(play(ONE, 'a+ b+', 'a:0+ b+', 'a:0+ b-')).toEqual(['ab', 'ab', 'a (a)']))
})

describe('a quorum', () => {
  const three: Quorum = { ...ONE, quorum: 3 }
  it('is weight of healthy realservers', () =>
    expect(play(three, 'a2+ b+ S+', 'a2+ b- S+', 'a2- b+ S+')).toEqual(['ab', 'S!', 'S!']))
  it('is weight as it is said', () => expect(play(three, 'a2+ b+ S+', 'a2:1+ b+ S+')).toEqual(['ab', 'S!']))
  it('that is lost without a living backup leaves those that are healthy', () =>
    expect(play(three, 'a+ b+ c+ S-', 'a+ b- c- S-')).toEqual(['abc', 'a']))
  it('is lost late and back late, by its hysteresis', () => {
    const damped = { ...three, hysteresis: 1 }
    expect(
      play(
        damped,
        'a+ b+ c+ d+ S+',
        'a+ b+ c- d- S+',
        'a+ b- c- d- S+',
        'a+ b+ c- d- S+',
        'a+ b+ c+ d- S+',
        'a+ b+ c+ d+ S+',
      ),
    ).toEqual(['abcd', 'ab', 'S!', 'S!', 'S!', 'abcd'])
  })
  it('at the beginning is counted without it', () => {
    expect(play({ ...three, hysteresis: 2 }, 'a+ b+ c+ S+')).toEqual(['abc'])
    expect(play({ ...three, hysteresis: 2 }, 'a+ b+ c- S+')).toEqual(['S!'])
  })
})

const anyMembers = fc.tuple(
  ...'abST'.split('').map((id) =>
    fc.record({
      id: fc.constant(id),
      backup: fc.constant(id < 'a'),
      weight: fc.constantFrom(1, 1, 2, 0),
      configured: fc.constantFrom(1, 2),
      health: fc.constantFrom(true, false).map((healthy) => ({ ...UNCHECKED, healthy })),
    }),
  ),
)
const anyRule = fc
  .record({ quorum: fc.integer({ min: 1, max: 4 }), by: fc.nat(2), keepLast: fc.boolean() })
  .map(({ quorum, by, keepLast }): Quorum => ({ quorum, hysteresis: Math.min(by, quorum - 1), keepLast }))

it('no order of failures, and of weights that are said, leaves a service without anybody who takes connections where somebody is healthy, nor lets both kinds serve', () => {
  fc.assert(
    fc.property(anyRule, fc.array(anyMembers, { minLength: 1, maxLength: 12 }), (rule, moments) => {
      let last: Choice = NOBODY_CHOSEN
      for (const moment of moments) {
        const before = last
        last = choose(moment, before, rule)
        const serving = moment.filter(({ id }) => last.serving.has(id))
        const living = moment.filter(({ health }) => health.healthy === true)
        const takes = serving.filter(({ id, weight }) => weight > 0 || last.propped.has(id))
        const able = living.filter(({ backup, weight }) => !backup || weight > 0)
        expect(able.length === 0 || serving.some((one) => living.includes(one))).toBe(true)
        expect(able.length === 0 || !rule.keepLast || takes.length > 0).toBe(true)
        expect(new Set(takes.map(({ id }) => id))).toEqual(last.taking)
        expect(new Set(serving.map(({ backup }) => backup)).size).toBeLessThanOrEqual(1)
        const weight = living.filter(({ backup }) => !backup).reduce((sum, one) => sum + one.weight, 0)
        // Inside the band nothing changes, outside it is as it must be.
        if (weight >= rule.quorum + rule.hysteresis) expect(last.quorate).toBe(true)
        else if (weight < rule.quorum - rule.hysteresis) expect(last.quorate).toBe(false)
        else if (before.quorate !== null) expect(last.quorate).toBe(before.quorate)
      }
    }),
  )
})
