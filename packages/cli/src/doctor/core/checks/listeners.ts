/** Where programs listen, and where clients ask (row 10). */
import { familyOf } from '@lvsm/base'
import type { Check, Seen, Site } from '../check.ts'
import { isIpv4 } from '../part.ts'
import { type FactDestination, servicesOf } from '../table-facts.ts'

/** But for lvsm's own: they are for nodes and people, and never for clients of a VIP. */
const othersOf = ({ listeners }: Site['facts']): Site['facts']['listeners'] =>
  listeners.filter(({ program = '' }) => !program.startsWith('lvsm-'))

/** What a realserver is asked at its VIPs, as far as somebody listens at that port at all. */
function askedOf({ facts, part }: Site) {
  const own = othersOf(facts).filter(({ address }) => facts.addresses.some((one) => one.address === address))
  const { asked } = part
  return own.flatMap(({ protocol, port }) => {
    const addresses =
      asked === null
        ? part.aliases
        : asked.flatMap((one) => (one.protocol === protocol && port >= one.from && port <= one.to ? [one.address] : []))
    return addresses.map((address) => ({ protocol, address, port }))
  })
}

export const listensOnRip: Check = {
  name: 'listens-on-rip',
  rows: [10],
  title: 'a program does not listen where clients ask',
  symptom: 'the realserver is well at its own address, and refuses what comes for the VIP',
  why: 'by DR, TUN and on the director itself the packet still is for the VIP and its port',
  mend: 'let it listen on the VIP or on all addresses, at the port of the service',
  look(site) {
    const { facts, part } = site
    const isHere = (given: string): boolean => facts.addresses.some(({ address }) => address === given)
    // Of an address of its own a kernel says the method that was asked for, and delivers all the same (tried: 6.1).
    const isLocal = ({ forward, address }: FactDestination): boolean =>
      forward === 'local' || (forward !== 'nat' && isHere(address))
    const local = servicesOf(facts).flatMap(({ protocol, address, port, destinations }) =>
      protocol !== null && destinations.some((one) => isLocal(one) && one.weight > 0)
        ? [{ protocol, address, port }]
        : [],
    )
    const asked = part.director ? local : askedOf(site)
    // Whoever says nothing of what is served here may mean the program for the machine itself.
    const severity = part.director ? 'critical' : part.asked === null ? 'info' : 'warning'
    const seen = new Set<string>()
    return asked.flatMap(({ protocol, address, port }): Seen[] => {
      const key = `${protocol} ${address} ${port}`
      if (seen.has(key)) return []
      seen.add(key)
      const here = othersOf(facts).filter((one) => one.protocol === protocol && one.port === port)
      const everywhere = here.some(
        (one) => one.address === address || one.address === '::' || (one.address === '0.0.0.0' && isIpv4(address)),
      )
      const wrong = here.filter((one) => familyOf(one.address) === familyOf(address) && !one.address.startsWith('127.'))
      if (everywhere || wrong.length === 0) return []
      return [
        {
          severity,
          object: `${address} port ${port}`,
          message: `a program listens on ${wrong.map((one) => one.address).join(', ')} port ${port}, and not on ${address}`,
          evidence: wrong.map((one) => `ss -ln: ${one.protocol} ${one.address}:${one.port}`),
        },
      ]
    })
  },
}
