/** A realserver that has its VIP elsewhere than on lo: what its agent does, puts back, gives back, and says. */
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { configOf, goesOn, node, statusOf, type TestNode } from './fixture.ts'

const VIP = '10.11.0.10'
const placed = (rs1: string): string => SAMPLE.replace('10.11.0.11, forward: dr', `10.11.0.11, ${rs1}`)
const begun = (rs1: string): TestNode => {
  const one = node('rs1', undefined, placed(rs1))
  one.feed({ kind: 'lease-up' })
  goesOn(one, 2000, statusOf('rs1', 'dir1'))
  return one
}
const reason = (one: TestNode): string | undefined =>
  one.core.status(one.now()).nodes.find(({ name }) => name === 'rs1')?.reason
const standing = ({ kern: { state } }: TestNode) => [
  ...state.addresses.filter(({ address }) => address === VIP).map(({ label }) => label),
  ...state.localRoutes.map(({ address, index }) => `${address} by ${index}`),
]

it.each([
  ['forward: dr', ['lo:lvsm'], 'is set up to answer for 10.11.0.10 (alias on lo), votes'],
  [
    'forward: dr, placement: dummy',
    ['lvsm-vips:lvsm'],
    'is set up to answer for 10.11.0.10 (alias on lvsm-vips), votes',
  ],
  ['forward: dr, placement: route', ['10.11.0.10 by 1'], 'is set up to answer for 10.11.0.10 (local route), votes'],
  [
    'forward: tun, placement: tunnel',
    ['lvsm-i0a0b:lvsm', 'lvsm-i0a0c:lvsm'],
    'is set up to answer for 10.11.0.10 (alias on its tunnel devices), ',
  ],
])('%s', (rs1, places, said) => {
  const one = begun(rs1)
  // This kernel gives all devices of tunnels one index.
  expect(new Set(standing(one))).toEqual(new Set(places))
  expect(one.kern.state.sysctls.get('net/ipv4/conf/all/arp_ignore')).toBe('1')
  expect(reason(one)).toContain(said)
})

it('puts back what somebody took, and says so', () => {
  const one = begun('forward: dr, placement: route')
  one.kern.state.localRoutes = []
  goesOn(one, 2000, statusOf('rs1', 'dir1'))
  expect(standing(one)).toEqual(['10.11.0.10 by 1'])
  expect(one.core.events().events.map((event) => event.reason)).toContain(
    'somebody changed the kernel: add local route to 10.11.0.10',
  )
})

it('leaves nothing behind when the node leaves the service, and ARP is silent as long as the VIP is there', () => {
  const one = begun('forward: dr, placement: dummy')
  one.take('apply')
  const text = SAMPLE.replace(/ {6}- \{ node: rs1.*\n/, '').replace('revision: 1', 'revision: 2')
  one.feed({ kind: 'config', config: configOf(text), secrets: new Map(), facts: NO_FACTS })
  goesOn(one, 3000, statusOf('rs1', 'dir1'))
  expect(standing(one), 'until its directors have told that it has no connections left, or five minutes').toHaveLength(
    1,
  )
  goesOn(one, 300_000, statusOf('rs1', 'dir1'))
  expect(standing(one)).toEqual([])
  expect(one.kern.state.links.map(({ name }) => name)).not.toContain('lvsm-vips')
  const done = one.take('apply').flatMap(({ operations }) => operations.map(({ kind }) => kind))
  expect(done.indexOf('alias-remove')).toBeLessThan(done.indexOf('dummy-remove'))
  expect(done.indexOf('dummy-remove')).toBeLessThan(done.indexOf('sysctl'))
})

it('says what is in the way', () => {
  const one = node('rs1', undefined, placed('forward: dr, placement: dummy'))
  one.kern.state.links.push({ index: 7, name: 'lvsm-vips', loopback: false, up: true })
  one.feed({ kind: 'lease-up' })
  goesOn(one, 2000, statusOf('rs1', 'dir1'))
  expect(standing(one)).toEqual([])
  expect(one.core.status(one.now()).troubles.map(({ code }) => code)).toContain('foreign-device')
  expect(reason(one)).toBe("device lvsm-vips is somebody else's, so 10.11.0.10 cannot stand on it")
})
