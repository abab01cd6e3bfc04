/** What the kernel counted until now, under the names of the configuration: for the rates of the last hours, so it is read again and again. */
import { type Five, fiveOf, MOST_SERVERS_READ, type TotalsReading } from '@lvsm/protocol'
import { destKey } from '@lvsm/model'
import type { ipvs } from '@lvsm/netlink'
import type { Naming } from './named.ts'
import type { ServiceReading } from './stats.ts'

/** Reading the realservers costs a question of the kernel for each service. */
export const areFew = ({ names }: Naming): boolean =>
  names.services.reduce((sum, { realservers }) => sum + realservers.length, 0) <= MOST_SERVERS_READ

const isNothing = (totals: Five): boolean => totals.every((value) => value === 0)

/** `readings`, `totals`: null where the kernel has no IPVS. `isEach`: they have their realservers. */
export function totalsOf(
  naming: Naming,
  readings: readonly ServiceReading[] | null,
  totals: ipvs.Totals | null,
  isEach: boolean,
): TotalsReading {
  const named = (readings ?? []).flatMap(({ key, stats, destinations }) => {
    const service = naming.serviceOf(key)
    return service ? [{ service, totals: fiveOf(stats), destinations }] : []
  })
  const servers = named.flatMap(({ service, destinations }) =>
    destinations.flatMap((one) => {
      const [key, own] = [destKey(one), fiveOf(one.stats)]
      const node = naming.nodeOf(service, key)
      return node === null || isNothing(own) ? [] : [{ service: service.name, node, key, totals: own }]
    }),
  )
  return {
    node: readings && totals && fiveOf(totals),
    services: named.flatMap(({ service: { name }, totals: own }) => (isNothing(own) ? [] : [{ name, totals: own }])),
    servers: isEach ? servers : null,
  }
}
