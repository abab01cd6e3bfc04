/** A time has come when the clocks of a majority say so, and a clock that differs is named. */
import type { Trouble } from '@lvsm/base'
import { expect, test } from 'vitest'
import { Clocks } from './clocks.ts'

const NOON = 1_700_000_000_000
const DAY = 86_400_000
const NAMES = ['dir1', 'dir2', 'dir3', 'rs1', 'rs2']

/** The first of so many coordinators, whose own clock is `ahead`. */
function first(count: number, ahead = 0) {
  const time = { ms: 0, ahead }
  const troubles = new Map<string, Trouble>()
  const clocks = new Clocks({
    id: 1,
    wallClock: () => NOON + time.ms + time.ahead,
    clock: () => 500 + time.ms,
    trouble: (about, trouble) => void (trouble ? troubles.set(about, trouble) : troubles.delete(about)),
  })
  const voters = new Map(NAMES.slice(0, count).map((name, at) => [at + 1, name]))
  clocks.voters = () => voters
  const heard = (id: number, ahead = 0): void => clocks.heard(id, NOON + time.ms + ahead)
  const said = (): string[] => [...troubles.values()].map(({ message }) => message)
  return { clocks, voters, heard, said, time }
}

test('a lone coordinator has its own clock; of three one that is a day ahead, or behind, counts for nothing', () => {
  expect(first(1, DAY).clocks.agreed()).toBe(NOON + DAY)
  for (const ahead of [DAY, -DAY]) {
    const { clocks, heard } = first(3, ahead)
    heard(2)
    heard(3)
    expect([clocks.agreed(), clocks.now()]).toEqual([NOON, NOON])
  }
  const { clocks, heard } = first(3)
  heard(2, DAY)
  heard(3)
  expect(clocks.agreed()).toBe(NOON)
})

test('of two, and of three of which one is silent, the later clock alone ends nothing', () => {
  const two = first(2, DAY)
  expect(two.clocks.agreed()).toBeNull()
  two.heard(2)
  expect(two.clocks.agreed()).toBe(NOON)
  const three = first(3, DAY)
  three.heard(3)
  expect(three.clocks.agreed()).toBe(NOON)
  const five = first(5, DAY)
  five.heard(2, DAY)
  expect(five.clocks.agreed()).toBeNull()
  five.heard(4)
  expect(five.clocks.agreed()).toBe(NOON)
})

test('before a majority was heard there is no time that all have; whoever needs one takes its own', () => {
  const { clocks } = first(3, DAY)
  expect([clocks.agreed(), clocks.now()]).toEqual([null, NOON + DAY])
})

test('a clock that was heard once goes on, and is set when it is heard again', () => {
  const { clocks, heard, time } = first(3, DAY)
  heard(2)
  heard(3)
  time.ms = 7_200_000
  expect(clocks.agreed()).toBe(NOON + 7_200_000)
  heard(2, 60_000)
  heard(3, 60_000)
  expect(clocks.agreed()).toBe(NOON + 7_260_000)
})

test('whose clock differs is named while it does; a learner, and one that was removed, are nobody', () => {
  const { heard, said, time, voters } = first(3, DAY)
  heard(2)
  heard(3, 4000)
  expect(said()).toEqual(['the clock of coordinator dir1 is 23 h ahead of those of a majority of the coordinators'])
  time.ahead = 0
  heard(2, -DAY)
  expect(said()).toEqual(['the clock of coordinator dir2 is 1 d behind those of a majority of the coordinators'])
  heard(9, DAY)
  voters.delete(2)
  voters.set(9, 'dir9')
  heard(9)
  expect(said()).toEqual([])
})
