/** More is wrong at once than the book of alerts has room for. */
import { instant } from '@lvsm/base'
import type { CauseReport } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { isUntold } from './alert.ts'
import { newBook, noteSaid, settle } from './book.ts'
import { World } from './fixture.ts'
import { MOST_ALERTS, overflowOf } from './room.ts'

const MANY = 600
const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `x${at}`)
const causes = (count: number, code = 'late', severity: CauseReport['severity'] = 'warning'): CauseReport[] =>
  named(count).map((name) => ({ code, object: `node ${name}`, severity, summary: name }))
const at = (ms: number) => instant(ms)
const says = (book: ReturnType<typeof newBook>, all: CauseReport[], ms: number, wanted?: (code: string) => boolean) => {
  noteSaid(book, 'dir1', { causes: all, whole: true, unable: [] }, at(ms))
  return settle(book, ['dir1'], at(ms), ms, undefined, wanted && (({ code }) => wanted(code)))
}
const codes = ({ alerts }: ReturnType<typeof newBook>, code: string) =>
  [...alerts.values()].filter((one) => one.code === code).length

describe('what is critical', () => {
  it('is told though more warnings came first than there is room for, and so is that some have none', () => {
    const world = new World(41)
    world.run(10_000)
    for (const name of named(MANY)) world.begins('dir1', 'late', `node ${name}`)
    world.run(8000)
    world.begins('dir2', 'group-unowned', 'group web', 'critical')
    world.run(20_000)
    expect(world.told('ops', 'group-unowned', 'web')).toEqual(['firing'])
    world.run(10_000)
    expect(world.told('ops', 'alerts-overflow', 'alerts')[0], 'that others have none').toBe('firing')
    for (const name of named(MANY)) world.ends('dir1', 'late', `node ${name}`)
    world.run(60_000)
    const open = named(MANY).filter((name) => world.told('ops', 'late', name).at(-1) === 'firing')
    expect(open, 'who heard that it began hears that it is over').toEqual([])
    expect(world.told('ops', 'alerts-overflow', 'alerts').at(-1)).toBe('resolved')
  })
  it('is told before warnings that began first', () => {
    const world = new World(43)
    world.run(10_000)
    world.away.add('ops')
    for (const name of named(50)) world.begins('dir1', 'late', `node ${name}`)
    world.run(20_000)
    world.begins('dir1', 'group-unowned', 'group web', 'critical')
    world.run(20_000)
    world.away.clear()
    world.run(60_000)
    expect(world.heard.filter(({ receiver }) => receiver === 'ops')[0]?.key).toBe('group-unowned web')
  })
  it('takes the place of a warning that nobody was told of, and else one beyond: what was told stays', () => {
    const book = newBook()
    says(book, causes(MANY), 1000)
    expect([book.alerts.size, book.room.left.warning]).toEqual([MOST_ALERTS, MANY - MOST_ALERTS])
    says(book, [...causes(MANY), ...causes(10, 'dark', 'critical')], 2000)
    expect([codes(book, 'dark'), book.alerts.size]).toEqual([10, MOST_ALERTS])
    for (const alert of book.alerts.values()) alert.told.set('ops', { what: 'firing', at: at(2000) })
    says(book, [...causes(MANY), ...causes(MANY, 'dark', 'critical')], 3000)
    expect([codes(book, 'dark'), codes(book, 'late')]).toEqual([MOST_ALERTS + 10, MOST_ALERTS - 10])
    expect([...book.alerts.values()].filter((one) => one.code === 'late' && isUntold(one))).toEqual([])
    expect(overflowOf(book.room)).toMatchObject([
      { code: 'alerts-overflow', severity: 'critical', summary: expect.stringMatching(/^78 critical causes and 98 /) },
    ])
  })
})

it('a warning that nobody wants to hear of keeps none out, and is not missed', () => {
  const book = newBook()
  const wants = (code: string): boolean => code === 'late'
  says(book, causes(MANY, 'noise'), 1000, wants)
  expect(overflowOf(book.room)).toEqual([])
  says(book, [...causes(MANY, 'noise'), ...causes(20)], 2000, wants)
  expect([codes(book, 'late'), book.alerts.size]).toEqual([20, MOST_ALERTS])
})

it('of more causes of one other node than are kept always the same are left out: none of them comes and goes', () => {
  const book = newBook()
  const all = [...causes(MANY), ...causes(5, 'dark', 'critical')]
  let begun = 0
  for (let round = 0; round < 200; round++) {
    const from = (round * 20) % all.length
    const turn = Math.floor((round * 20) / all.length)
    noteSaid(book, 'dir1', { causes: all.slice(from, from + 20), whole: false, turn, unable: [] }, at(round * 2000))
    const before = new Set(book.alerts.values())
    settle(book, ['dir1'], at(round * 2000), round * 2000)
    begun += [...book.alerts.values()].filter((one) => !before.has(one)).length
    expect([...book.alerts.values()].filter(({ goneAt }) => goneAt !== null && begun > MANY)).toEqual([])
  }
  expect(codes(book, 'dark')).toBe(5)
  expect([...book.alerts.values()].every(({ goneAt }) => goneAt === null)).toBe(true)
})
