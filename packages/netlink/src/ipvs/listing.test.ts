import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeListing } from './listing.ts'

const HEAD = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`
const lines = (...text: string[]): string => `${HEAD}${text.map((line) => `${line}\n`).join('')}`
const value = (text: string) => {
  const decoded = decodeListing(text)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}
/** Blanks at the ends as the kernel's format strings leave them. */
const REAL = lines(
  'TCP  0A0B000A:0050 wrr ',
  '  -> 0A0C000D:1F90      Masq    0      2          17        ',
  '  -> 0A0C000E:0050      Tunnel  65535  0          0         ',
  '  -> 0A0B000B:0050      Route   3      1234567890 1         ',
  'UDP  0A0B000A:0035 rr ops ',
  'TCP  [fd00:0000:0000:0000:0000:0000:0000:0010]:01BB sh ',
  '  -> [fd00:0000:0000:0000:0000:0000:0000:0011]:01BB      Route   1      0          0         ',
  '  -> 7F000001:01BB      Local   1      0          0         ',
  'SCTP  0A0B000A:0B64 none ',
  'FWM  00000007 wlc persistent 75000 FFFFFF00',
  '  -> 0A0C000E:0000      Route   1      0          0         ',
  'FWM  FFFFFFFF wlc ops ',
  'TCP  0A0B0014:0050 rr persistent 90000 FFFFFFFF',
)

describe('/proc/net/ip_vs', () => {
  it('is read whole', () => {
    const none = { activeConnections: 0, inactiveConnections: 0 }
    expect(value(REAL)).toEqual([
      {
        name: { kind: 'address', protocol: 'tcp', address: '10.11.0.10', port: 80 },
        scheduler: 'wrr',
        flags: '',
        destinations: [
          {
            address: '10.12.0.13',
            port: 8080,
            forward: 'nat',
            weight: 0,
            activeConnections: 2,
            inactiveConnections: 17,
          },
          { address: '10.12.0.14', port: 80, forward: 'tun', weight: 65_535, ...none },
          {
            address: '10.11.0.11',
            port: 80,
            forward: 'dr',
            weight: 3,
            activeConnections: 1_234_567_890,
            inactiveConnections: 1,
          },
        ],
      },
      {
        name: { kind: 'address', protocol: 'udp', address: '10.11.0.10', port: 53 },
        scheduler: 'rr',
        flags: 'ops',
        destinations: [],
      },
      {
        name: { kind: 'address', protocol: 'tcp', address: 'fd00::10', port: 443 },
        scheduler: 'sh',
        flags: '',
        destinations: [
          { address: 'fd00::11', port: 443, forward: 'dr', weight: 1, ...none },
          { address: '127.0.0.1', port: 443, forward: 'local', weight: 1, ...none },
        ],
      },
      {
        name: { kind: 'address', protocol: 'sctp', address: '10.11.0.10', port: 2916 },
        scheduler: 'none',
        flags: '',
        destinations: [],
      },
      {
        name: { kind: 'mark', mark: 7 },
        scheduler: 'wlc',
        flags: 'persistent 75000 FFFFFF00',
        destinations: [{ address: '10.12.0.14', port: 0, forward: 'dr', weight: 1, ...none }],
      },
      { name: { kind: 'mark', mark: 0xffffffff }, scheduler: 'wlc', flags: 'ops', destinations: [] },
      {
        name: { kind: 'address', protocol: 'tcp', address: '10.11.0.20', port: 80 },
        scheduler: 'rr',
        flags: 'persistent 90000 FFFFFFFF',
        destinations: [],
      },
    ])
    expect(value(HEAD)).toEqual([])
    expect(value(HEAD.replace('size=4096', 'size=0'))).toEqual([])
  })

  const dest = '  -> 0A0C000D:1F90      Masq    0      2          17        '
  it.each([
    ['nothing', ''],
    ['another head', REAL.replace('Scheduler Flags', 'Scheduler Flags Netmask')],
    ['an end in the middle of a line', REAL.slice(0, -9)],
    ['no end', REAL.slice(0, -1)],
    ['an unknown protocol', lines('IP_47  0A0B000A:0050 wrr ')],
    ['a protocol of every object', lines('CONSTRUCTOR  0A0B000A:0050 wrr ')],
    ['a short address', lines('TCP  0A0B000:0050 wrr ')],
    ['an address that is none', lines('TCP  [fd00:::0010]:0050 wrr ')],
    ['no scheduler', lines('TCP  0A0B000A:0050 ')],
    ['a destination of no service', lines(dest)],
    ['an unknown method', lines('TCP  0A0B000A:0050 wrr ', dest.replace('Masq', 'Bounce'))],
    ['a weight that is none', lines('TCP  0A0B000A:0050 wrr ', dest.replace('    0 ', '    x '))],
    ['a column too many', lines('TCP  0A0B000A:0050 wrr ', `${dest}4`)],
    ['an empty line', lines('TCP  0A0B000A:0050 wrr ', '')],
  ])('%s is refused', (_, text) => expect(decodeListing(text).ok).toBe(false))

  it('never throws, and reads no more than is there', () => {
    fc.assert(
      fc.property(fc.nat(REAL.length), fc.nat(40), fc.string({ unit: 'binary', maxLength: 40 }), (at, cut, more) => {
        const decoded = decodeListing(REAL.slice(0, at) + more + REAL.slice(at + cut))
        if (decoded.ok) expect(decoded.value.length).toBeLessThan(50)
        decodeListing(more)
      }),
      { numRuns: 500 },
    )
  })
})
