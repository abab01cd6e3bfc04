/** What the page knows: nothing that is old is taken for new, and nothing stays of who was here before. */
import { describe, expect, it } from 'vitest'
import { ILL, seenOf, WELL } from './fixture.ts'
import { BEGINNING, type Happening, isStale, type Model, step } from './model.ts'

const after = (...happenings: Happening[]): Model => happenings.reduce(step, BEGINNING)
const user: Happening = { kind: 'user', name: 'alice', role: 'viewer' }
const state = (at: number, status = WELL): Happening => ({ kind: 'message', message: seenOf(status), at })
const alive = (at: number): Happening => ({ kind: 'message', message: { kind: 'alive' }, at })

describe('what is shown', () => {
  it('is old until the coordinator said how it is, and when it is not heard', () => {
    expect(isStale(after(user))).toBe(true)
    expect(after(user, alive(1))).toMatchObject({ link: 'opening', heardAt: null })
    expect(isStale(after(user, state(1)))).toBe(false)
    const lost = after(user, state(1), alive(5), { kind: 'lost', at: 14 })
    expect(lost).toMatchObject({ link: 'lost', heardAt: 5, lostAt: 14, seen: { status: WELL } })
    expect(isStale(lost)).toBe(true)
  })
  it('says since when it is lost, not since the last try, and is new again with the first state', () => {
    const lost = after(user, state(1), { kind: 'lost', at: 14 }, { kind: 'lost', at: 30 })
    expect(lost.lostAt).toBe(14)
    expect(step(lost, state(31, ILL))).toMatchObject({ link: 'live', lostAt: null, seen: { status: ILL } })
  })
  it('is old as long as a newer state cannot be read, whatever signs of life there are', () => {
    const strange = after(user, state(1), { kind: 'strange' }, alive(4))
    expect([isStale(strange), strange.heardAt]).toEqual([true, 1])
    expect(isStale(step(strange, state(5)))).toBe(false)
  })
  it('is gone with who was here', () => {
    expect(after(user, state(1), { kind: 'nobody', why: 'over' })).toEqual({
      ...BEGINNING,
      who: { kind: 'nobody', why: 'over' },
    })
  })
})

it('who opens the page for the first time is told of no end of a session', () => {
  expect(after({ kind: 'nobody', why: 'over' }).who).toEqual({ kind: 'nobody', why: 'new' })
  expect(after(user, { kind: 'nobody', why: 'left' }, { kind: 'nobody', why: 'over' }).who).toEqual({
    kind: 'nobody',
    why: 'left',
  })
})
