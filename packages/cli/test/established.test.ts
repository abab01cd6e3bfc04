/** What directors know of connections, in words. */
import { expect, it } from 'vitest'
import { knownConnections, unknownConnections } from '@lvsm/protocol'
import { unknownText } from '../src/established-text.ts'

it('says what each standby knows of what the owner has', () => {
  const established = [
    { node: 'dir1', count: 52 },
    { node: 'dir2', count: 50 },
    { node: 'dir3', count: 60 },
  ]
  expect(knownConnections({ owner: 'dir1', established })).toEqual([
    'dir2 knows 50 of 52 established connections',
    'dir3 knows 52 of 52 established connections',
  ])
  expect(knownConnections({ owner: null, established })).toEqual([])
  expect(knownConnections({ owner: 'dir1' })).toEqual([])
})
it('does not claim that connections would go on where there was none', () => {
  const established = [
    { node: 'dir1', count: 0 },
    { node: 'dir2', count: 0 },
  ]
  expect(knownConnections({ owner: 'dir1', established })).toEqual([
    'not known whether connections would go on at dir2: none is established that could be synchronised',
  ])
})
it('says after a move how many end, where any do', () => {
  expect([unknownText('dir2', undefined), unknownText('dir2', 0)]).toEqual(['', ''])
  expect(unknownText('dir2', 1)).toBe('; 1 established connection dir2 did not know: it ends')
  expect(unknownText('dir2', 2)).toBe('; 2 established connections dir2 did not know: they end')
})

it('a status names a director that would end connections, and none that only lags', () => {
  const told = (own: number, other: number) =>
    unknownConnections({
      owner: 'dir1',
      established: [
        { node: 'dir1', count: own },
        { node: 'dir2', count: other },
      ],
    })
  expect([told(0, 0), told(52, 50), told(1000, 960), told(40, 60)]).toEqual([[], [], [], []])
  expect(told(52, 20)).toEqual(['dir2 knows 20 of 52 established connections'])
})
