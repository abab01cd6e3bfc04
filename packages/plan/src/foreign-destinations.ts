/** Destinations that somebody else put into services of ours: what they get of the weight, no check of ours looks at. */
import type { Trouble } from '@lvsm/base'
import { destKey, ipvsadmOption, type NodeView, serviceKey } from '@lvsm/model'
import type { ObservedService } from './observed.ts'
import type { OwnedRecord } from './record.ts'

export function foreignDestinations(
  { services }: Pick<NodeView, 'services'>,
  observed: readonly ObservedService[],
  record: OwnedRecord,
): Trouble[] {
  return observed.flatMap((service) => {
    const key = serviceKey(service)
    const ours = record.get(key)
    if (!ours) return []
    const name = services.find((one) => serviceKey(one) === key)?.name
    const all = service.dests.reduce((sum, { weight }) => sum + weight, 0)
    return service.dests
      .filter((dest) => !ours.has(destKey(dest)))
      .map((dest) => ({
        ...{ code: 'foreign-destination', severity: 'warning' },
        ...(name === undefined ? {} : { object: `service ${name}` }),
        message: `${destKey(dest)} in service ${key} is not of our making and stays, with ${dest.weight === 0 ? 'weight 0' : `${dest.weight} of ${all} of the weight`}`,
        hint: `remove it with: ipvsadm -d ${ipvsadmOption(service)} -r ${destKey(dest)}, or add it to the configuration`,
      }))
  })
}
