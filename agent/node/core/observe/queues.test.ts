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
const said = (...looks: readonly (readonly FoundSocket[] | null)[]) =>
  crowdTroubles(after(looks), 'rs2', () => 'critical')

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
test('of several sockets at the place each is looked at: the kernel shares connections out over all of them', () => {
  const four = [waits(65), waits(3), waits(0), waits(64)]
  expect(said(four)).toEqual([])
  expect(said(four, four)).toMatchObject([
    {
      ...{ code: 'accepts-some', severity: 'critical', object: 'service http' },
      message:
        '1 of 4 listening sockets of service http on rs2 at 10.11.0.10:80 accepts no connections: as many wait as its queue takes',
      evidence: 'ss -ltn: 65 wait, 64 is the most',
    },
  ])
  const two = [waits(80), waits(65), waits(3)]
  expect(said(two, two)[0]?.message).toMatch(
    /^2 of 3 listening sockets .* accept no connections: .* their queues take$/,
  )
  expect(said(two, two)[0]?.evidence).toMatch(/80 wait/)
  expect(said(four, four, [waits(40), waits(3), waits(0), waits(0)]), 'gasps').toHaveLength(1)
  expect(said(four, four, [waits(30), waits(3), waits(0), waits(0)])).toEqual([])
  expect(said([waits(65), waits(65)], [waits(65), waits(65)]), 'all of them').toMatchObject([
    { code: 'accepts-nobody' },
  ])
})
test('a burst that goes from one socket to another is told as what is full at that time', () => {
  const [all, some] = [
    [waits(65), waits(65)],
    [waits(65), waits(1)],
  ]
  expect(said(all, some)).toEqual([])
  expect(said(all, all, some, some).map(({ code }) => code)).toEqual(['accepts-some'])
})
test('one at all addresses of both families is none of those that share connections of IPv4', () => {
  const [own, other] = [waits(65), waits(0, '::')]
  expect(said([own, other], [own, other])).toMatchObject([{ code: 'accepts-nobody' }])
  expect(said([other, waits(65, '::')], [other, waits(65, '::')])).toMatchObject([{ code: 'accepts-some' }])
})
test('where none can be seen, nothing is said', () => {
  expect(said([waits(65)], [waits(65)], null)).toEqual([])
  expect(said([], [])).toEqual([])
  const udp = { ...ARRIVAL, protocol: 'udp' } as const
  expect(crowdTroubles(after([[waits(65)], [waits(65)]], [udp]), 'rs2', () => 'critical')).toEqual([])
})

test('each service of a server that stands behind several is told', () => {
  const crowded = after([[waits(65)], [waits(65)]], [ARRIVAL, { ...ARRIVAL, service: 'https' }])
  expect(crowdTroubles(crowded, 'rs2', () => 'critical').map(({ object }) => object)).toEqual([
    'service http',
    'service https',
  ])
})
