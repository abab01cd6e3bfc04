import { describe, expect, it } from 'vitest'
import { links } from './fixture.ts'
import { type HostNetwork, interfaceFor, sourceFor } from './index.ts'

const own = (index: number, address: string, prefix: number, label = 'own') => ({ index, address, prefix, label })
const host = (...addresses: HostNetwork['addresses'][number][]): HostNetwork => ({ links, addresses })
const INSIDE = own(2, '10.12.0.1', 16)
const OUTSIDE = own(3, '10.11.0.1', 24)

describe('the interface of an address', () => {
  it.each<[why: string, address: string, seen: HostNetwork, name: string | undefined]>([
    ['has its network', '10.11.0.10', host(INSIDE, OUTSIDE), 'outside'],
    ['has its network, wherever it stands in the list', '10.12.0.10', host(INSIDE, OUTSIDE), 'inside'],
    ['is none where no network has it', '10.13.0.10', host(INSIDE, OUTSIDE), undefined],
    ['is the narrower one', '10.12.0.10', host(INSIDE, own(3, '10.12.0.7', 24)), 'outside'],
    ['is the narrower one, even named first', '10.12.0.10', host(own(3, '10.12.0.7', 24), INSIDE), 'outside'],
    ['is the first of two alike', '10.12.0.10', host(INSIDE, own(3, '10.12.0.7', 16)), 'inside'],
    ['is not told by a floating address', '10.11.0.10', host(own(2, '10.11.0.20', 24, 'inside:lvsm')), undefined],
    ['is not told by a single address', '10.11.0.10', host(own(2, '10.11.0.10', 32)), undefined],
    ['is told by a pair', '10.11.0.10', host(own(2, '10.11.0.11', 31)), 'inside'],
    ['is not lo', '10.11.0.10', host(own(1, '10.11.0.1', 24)), undefined],
    ['is there', '10.11.0.10', host(own(9, '10.11.0.1', 24)), undefined],
    ['is there, whatever else was', '10.11.0.10', host(own(9, '10.11.0.1', 25), OUTSIDE), 'outside'],
  ])('%s', (_, address, seen, name) => expect(interfaceFor(seen, address)?.name).toBe(name))
})

it('a thousand addresses of an owner are gone over once in each reading, not for each question', () => {
  let reads = 0
  const single = Object.defineProperty(own(3, '10.11.0.20', 32), 'prefix', {
    get: () => {
      reads++
      return 32
    },
  })
  const seen = host(INSIDE, OUTSIDE, ...Array.from({ length: 1000 }, () => single))
  for (let at = 0; at < 1000; at++) expect(interfaceFor(seen, '10.13.0.10')).toBeNull()
  expect(reads).toBeLessThanOrEqual(1000)
})

describe('the source of packets to an address', () => {
  it.each<[why: string, own: string[], seen: HostNetwork, source: string | null]>([
    ['is our own in its network', ['10.11.0.1', '10.12.0.1'], host(INSIDE, OUTSIDE), '10.11.0.1'],
    ['is no floating one', ['10.11.0.1'], host(own(3, '10.11.0.2', 24), OUTSIDE), '10.11.0.1'],
    ['is none that nobody gave us', ['10.12.0.1'], host(INSIDE, OUTSIDE), null],
    ['is in its network', ['10.13.0.1'], host(OUTSIDE, own(3, '10.13.0.1', 24)), null],
    ['is on its interface', ['10.11.0.9'], host(OUTSIDE, own(2, '10.11.0.9', 16)), null],
    ['is none where no interface is', ['10.12.0.1'], host(INSIDE), null],
  ])('%s', (_, ours, seen, source) => expect(sourceFor(seen, '10.11.0.10', ours)).toBe(source))
})
