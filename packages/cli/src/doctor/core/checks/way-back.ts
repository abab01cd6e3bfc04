/** Packets that a director hands over where the way back is another one (row 41). */
import { inNetwork } from '@lvsm/model'
import type { Check, Seen, Site } from '../check.ts'
import { aliasesOf, isIpv4 } from '../part.ts'

/** Where directors hand packets over: as the configuration says, else where the VIP's own network is. */
function handedOn({ facts, part }: Site): string[] {
  const aliases = aliasesOf(facts)
  const own = facts.addresses.filter((one) => isIpv4(one.address) && !aliases.includes(one))
  const vips = part.aliases.filter(isIpv4)
  const found = own.filter((one) =>
    part.handed === null ? vips.some((vip) => inNetwork(vip, one)) : part.handed.includes(one.address),
  )
  return [...new Set(found.map((one) => one.interface))]
}

export const wayBack: Check = {
  name: 'rp-filter',
  rows: [41],
  title: 'what a director hands over is dropped, because the way back is another interface',
  symptom:
    'a realserver by DR with two interfaces never answers clients beyond its networks; checks of its own address are well',
  why: "a packet by DR comes in from the client, by the interface of the realserver's network; with rp_filter=1 the kernel drops it where the route back to the client leaves by another one",
  mend: 'net.ipv4.conf.IF.rp_filter=2 of the interface by which the director hands over (of all and the interface the larger counts), or the default route by it',
  look(site) {
    const { facts, part, settings } = site
    if (!part.aliases.some(isIpv4)) return []
    const defaults = facts.routes.filter(({ destination, prefix }) => prefix === 0 && isIpv4(destination))
    const least = Math.min(...defaults.map(({ metric }) => metric))
    const back = new Set(defaults.filter(({ metric }) => metric === least).map((one) => one.interface))
    if (back.size === 0) return []
    return handedOn(site).flatMap((name): Seen[] => {
      const filter = settings.counted(name, 'rp_filter', 'larger')
      if (back.has(name) || filter?.value !== 1) return []
      const dropped = facts.counters['TcpExtIPReversePathFilter']
      return [
        {
          severity: 'critical',
          object: name,
          message: `the kernel drops what a director hands over on ${name} from clients beyond it: the way back to them is ${[...back].join(', ')}`,
          evidence: [
            filter.evidence,
            `ip route: default dev ${[...back].join(', ')}`,
            ...(dropped === undefined ? [] : [`nstat TcpExtIPReversePathFilter: ${dropped} dropped since boot`]),
          ],
          fixes: settings.fix(`net/ipv4/conf/${name}/rp_filter`, '2'),
        },
      ]
    })
  },
}
