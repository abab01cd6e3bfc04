/** To which address of a former owner packets are handed back. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'
import { expect, test } from 'vitest'
import { believedPlaces, ownPlaces } from './places.ts'

const configOf = (vips: string) => {
  const { config } = checkConfig(SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [${vips}]`))
  if (!config) throw new Error('the file has faults')
  return config
}
const both = configOf('10.11.0.10/24, 2001:db8:11::10/64')
const address = (text: string, label = 'outside'): Observed['addresses'][number] => ({
  ...{ index: 3, address: text, prefix: 64, label },
})
const observed = {
  addresses: [
    address('10.11.0.1'),
    address('fe80::1'),
    address('2001:db8:11::10', 'outside:lvsm'),
    address('2001:db8:12::1'),
    address('2001:db8:11::1'),
  ],
}

test('an owner names what it has for itself in the networks of its VIPs', () => {
  expect(ownPlaces({ config: both, observed }, 'web')).toEqual(['10.11.0.1', '2001:db8:11::1'])
  expect(ownPlaces({ config: configOf('10.11.0.10/24'), observed }, 'web')).toEqual(['10.11.0.1'])
  expect(ownPlaces({ config: both, observed: null }, 'web')).toEqual([])
  expect(ownPlaces({ config: both, observed }, 'mail')).toEqual([])
})

test('a successor believes what can be so: nothing that floats, or lies beyond the link, or is no address', () => {
  const said = [
    '2001:db8:11::10',
    '2001:db8:12::1',
    '10.12.0.1',
    '10.11.0.10',
    'x',
    '2001:DB8:11::2',
    '',
    '2001:db8:11::1',
  ]
  expect(believedPlaces(both, 'web', said)).toEqual(['2001:db8:11::1'])
  expect(believedPlaces(null, 'web', said)).toEqual([])
  const many = Array.from({ length: 200 }, (_, at) => `2001:db8:11::${(0x100 + at).toString(16)}`)
  expect(believedPlaces(both, 'web', many)).toHaveLength(4)
})
