import {
  FAMILIES,
  FORWARDING,
  forwarding,
  KERNEL_PROTOCOLS,
  namesOf,
  SCHEDULERS,
  schedulerRow,
  type ServiceSpec,
} from '@lvsm/model'
import { AF_OF, inetBytes, ipvs } from '@lvsm/netlink'
import { expect, it } from 'vitest'
import { decodeSpec, encodeSpec } from './ipvs.ts'

it('protocols have the numbers by which netlink knows them', () => {
  const numbers = namesOf(KERNEL_PROTOCOLS).map((name) => [name, KERNEL_PROTOCOLS[name].number])
  expect(Object.fromEntries(numbers)).toEqual(ipvs.PROTOCOLS)
})

it('forwarding methods are the kernel’s', () => {
  for (const name of namesOf(FORWARDING)) expect(Object.keys(ipvs.FORWARDS)).toContain(forwarding(name).kernel)
})

it('families have the bits of their addresses, and a number', () => {
  for (const family of namesOf(FAMILIES)) {
    const { bits, everybody } = FAMILIES[family]
    expect(inetBytes(everybody)).toHaveLength(bits / 8)
    expect(AF_OF).toHaveProperty(family)
  }
})

const HTTP: ipvs.ServiceName = { kind: 'address', protocol: 'tcp', address: '10.11.0.10', port: 80 }
const SIX: ipvs.ServiceName = { kind: 'address', protocol: 'udp', address: '2001:db8::10', port: 53 }
const MARK: ipvs.ServiceName = { kind: 'mark', family: AF_OF.ipv6, mark: 7 }
const PLAIN = { persistenceSeconds: 0, persistencePrefix: 32, engine: '' }
/** As the kernel gives it back: a netmask stands there in any case. */
function again(spec: ServiceSpec, name = HTTP): ServiceSpec {
  const bits = name === HTTP ? 32 : 128
  return decodeSpec({ ...PLAIN, flags: 0, persistencePrefix: bits, ...encodeSpec(spec), name })
}

it('flags of schedulers are bits of the kernel, and the same flags again', () => {
  for (const scheduler of namesOf(SCHEDULERS)) {
    const flags = schedulerRow(scheduler)?.flags ?? []
    expect(flags.length, 'IPVS has three bits for them').toBeLessThanOrEqual(3)
    for (const spec of [
      { scheduler, flags: [] },
      { scheduler, flags },
      ...flags.map((one) => ({ scheduler, flags: [one] })),
    ])
      expect(again(spec)).toEqual(spec)
  }
  expect(encodeSpec({ scheduler: 'sh', flags: ['sh-port'] }).flags).toBe(ipvs.SERVICE_FLAG.scheduler2)
})

it('flags that somebody else set are told by their number', () => {
  const { scheduler2, scheduler3, onePacket } = ipvs.SERVICE_FLAG
  const told = (scheduler: string, flags: number) => decodeSpec({ ...PLAIN, name: HTTP, scheduler, flags })
  expect(told('sh', scheduler2 | scheduler3 | onePacket)).toEqual({
    scheduler: 'sh',
    flags: ['sh-port', 'flag-3'],
    onePacket: true,
  })
  expect(told('none', scheduler2)).toEqual({ scheduler: 'none', flags: ['flag-2'] })
})

it('options of a service are the same again, whoever its clients are', () => {
  const spec = { scheduler: 'rr', flags: [] }
  for (const persistence of [
    { seconds: 1, prefix: null, engine: null },
    { seconds: 300, prefix: 24, engine: 'sip' },
  ])
    for (const name of [HTTP, SIX, MARK])
      expect(again({ ...spec, onePacket: true, persistence }, name)).toEqual({ ...spec, onePacket: true, persistence })
})
