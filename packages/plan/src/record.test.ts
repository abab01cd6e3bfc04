import { formatInet } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wide } from './fixture.ts'
import { destKey, serviceKey } from '@lvsm/model'
import {
  claim,
  forget,
  NOTHING_OWNED,
  type ObservedService,
  type OwnedRecord,
  readRecord,
  sameRecord,
  writeRecord,
} from './index.ts'

const octet = fc.nat(255)
const anyPort = fc.nat(65_535)
const place = fc.oneof(
  fc.tuple(octet, octet, octet, octet, anyPort).map(([a, b, c, d, port]) => `${a}.${b}.${c}.${d}:${port}`),
  fc
    .tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), anyPort)
    .map(([bytes, port]) => destKey({ address: formatInet(bytes), port })),
)
const service = fc.oneof(
  fc.tuple(fc.constantFrom('tcp', 'udp'), place).map((parts) => parts.join(' ')),
  fc
    .tuple(fc.integer({ min: 1, max: 0xffffffff }), fc.constantFrom('ipv4', 'ipv6'))
    .map(([fwmark, family]) => serviceKey({ fwmark, family })),
)
const anyRecord = fc
  .array(fc.tuple(service, fc.uniqueArray(place, { maxLength: 4 })), { maxLength: 5 })
  .map((entries): OwnedRecord => new Map(entries.map(([key, dests]) => [key, new Set(dests)])))
const reversed = (record: OwnedRecord): OwnedRecord =>
  new Map([...record].toReversed().map(([key, dests]) => [key, new Set([...dests].toReversed())]))

describe('the record on disk', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(readRecord(writeRecord(record))).toEqual(record)
      }),
    )
  })

  it('is the same in any order, and another with anything more', () => {
    fc.assert(
      fc.property(anyRecord, service, place, (record, key, dest) => {
        expect(writeRecord(reversed(record))).toBe(writeRecord(record))
        expect(sameRecord(record, reversed(record))).toBe(true)
        const dests = record.get(key) ?? []
        const more = new Map([...record, [key, new Set([...dests, dest])]])
        expect(sameRecord(record, more)).toBe(record.get(key)?.has(dest) === true)
        expect(sameRecord(more, record)).toBe(record.get(key)?.has(dest) === true)
      }),
    )
  })

  it.each([
    ['', []],
    ['\u0000\u0001garbage\n\ttcp', []],
    ['tcp 10.11.0.10:80', [['tcp 10.11.0.10:80', []]]],
    ['tcp 10.11.0.10:80\tgarbage\t10.11.0.11:80\t', [['tcp 10.11.0.10:80', ['10.11.0.11:80']]]],
    ['garbage\ntcp 10.11.0.10:80\nTCP 10.11.0.11:80\ntcp 10.11.0.11\n tcp 10.11.0.12:80', [['tcp 10.11.0.10:80', []]]],
    ['tcp 10.11.0.10:80\t10.11.0.11\tx10.11.0.11:80\t10.11.0.11:80x', [['tcp 10.11.0.10:80', []]]],
    ['xtcp 10.11.0.10:80x\ntcp 10.11.0.10:80 x', []],
    [
      'tcp [2001:db8::10]:80\t[2001:db8::11]:80\t10.11.0.11:80',
      [['tcp [2001:db8::10]:80', ['[2001:db8::11]:80', '10.11.0.11:80']]],
    ],
    ['tcp 2001:db8::10:80\ntcp [10.11.0.10]', []],
    [
      'fwmark 7\t10.11.0.11:0\nfwmark 7 ipv6\t[2001:db8::11]:0\nfwmark\nfwmark 7 ipv7',
      [
        ['fwmark 7', ['10.11.0.11:0']],
        ['fwmark 7 ipv6', ['[2001:db8::11]:0']],
      ],
    ],
  ] as const)('leaves out what nobody understands: %j', (text, entries) =>
    expect(readRecord(text)).toEqual(new Map(entries.map(([key, dests]) => [key, new Set(dests)]))),
  )
})

describe('a claim', () => {
  it('adds everything that the configuration names, and takes nothing away', () => {
    const [http] = wide.services
    const old: OwnedRecord = new Map([
      ['tcp 10.11.0.10:80', new Set(['10.11.0.99:80'])],
      ['tcp 10.11.0.10:8', new Set(['10.11.0.11:8'])],
    ])
    const claimed = claim(old, wide.services)
    for (const service of wide.services)
      for (const entry of service.realservers) expect(claimed.get(serviceKey(service))?.has(destKey(entry))).toBe(true)
    for (const [key, dests] of old) for (const dest of dests) expect(claimed.get(key)?.has(dest)).toBe(true)
    expect(claimed.size).toBe(wide.services.length + 1)
    expect(claimed.get('tcp 10.11.0.10:80')?.size).toBe((http?.realservers.length ?? 0) + 1)
    expect(old.get('tcp 10.11.0.10:80'), 'the record itself stays as it was').toEqual(new Set(['10.11.0.99:80']))
    expect(claim(old, [])).toEqual(old)
  })
})

describe('what is forgotten', () => {
  const [http] = wide.services.slice(0, 1)
  const services = http ? [http] : []
  const dest = (address: string, port: number) => ({
    address,
    port,
    forward: 'dr' as const,
    weight: 1,
    active: 0,
    inactive: 0,
  })
  const observed: ObservedService[] = [
    {
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 80,
      spec: { scheduler: 'rr', flags: [] },
      dests: [dest('10.11.0.98', 80)],
    },
    {
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 443,
      spec: { scheduler: 'rr', flags: [] },
      dests: [dest('10.11.0.11', 443)],
    },
  ]
  const record: OwnedRecord = new Map([
    ['tcp 10.11.0.10:80', new Set(['10.11.0.11:80', '10.11.0.98:80', '10.11.0.99:80'])],
    ['tcp 10.11.0.10:443', new Set(['10.11.0.11:443', '10.11.0.12:443'])],
    ['tcp 10.11.0.10:25', new Set(['10.11.0.11:25'])],
  ])

  it('is what neither the configuration nor the kernel has; nothing is added', () => {
    expect(forget(record, services, observed)).toEqual(
      new Map([
        ['tcp 10.11.0.10:80', new Set(['10.11.0.11:80', '10.11.0.98:80'])],
        ['tcp 10.11.0.10:443', new Set(['10.11.0.11:443'])],
      ]),
    )
  })
  it('is no service of IPv6 that the kernel still has', () => {
    const six: ObservedService = {
      protocol: 'tcp',
      address: '2001:db8::10',
      port: 80,
      spec: { scheduler: 'rr', flags: [] },
      dests: [dest('2001:db8::11', 80)],
    }
    const owned = forget(
      readRecord(writeRecord(new Map([[serviceKey(six), new Set([destKey({ address: '2001:db8::11', port: 80 })])]]))),
      [],
      [six],
    )
    expect(owned).toEqual(new Map([['tcp [2001:db8::10]:80', new Set(['[2001:db8::11]:80'])]]))
  })
  it('is everything where nothing is left, and nothing where all is', () => {
    expect(forget(record, [], [])).toEqual(NOTHING_OWNED)
    expect(forget(NOTHING_OWNED, services, observed)).toEqual(NOTHING_OWNED)
    const named = claim(NOTHING_OWNED, services)
    expect(forget(named, services, [])).toEqual(named)
  })
})
