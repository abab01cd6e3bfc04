import { FAMILIES, FORWARDING, forwarding, KERNEL_PROTOCOLS, namesOf, PLACEMENTS } from '@lvsm/model'
import { AF_OF, inetBytes, ipvs, rtnetlink } from '@lvsm/netlink'
import { expect, it } from 'vitest'

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
