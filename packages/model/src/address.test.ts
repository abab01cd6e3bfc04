import { formatInet } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Cidr,
  hostPrefix,
  inNetwork,
  networkCidr,
  parseCidr,
  refuseAddress,
  refuseCidr,
  refuseHostAddress,
  refuseInNetwork,
} from './address.ts'
import { FAMILIES } from './tables/index.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const anyCidr: fc.Arbitrary<Cidr> = fc.oneof(
  fc.record({ address: bytes(4).map(formatInet), prefix: fc.nat(32) }),
  fc.record({ address: bytes(16).map(formatInet), prefix: fc.nat(128) }),
)

describe('networks', () => {
  it.each([
    ['10.12.0.254/24', '10.12.0.0/24'],
    ['10.12.77.254/20', '10.12.64.0/20'],
    ['10.12.0.254/0', '0.0.0.0/0'],
    ['10.12.0.255/31', '10.12.0.254/31'],
    ['10.12.0.254/32', '10.12.0.254/32'],
    ['2001:db8:0:1::10/64', '2001:db8:0:1::/64'],
    ['2001:db8:ffff::10/35', '2001:db8:e000::/35'],
    ['2001:db8::10/128', '2001:db8::10/128'],
    ['2001:db8::10/0', '::/0'],
  ])('of %s is %s', (text, wanted) => {
    const cidr = parseCidr(text)
    const { address, prefix } = networkCidr(cidr as Cidr)
    expect(`${address}/${prefix}`).toBe(wanted)
  })
  it('hold what they are the network of, and nobody of the other family', () => {
    fc.assert(
      fc.property(anyCidr, anyCidr, (one, other) => {
        const network = networkCidr(one)
        expect(inNetwork(one.address, one)).toBe(true)
        expect(inNetwork(one.address, network)).toBe(true)
        expect(networkCidr(network)).toEqual(network)
        const same = networkCidr({ ...other, prefix: one.prefix }).address === network.address
        if (hostPrefix(one.address) === hostPrefix(other.address)) expect(inNetwork(other.address, one)).toBe(same)
        else expect(inNetwork(other.address, one)).toBe(false)
      }),
    )
  })
  it.each([
    ['10.11.0.10', '10.11.1.10/24', false],
    ['10.11.0.10', '10.11.1.10/23', true],
    ['2001:db8::1:0', '2001:db8::/112', false],
    ['2001:db8::1:0', '2001:db8::/111', true],
    ['0.0.0.0', '::/0', false],
    ['::', '0.0.0.0/0', false],
    ['nobody', '10.11.0.0/24', false],
  ])('%s in %s: %s', (address, cidr, is) => expect(inNetwork(address, parseCidr(cidr) as Cidr)).toBe(is))
  it.each([
    '10.11.0.10',
    '10.11.0.10/33',
    '10.11.0.10/08',
    '10.11.0.10/-1',
    '10.11.0.10/24/24',
    '/24',
    '::1/129',
    'x/1',
    '',
  ])('%j is none', (text) => expect(parseCidr(text)).toBeNull())
  it('an invalid address is in none', () => expect(inNetwork('10.0.0.1', { address: 'x', prefix: 0 })).toBe(false))
})

describe('what no host may have', () => {
  it.each([
    ['0.1.2.3', /0.0.0.0\/8/],
    ['127.0.0.1', /loopback/],
    ['239.255.255.255', /multicast/],
    ['240.0.0.1', /reserved/],
    ['255.255.255.255', /reserved/],
    ['::', /unspecified/],
    ['::1', /the loopback/],
    ['::2', /IPv4-compatible/],
    ['::ffff:10.11.0.10', /IPv4 address in the form/],
    ['64:ff9b::a0b:a', /translation/],
    ['100::1', /discarded/],
    ['fe80::1', /link-local/],
    ['febf::1', /link-local/],
    ['fec0::1', /site-local/],
    ['ff02::1', /multicast/],
    ['nobody', /no internet address/],
  ])('%s %s', (address, why) => expect(refuseHostAddress(address)).toMatch(why))
  it.each(['1.0.0.1', '126.255.255.255', '128.0.0.1', '223.255.255.255', '2001:db8::1', 'fd00::1', '100:0:0:1::1'])(
    '%s is free',
    (address) => expect(refuseHostAddress(address)).toBeNull(),
  )
  it.each([
    ['10.11.0.0/24', 'is the network address of its own /24'],
    ['10.11.0.255/24', 'is the broadcast address of its own /24'],
    ['10.11.0.255/23', null],
    ['10.11.0.0/31', null],
    ['10.11.0.0/32', null],
    ['2001:db8::/64', 'is the Subnet-Router anycast address of its own /64'],
    ['2001:db8::ffff:ffff:ffff:ffff/64', null],
    ['2001:db8::/127', null],
  ])('%s %s', (text, why) => expect(refuseInNetwork(parseCidr(text) as Cidr)).toBe(why))
})

describe('the ranges of a family', () => {
  it.each(Object.entries(FAMILIES))(
    '%s: networks of its own, the narrower first',
    (_, { bits, everybody, unusable }) => {
      const networks = unusable.map(([text]) => parseCidr(text) as Cidr)
      for (const network of networks) {
        expect(networkCidr(network)).toEqual(network)
        expect(hostPrefix(network.address)).toBe(bits)
        const before = networks.slice(0, networks.indexOf(network))
        const wider = before.find((one) => one.prefix <= network.prefix && inNetwork(network.address, one))
        expect(wider, `${network.address}/${network.prefix} is not hidden by one before it`).toBeUndefined()
      }
      expect(hostPrefix(everybody)).toBe(bits)
    },
  )
})

describe('an address in a configuration', () => {
  it.each([
    ['10.11.0.10', null],
    ['010.11.0.10', 'is no IPv4 or IPv6 address'],
    ['2001:db8::10', null],
    ['::ffff:10.11.0.10', 'is not written as usual'],
  ])('%s: %s', (text, message) => expect(refuseAddress(text)?.message ?? null).toBe(message))
  it.each([
    ['[2001:db8::10]', 'write 2001:db8::10, without brackets'],
    ['[2001:db8::10]:80', 'write 2001:db8::10, without brackets; the port has a key of its own'],
  ])('%s is one in brackets', (text, hint) => expect(refuseAddress(text)?.hint).toBe(hint))
  it('has one spelling, whatever its family', () => {
    expect(refuseAddress('2001:DB8:0::10')?.hint).toBe('write 2001:db8::10')
    expect(refuseAddress('::ffff:10.11.0.10')?.hint).toBe('write 10.11.0.10')
    expect(refuseCidr('2001:DB8::10/64')?.hint).toBe('write 2001:db8::10')
    expect(refuseAddress('x')?.message).toBe('is no IPv4 or IPv6 address')
  })
  it.each(['10.11.0.10', '10.11.0.10/33', '10.11.0.010/24', 'x/24', ''])('%j is none with a prefix length', (text) =>
    expect(refuseCidr(text)?.message).toBe('is no IPv4 or IPv6 address with a prefix length'),
  )
})
