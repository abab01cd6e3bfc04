/** A realserver that says of itself that it serves, while no service of its own sends it connections: what a status shows in its place. */
import { listed } from '@lvsm/base'
import { troubleKind } from '../troubles/table.ts'
import { isTold, outOf, ownFaults } from './serving.ts'
import type { NodeReport, Status } from './status.ts'

export const NOT_SERVING = 'not serving'

/** What is wrong there as well, by its own word. */
function butText(name: string, { troubles }: Pick<Status, 'troubles'>): string {
  const own = troubles.filter(
    ({ node, severity, pastMs }) => node === name && severity !== 'info' && pastMs === undefined,
  )
  const codes = [
    ...new Set(own.filter(({ code }) => (troubleKind(code)?.costs ?? 'part') !== 'part').map(({ code }) => code)),
  ]
  return codes.length === 0 ? '' : `, but see ${listed(codes, MOST_CODES)}`
}
const MOST_CODES = 2

/**
 * Why, where each service that should send it connections sends it none; null: one does, nobody knows, or it is not said to serve. What
 * operators took out is as it should be.
 */
export function whyUnserving({ name, state, reason }: NodeReport, status: Status): string | null {
  if (state !== 'serving') return null
  // What others saw there makes it so, and not its own word.
  const [fault] = ownFaults(name, status.troubles, 'serving')
  if (fault) return `${fault.message}; says of itself: ${reason}`
  const services = status.services.filter(({ realservers }) => realservers.some(({ node }) => node === name))
  const parts = new Map<string, string[]>()
  for (const service of services) {
    const out = outOf(service).filter(({ node, weight }) => node === name && weight === 0)
    const own = service.realservers.filter(({ node }) => node === name)
    if (!isTold(status, service) || out.length < own.length) return null
    for (const { healthy } of out) {
      const why = healthy === false ? 'failed in' : 'out of'
      parts.set(why, [...(parts.get(why) ?? []), service.name])
    }
  }
  if (parts.size === 0) return null
  const said = [...parts].map(([why, names]) => `${why} ${[...new Set(names)].join(', ')}`)
  return `gets no connections: ${said.join(', ')}; says of itself: ${reason}${butText(name, status)}`
}
