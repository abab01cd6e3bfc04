/** What weight 0 does to clients (row 40). */
import { schedulerRow } from '@lvsm/model'
import type { FactService } from '@lvsm/protocol'
import type { Check, Seen } from '../check.ts'
import { nameOf, servicesOf } from '../table-facts.ts'

/** By name; undefined: nobody looked. */
const flagsOf = ({ scheduler, flags }: FactService): readonly string[] | undefined =>
  flags && (schedulerRow(scheduler)?.flags ?? []).filter((_, at) => flags.includes(at + 1))

export const zeroWeight: Check = {
  name: 'weight-zero-refused',
  rows: [40],
  title: 'weight 0 refuses clients where a hash chooses',
  symptom: 'while one realserver is drained, or full, a part of the clients is refused, and always the same ones',
  why: 'dh, and sh and mh without their fallback, go on choosing a destination of weight 0 for the clients whose hash leads there, and the kernel refuses them',
  mend: 'sh and mh: the flag for a fallback (set by lvsm-agent; ipvsadm -E … -b sh-fallback, mh-fallback); dh: take the destination out',
  look({ facts }) {
    return servicesOf(facts).flatMap((service): Seen[] => {
      const { scheduler, destinations } = service
      const flags = flagsOf(service)
      const zero = destinations.filter(({ weight }) => weight === 0)
      if (zero.length === 0 || zero.length === destinations.length) return []
      // Facts of an earlier version say nothing of flags.
      const { blind = false, fallback = null } = schedulerRow(scheduler) ?? {}
      const falls = fallback !== null && (flags === undefined || flags.includes(fallback))
      if (!blind || falls) return []
      const names = zero.map(({ address, port }) => `${address}:${port}`).join(', ')
      return [
        {
          severity: 'warning',
          object: nameOf(service),
          message: `clients of ${nameOf(service)} whose hash leads to ${names} are refused`,
          evidence: [
            `ipvsadm -Ln: ${nameOf(service)} ${scheduler}${flags === undefined || flags.length === 0 ? '' : ` (${flags.join(', ')})`}`,
            ...zero.map(({ address, port }) => `${address}:${port} weight 0`),
          ],
        },
      ]
    })
  },
}
