import type { OwnArrival } from '@lvsm/model'
import { expect, test } from 'vitest'
import type { FoundSocket } from './listening.ts'
import { isNews } from './looks.ts'
import { crowdedNow, type Crowded, crowdTroubles, NOBODY_WAITS } from './queues.ts'

const ARRIVAL: OwnArrival = { service: 'http', protocol: 'tcp', address: '10.11.0.10', port: 80, own: '10.11.0.12' }
const waits = (queue: number, address = '0.0.0.0'): FoundSocket => ({
  ...{ protocol: 'tcp', address, port: 80, onlyV6: false, queue, most: 64 },
})
const after = (looks: readonly (readonly FoundSocket[] | null)[], arrivals = [ARRIVAL]): Crowded =>
  looks.reduce<Crowded>((before, found) => crowdedNow(before, arrivals, found), NOBODY_WAITS)
const said = (...looks: readonly (readonly FoundSocket[] | null)[]) => crowdTroubles(after(looks), 'rs2')

test('a queue that is full at two looks is told with what waits, a burst is not', () => {
  expect(said([waits(65)])).toEqual([])
  expect(isNews(after([[waits(65)]]))).toBe(true)
  expect(said([waits(65)], [waits(65)])).toMatchObject([
    { code: 'accepts-nobody', object: 'service http', evidence: 'ss -ltn: 65 wait, 64 is the most' },
  ])
  expect(said([waits(64)], [waits(64)]), 'it is full beyond its most').toEqual([])
})
test('a server that gasps is told of until half of them are gone', () => {
  expect(said([waits(65)], [waits(65)], [waits(40)])).toHaveLength(1)
  expect(said([waits(65)], [waits(65)], [waits(30)])).toEqual([])
})
test('where another socket at the place accepts, or none can be seen, nothing is said', () => {
  expect(said([waits(65), waits(3)], [waits(65), waits(3)])).toEqual([])
  expect(said([waits(65)], [waits(65)], null)).toEqual([])
  expect(said([], [])).toEqual([])
  const udp = { ...ARRIVAL, protocol: 'udp' } as const
  expect(crowdTroubles(after([[waits(65)], [waits(65)]], [udp]), 'rs2')).toEqual([])
})

test('each service of a server that stands behind several is told', () => {
  const crowded = after([[waits(65)], [waits(65)]], [ARRIVAL, { ...ARRIVAL, service: 'https' }])
  expect(crowdTroubles(crowded, 'rs2').map(({ object }) => object)).toEqual(['service http', 'service https'])
})
