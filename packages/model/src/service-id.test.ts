import { formatInet } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { destKey, ipvsadmOption, parseDestKey, parseServiceKey, type ServiceId, serviceKey } from './service-id.ts'

const address = fc
  .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(formatInet)
const port = fc.nat(0xffff)
const anyService: fc.Arbitrary<ServiceId> = fc.oneof(
  fc.record({ protocol: fc.constantFrom('tcp', 'udp', 'sctp'), address, port }),
  fc.record({ fwmark: fc.integer({ min: 1, max: 0xffffffff }), family: fc.constantFrom('ipv4', 'ipv6') }),
)

describe('the name of a service', () => {
  it.each<[ServiceId, string, string]>([
    [{ protocol: 'tcp', address: '10.11.0.10', port: 80 }, 'tcp 10.11.0.10:80', '-t 10.11.0.10:80'],
    [{ protocol: 'udp', address: '2001:db8::1', port: 53 }, 'udp [2001:db8::1]:53', '-u [2001:db8::1]:53'],
    [{ fwmark: 7, family: 'ipv4' }, 'fwmark 7', '-f 7'],
    [{ fwmark: 7, family: 'ipv6' }, 'fwmark 7 ipv6', '-f 7 -6'],
  ])('%j is %s', (service, text, option) => {
    expect(serviceKey(service)).toBe(text)
    expect(parseServiceKey(text)).toEqual(service)
    expect(ipvsadmOption(service)).toBe(option)
  })
  it('comes back from its text, and differs from every other', () => {
    fc.assert(
      fc.property(anyService, anyService, (one, other) => {
        expect(parseServiceKey(serviceKey(one))).toEqual(one)
        expect(serviceKey(one) === serviceKey(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
    )
  })
  it('comes back in its usual spelling', () =>
    expect(parseServiceKey('tcp [2001:0db8:0::1]:80')).toEqual({ protocol: 'tcp', address: '2001:db8::1', port: 80 }))
  it.each([
    '',
    'tcp',
    'tcp 10.11.0.10',
    'tcp 10.11.0.10:',
    'tcp 10.11.0.10:080',
    'tcp 10.11.0.10:65536',
    'tcp 10.11.0.010:80',
    'tcp 10.11.0:80',
    'tcp [10.11.0.10]:80',
    'tcp 2001:db8::1:80',
    'tcp [2001:db8::1]80',
    'tcp [2001:db8::1',
    'TCP 10.11.0.10:80',
    'icmp 10.11.0.10:80',
    'toString 10.11.0.10:80',
    'tcp  10.11.0.10:80',
    'tcp 10.11.0.10:80 x',
    ' tcp 10.11.0.10:80',
    'tcp 10.11.0.10:80\n',
    'fwmark',
    'fwmark 0',
    'fwmark 07',
    'fwmark -1',
    'fwmark 4294967296',
    'fwmark 7 ipv4',
    'fwmark 7  ipv6',
  ])('%j is none', (text) => expect(parseServiceKey(text)).toBeNull())
  it('any text is one or none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^(tcp|fwmark) [0-9a-f:.[\]]*$/)), (text) => {
        const service = parseServiceKey(text)
        if (service) expect(parseServiceKey(serviceKey(service))).toEqual(service)
        const endpoint = parseDestKey(text)
        if (endpoint) expect(parseDestKey(destKey(endpoint))).toEqual(endpoint)
      }),
    )
  })
})
