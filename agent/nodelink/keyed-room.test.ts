import { expect, test } from 'vitest'
import { KeyedRoom } from './keyed-room.ts'

test('nobody takes more than his share, nor all together more than there is; who leaves makes room', () => {
  const room = new KeyedRoom([3, 2])
  expect([room.enter('a'), room.enter('a'), room.enter('a')]).toEqual([true, true, false])
  expect([room.enter('b'), room.enter('b'), room.enter('c')]).toEqual([true, false, false])
  room.leave('a')
  expect([room.enter('c'), room.enter('a')]).toEqual([true, false])
  // Who is not in there leaves nothing behind.
  for (let times = 0; times < 9; times++) room.leave('z')
  expect(room.enter('z')).toBe(false)
})
