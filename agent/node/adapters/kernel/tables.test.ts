import {
  FAMILIES,
  FORWARDING,
  forwarding,
  KERNEL_PROTOCOLS,
  namesOf,
  PLACEMENTS,
  SCHEDULERS,
  schedulerRow,
} from '@lvsm/model'
import { AF_OF, inetBytes, ipvs, rtnetlink } from '@lvsm/netlink'
import { expect, it } from 'vitest'
import { decodeSpec, encodeSpec } from './ipvs.ts'

it('protocols have the numbers by which netlink knows them', () => {
  const numbers = namesOf(KERNEL_PROTOCOLS).map((name) => [name, KERNEL_PROTOCOLS[name].number])
  expect(Object.fromEntries(numbers)).toEqual(ipvs.PROTOCOLS)
})

it('forwarding methods are the kernel’s', () => {
  for (const name of namesOf(FORWARDING)) expect(Object.keys(ipvs.FORWARDS)).toContain(forwarding(name).kernel)
})

it('placements have a scope of rtnetlink', () => {
  for (const { scope } of Object.values(PLACEMENTS)) expect(rtnetlink.SCOPE).toHaveProperty(scope)
})

it('families have the bits of their addresses, and a number', () => {
  for (const family of namesOf(FAMILIES)) {
    const { bits, everybody } = FAMILIES[family]
    expect(inetBytes(everybody)).toHaveLength(bits / 8)
    expect(AF_OF).toHaveProperty(family)
  }
})

it('flags of schedulers are bits of the kernel, and the same flags again', () => {
  for (const scheduler of namesOf(SCHEDULERS)) {
    const flags = schedulerRow(scheduler)?.flags ?? []
    expect(flags.length, 'IPVS has three bits for them').toBeLessThanOrEqual(3)
    for (const spec of [
      { scheduler, flags: [] },
      { scheduler, flags },
      ...flags.map((one) => ({ scheduler, flags: [one] })),
    ])
      expect(decodeSpec(encodeSpec(spec))).toEqual(spec)
  }
  expect(encodeSpec({ scheduler: 'sh', flags: ['sh-port'] }).flags).toBe(ipvs.SERVICE_FLAG.scheduler2)
})

it('flags that somebody else set are told by their number', () => {
  const { scheduler2, scheduler3, onePacket } = ipvs.SERVICE_FLAG
  expect(decodeSpec({ scheduler: 'sh', flags: scheduler2 | scheduler3 | onePacket })).toEqual({
    scheduler: 'sh',
    flags: ['sh-port', 'flag-3'],
  })
  expect(decodeSpec({ scheduler: 'none', flags: scheduler2 })).toEqual({ scheduler: 'none', flags: ['flag-2'] })
})
