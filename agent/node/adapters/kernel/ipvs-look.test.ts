import { type ObservedDest, type ObservedService } from '@lvsm/plan'
import { destKey, isMark, serviceKey } from '@lvsm/model'
import { inetBytes } from '@lvsm/netlink'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { TableLook, watchTable } from './ipvs-look.ts'

const METHODS = { nat: 'Masq', dr: 'Route', tun: 'Tunnel', local: 'Local', bypass: 'Masq' } as const
const hex = (number: number, digits: number): string => number.toString(16).toUpperCase().padStart(digits, '0')

/** As the kernel prints it (ip_vs_info_seq_show). */
function place(address: string, port: number): string {
  const bytes = [...inetBytes(address)]
  const text =
    bytes.length === 4
      ? bytes.map((byte) => hex(byte, 2)).join('')
      : `[${bytes.map((byte, at) => (at > 0 && at % 2 === 0 ? ':' : '') + hex(byte, 2).toLowerCase()).join('')}]`
  return `${text}:${hex(port, 4)}`
}
const pad = (value: number | string, width: number): string => String(value).padEnd(width)
const destLine = ({ address, port, forward, weight, active, inactive }: ObservedDest): string =>
  `  -> ${place(address, port)}      ${pad(METHODS[forward], 7)} ${pad(weight, 6)} ${pad(active, 10)} ${pad(inactive, 10)}`
function serviceLines(service: ObservedService): string[] {
  const { spec, dests } = service
  if (isMark(service)) return [`FWM  ${hex(service.fwmark, 8)} ${spec.scheduler} `, ...dests.map(destLine)]
  const { protocol, address, port } = service
  return [`${protocol.toUpperCase()}  ${place(address, port)} ${spec.scheduler} `, ...dests.map(destLine)]
}
const HEAD = [
  'IP Virtual Server version 1.2.1 (size=4096)',
  'Prot LocalAddress:Port Scheduler Flags',
  '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn',
]

/** A table as data, in the kernel's two voices; `asked`: of which services netlink was asked for the destinations. */
function table(services: ObservedService[]) {
  const kernel = { services, asked: [] as string[], listing: (text: string): string | null => text, gone: false }
  const answered = (): readonly ObservedService[] => {
    if (kernel.gone) throw new Error('ENOENT')
    return kernel.services
  }
  const look = new TableLook({
    listing: () => kernel.listing([...HEAD, ...kernel.services.flatMap(serviceLines), ''].join('\n')),
    services: () => structuredClone(answered()),
    dests: (service) => {
      kernel.asked.push(serviceKey(service))
      const key = serviceKey(service)
      return structuredClone(answered().find((one) => serviceKey(one) === key)?.dests ?? [])
    },
  })
  const observe = (): { asked: string[]; services: readonly ObservedService[] } => {
    kernel.asked = []
    const found = look.observe()
    return { asked: kernel.asked, services: found }
  }
  const glance = (): { asked: string[]; differs: boolean } => {
    kernel.asked = []
    const differs = look.glance()
    return { asked: kernel.asked, differs }
  }
  return { kernel, look, observe, glance }
}

const dest = (octet: number, more: Partial<ObservedDest> = {}): ObservedDest => ({
  address: `10.11.0.${octet}`,
  port: 80,
  forward: 'dr',
  weight: 1,
  active: 0,
  inactive: 0,
  ...more,
})
const service = (octet: number, ...dests: ObservedDest[]): ObservedService => ({
  protocol: 'tcp',
  address: `10.20.0.${octet}`,
  port: 80,
  spec: { scheduler: 'wrr', flags: [] },
  dests,
})
const key = (octet: number): string => `tcp 10.20.0.${octet}:80`
const many = (count: number) => Array.from({ length: count }, (_, at) => service(at + 1, dest(11), dest(12)))
const GLANCES = 8

describe('a look at the table', () => {
  it('asks for all destinations once, and counts connections from the listing', () => {
    const { kernel, observe } = table(many(9))
    expect(observe()).toEqual({ asked: many(9).map(serviceKey), services: kernel.services })
    kernel.services[8] = service(9, dest(11, { active: 5, inactive: 3 }), dest(12))
    const { asked, services } = observe()
    expect(asked).toEqual([])
    expect(services).toEqual(kernel.services)
  })

  it.each<[string, ObservedService]>([
    ['a weight', service(9, dest(11, { weight: 0 }), dest(12))],
    ['a method', service(9, dest(11, { forward: 'tun' }), dest(12))],
    ['one more', service(9, dest(11), dest(12), dest(13))],
    ['one less', service(9, dest(12))],
    ['another port', service(9, dest(11, { port: 81 }), dest(12))],
  ])('asks for a service that differs: %s', (_, now) => {
    const { kernel, observe } = table(many(9))
    observe()
    kernel.services[8] = now
    const { asked, services } = observe()
    expect(asked).toEqual([key(9)])
    expect(services).toEqual(kernel.services)
    expect(observe().asked, 'and only once').toEqual([])
  })

  it('asks for a new service, and for none when one has gone', () => {
    const { kernel, observe } = table(many(9))
    observe()
    kernel.services.push(service(99, dest(11)))
    expect(observe().asked).toEqual([key(99)])
    kernel.services.splice(3, 1)
    const { asked, services } = observe()
    expect([asked, services]).toEqual([[], kernel.services])
  })

  it.each([
    ['flags of the scheduler', { scheduler: 'wrr', flags: ['flag-1'] }],
    ['another scheduler', { scheduler: 'rr', flags: [] }],
    ['persistence', { scheduler: 'wrr', flags: [], persistence: { seconds: 300, prefix: 24, engine: null } }],
  ])('sees at once what netlink says of the service itself: %s', (_, spec) => {
    const { kernel, observe } = table(many(9))
    observe()
    kernel.services[6] = { ...service(7, dest(11), dest(12)), spec }
    expect(observe().services).toEqual(kernel.services)
    expect(observe().services, 'and keeps it').toEqual(kernel.services)
  })

  it('a listing that leaves services out, as the kernel does where other namespaces have some, hides none', () => {
    const { kernel, look, observe } = table(many(9))
    kernel.listing = (text) => text.replace(serviceLines(service(4, dest(11), dest(12))).join('\n') + '\n', '')
    observe()
    expect(observe()).toMatchObject({ asked: [key(4)], services: kernel.services })
    look.outdate({ protocol: 'tcp', address: '10.20.0.4', port: 80 })
    kernel.services[3] = service(4, dest(11))
    expect(observe().services, 'also one that was just changed').toEqual(kernel.services)
  })

  it('does not keep an answer of another moment than the listing', () => {
    const { kernel, observe } = table(many(9))
    observe()
    const before = service(9, dest(11), dest(12, { weight: 5 }))
    const after = service(9, dest(11), dest(12, { weight: 7 }))
    kernel.services[8] = before
    // Somebody changes it between the two voices, and back before the next look.
    kernel.listing = (text) => {
      kernel.services[8] = after
      return text
    }
    observe()
    kernel.listing = (text) => text
    kernel.services[8] = before
    expect(observe().services).toEqual(kernel.services)
  })

  it('asks for a service that somebody is about to change', () => {
    const { kernel, look, observe } = table(many(9))
    observe()
    look.outdate({ protocol: 'tcp', address: '10.20.0.9', port: 80 })
    expect(observe().asked).toEqual([key(9)])
    expect(kernel.services).toHaveLength(9)
  })

  it('of a service that goes between the two voices it says nothing but that it was there', () => {
    const { kernel, look, observe } = table(many(9))
    observe()
    look.outdate({ protocol: 'tcp', address: '10.20.0.9', port: 80 })
    kernel.listing = (text) => {
      kernel.services = kernel.services.filter((one) => serviceKey(one) !== key(9))
      return text
    }
    expect(observe().services).toEqual([...many(8), service(9)])
    expect(observe().services).toEqual(many(8))
  })

  it.each<[string, (text: string) => string | null]>([
    ['cannot be read', () => null],
    ['is not understood', (text) => text.replace('wrr', 'wrr 10%\n')],
    ['has no head', () => ''],
    ['names a service twice', (text) => text + serviceLines(service(1)).join('\n') + '\n'],
  ])('asks for all destinations while the listing %s', (_, listing) => {
    const { kernel, observe } = table(many(4))
    observe()
    kernel.listing = listing
    const all = { asked: many(4).map(serviceKey), services: kernel.services }
    expect(observe()).toEqual(all)
    expect(observe()).toEqual(all)
    kernel.listing = (text) => text
    expect(observe(), 'what is known is of answers without a listing').toEqual(all)
    expect(observe().asked).toEqual([])
  })

  it('asks netlink in every look, so that a kernel that has lost IPVS is noticed', () => {
    const { kernel, look, observe } = table([])
    expect(observe()).toEqual({ asked: [], services: [] })
    kernel.services = many(2)
    observe()
    kernel.gone = true
    expect(() => observe()).toThrow('ENOENT')
    kernel.gone = false
    look.forget()
    expect(observe().asked).toEqual([key(1), key(2)])
  })

  const mark = (fwmark: number, family: 'ipv4' | 'ipv6', ...dests: ObservedDest[]): ObservedService => ({
    ...{ fwmark, family, dests },
    spec: { scheduler: 'rr', flags: [] },
  })
  const six = dest(11, { address: 'fd00::1' })

  it('knows services by mark, with destinations and without', () => {
    const { kernel, observe } = table([...many(3), mark(7, 'ipv4', dest(11)), mark(8, 'ipv6', six), mark(9, 'ipv6')])
    observe()
    kernel.services[3] = mark(7, 'ipv4', dest(11, { weight: 5 }))
    const { asked, services } = observe()
    expect([asked, services]).toEqual([['fwmark 7'], kernel.services])
    kernel.services[5] = mark(9, 'ipv4')
    expect(observe().services, 'of the other family now').toEqual(kernel.services)
  })

  it('asks each time for a mark that both families have: the listing does not tell them apart', () => {
    const { kernel, observe } = table([...many(3), mark(7, 'ipv4', dest(11)), mark(7, 'ipv6', six)])
    observe()
    const keys = kernel.services.slice(3).map(serviceKey)
    expect(observe().asked).toEqual(keys)
    expect(observe().services).toEqual(kernel.services)
  })

  it('says what a whole dump would say, whatever happens to the table', () => {
    const address = fc.constantFrom('10.11.0.11', '10.11.0.12', 'fd00::11')
    const anyDest: fc.Arbitrary<ObservedDest> = fc.record({
      address,
      port: fc.constantFrom(80, 8080),
      forward: fc.constantFrom('dr', 'nat', 'tun', 'local'),
      weight: fc.nat(3),
      active: fc.nat(2),
      inactive: fc.nat(2),
    })
    const anyService: fc.Arbitrary<ObservedService> = fc.record({
      protocol: fc.constantFrom('tcp', 'udp'),
      address: fc.constantFrom('10.20.0.1', '10.20.0.2', 'fd00::20'),
      port: fc.constantFrom(80, 443),
      spec: fc.record({ scheduler: fc.constantFrom('rr', 'wlc'), flags: fc.constantFrom([], ['flag-2']) }),
      dests: fc.uniqueArray(anyDest, { selector: destKey, maxLength: 4 }),
    })
    const anyTable = fc.uniqueArray(anyService, { selector: serviceKey, maxLength: 6 })
    fc.assert(
      fc.property(fc.array(anyTable, { minLength: 2, maxLength: 5 }), (tables) => {
        const { kernel, observe } = table([])
        for (const services of tables) {
          kernel.services = services
          expect(observe().services).toEqual(services)
          expect(observe().services).toEqual(services)
        }
      }),
    )
  })
})

describe('a glance', () => {
  const hidden: [string, ObservedDest, ObservedDest][] = [
    ['a threshold', dest(11, { upper: 9, lower: 1 }), dest(11)],
    ['the type of a tunnel', dest(11, { forward: 'tun', tunnel: 'gre' }), dest(11, { forward: 'tun' })],
    [
      'the port of a tunnel',
      dest(11, { forward: 'tun', tunnel: 'gue:5555' }),
      dest(11, { forward: 'tun', tunnel: 'gue:1' }),
    ],
    ['a method that the listing calls as another', dest(11, { forward: 'bypass' }), dest(11, { forward: 'nat' })],
  ]
  it.each(
    hidden.flatMap(([what, one, other]): typeof hidden => [
      [`${what}, that came`, other, one],
      [`${what}, that went`, one, other],
    ]),
  )('finds what the listing does not show: %s', (_, before, after) => {
    const { kernel, observe, glance } = table([...many(5), service(200, before)])
    observe()
    expect(glance()).toEqual({ asked: kernel.services.map(serviceKey).toSorted(), differs: false })
    kernel.services[5] = service(200, after)
    expect(glance().differs).toBe(true)
    expect(observe()).toEqual({ asked: [key(200)], services: kernel.services })
    expect(glance().differs, 'the look has seen it').toBe(false)
  })

  it.each([
    ['as plain as can be', {}],
    ['with thresholds', { upper: 100, lower: 50 }],
    ['by GRE', { forward: 'tun', tunnel: 'gre' } as const],
  ])('goes over a thousand services of ten realservers in eight seconds, at the same cost each: %s', (_, more) => {
    const servers = Array.from({ length: 10 }, (_server, at) => dest(11 + at, more))
    const port = (at: number): ObservedService => ({ ...service(1, ...servers), port: 2000 + at })
    const { kernel, observe, glance } = table(Array.from({ length: 1000 }, (_service, at) => port(at)))
    observe()
    const asked = Array.from({ length: GLANCES }, glance)
    expect(asked.map((one) => one.asked.length)).toEqual(Array.from({ length: GLANCES }, () => 125))
    expect(new Set(asked.flatMap((one) => one.asked)).size).toBe(1000)
    expect(observe().asked, 'and a look asks for nothing again').toEqual([])
    for (const at of [0, 500, 999]) {
      kernel.services[at] = { ...port(at), dests: [dest(11, { ...more, upper: 7 }), ...servers.slice(1)] }
      const seen = Array.from({ length: GLANCES }, glance).filter(({ differs }) => differs)
      expect(seen, `number ${at}`).toHaveLength(1)
      expect(observe()).toEqual({ asked: [serviceKey(port(at))], services: kernel.services })
    }
  })

  it('says nothing of connections, of what is about to be changed, and of a table that nobody has looked at', () => {
    const { kernel, look, observe, glance } = table(many(3))
    expect(glance()).toEqual({ asked: [], differs: false })
    observe()
    kernel.services[0] = service(1, dest(11, { active: 5 }), dest(12))
    expect(glance().differs).toBe(false)
    look.outdate({ protocol: 'tcp', address: '10.20.0.1', port: 80 })
    expect(glance().asked).toEqual([key(2), key(3)])
    look.forget()
    expect(glance().asked).toEqual([])
  })

  it('comes each second until nobody watches any more', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      let [glances, changes] = [0, 0]
      const watch = watchTable({ glance: () => ++glances === 3 }, () => void changes++)
      vi.advanceTimersByTime(2000)
      expect([glances, changes]).toEqual([2, 0])
      vi.advanceTimersByTime(2000)
      expect([glances, changes]).toEqual([4, 1])
      watch.close()
      vi.advanceTimersByTime(5000)
      expect(glances).toBe(4)
    } finally {
      vi.useRealTimers()
    }
  })

  it('finds that a service has lost its destinations, and that IPVS has gone', () => {
    const { kernel, observe, glance } = table(many(3))
    observe()
    kernel.services.splice(1, 1)
    expect(glance().differs).toBe(true)
    kernel.gone = true
    expect(glance().differs).toBe(true)
    expect(glance(), 'that is for the look to say').toEqual({ asked: [], differs: false })
  })
})
