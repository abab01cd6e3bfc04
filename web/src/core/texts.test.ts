/** Addresses, times, and what coordinators say, as text. */
import { describe, expect, it } from 'vitest'
import { memberSaid, usesSaid } from './coordinators.ts'
import { COORDINATORS, seenOf, WELL } from './fixture.ts'
import { hrefOf, type Place, placeOf } from './places.ts'
import { spanText } from '@lvsm/base'
import { momentText } from './times.ts'

describe('a place', () => {
  it.each<[string, Place]>([
    ['#/', { screen: 'overview' }],
    ['#/services', { screen: 'services', service: null }],
    ['#/services/a%20%2F%20b%3F', { screen: 'services', service: 'a / b?' }],
    ['#/nodes', { screen: 'nodes' }],
  ])('%s and back', (hash, place) => {
    expect(placeOf(hash)).toEqual(place)
    expect(hrefOf(place)).toBe(hash)
  })
  it.each(['', '#', '#nodes', '#/nowhere', '#/__proto__', '#//'])('%s leads to the overview', (hash) =>
    expect(placeOf(hash)).toEqual({ screen: 'overview' }),
  )
  it('that nobody can decode is all of them', () =>
    expect(placeOf('#/services/%E0%A4%A')).toEqual({ screen: 'services', service: null }))
})

it('spans are rounded down, and never less than nothing', () => {
  expect([-5, 0, 999, 59_999, 60_000, 3_599_999, 90_000_000].map(spanText)).toEqual([
    '0 s',
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '59 min',
    '1 d',
  ])
})
it('moments have their zone', () => {
  const at = { year: 2026, month: 3, day: 7, hour: 4, minute: 5, second: 6 }
  const texts = [0, 60, -210].map((offsetMin) => momentText({ ...at, offsetMin }))
  expect(texts).toEqual(['2026-03-07 04:05:06 UTC', '2026-03-07 04:05:06 UTC+1', '2026-03-07 04:05:06 UTC−3:30'])
})

describe('a coordinator', () => {
  const said = (at: number, more: object = {}) =>
    memberSaid({ ...(COORDINATORS.members[at] as (typeof COORDINATORS.members)[number]) }, { ...COORDINATORS, ...more })
  it('leads, follows, is silent', () => {
    expect([0, 1, 2].map((at) => said(at).text)).toEqual(['leads', 'silent', 'follows'])
    expect([0, 1, 2].map((at) => said(at).tone)).toEqual(['good', 'bad', 'good'])
  })
  it('that answers says what is wrong with itself', () => {
    expect(said(0, { leader: null }).tone).toBe('bad')
    expect(said(0, { disk: 'full' })).toEqual({ tone: 'bad', text: 'its disk is full' })
    expect(said(0, { expelled: 'removed' }).text).toMatch(/removed/)
  })
  it('of which a follower knows nothing is not good', () => {
    const [, , third] = COORDINATORS.members
    expect(memberSaid({ ...(third as (typeof COORDINATORS.members)[number]), silentMs: null }, COORDINATORS).tone).toBe(
      'unknown',
    )
  })
})

it('a node uses a revision: the newest, an older one, none that was told, or it is not in', () => {
  const seen = seenOf(WELL)
  expect(usesSaid('dir1', seen)).toEqual({ tone: 'good', text: 'revision 12' })
  expect(usesSaid('dir2', seen).tone).toBe('warn')
  expect(usesSaid('rs3', seen)).toEqual({ tone: 'off', text: 'has not joined' })
  expect(usesSaid('x', { revision: 12, nodes: [{ name: 'x', revision: null, epoch: null }] }).tone).toBe('unknown')
})
