/**
 * Services to which no client comes any more: what arrives here for them stopped, though it came all the time before. Nobody but the clients
 * knows whether they want nothing, or whether something keeps them out before IPVS: a packet filter here or on the way, or a router that
 * sends what is for the VIP elsewhere. So it is worth knowing, and no fault.
 */
import { type Trouble, spanText } from '@lvsm/base'
import { RATE_SPANS } from '@lvsm/protocol'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'
import type { Rates } from './rates.ts'
import { packetsIn } from './series.ts'

const STEP_MS = RATE_SPANS.hour.stepMs
/** Samples without a packet, at least and at most: after half an hour it is how things are. */
const [LEAST, MOST] = [3, 180]
/** So many samples before them all had some, and so many on the average, packets a second: by chance alone such a one is never silent for so long. */
const [BUSY, RATE] = [30, 5]

/** Asked at every step, and new with each sample. */
const known = new WeakMap<Rates, { readonly count: number; readonly found: ReadonlyMap<string, number> }>()

/** Service → samples since its last packet. */
function quietIn(rates: Rates): ReadonlyMap<string, number> {
  const last = known.get(rates)
  if (last?.count === rates.count) return last.found
  const found = new Map<string, number>()
  for (const [name, { busyAt, ...series }] of rates.services) {
    const quiet = rates.count - 1 - busyAt
    if (quiet < LEAST || quiet > MOST) continue
    const came = (back: number): number | null => packetsIn(series, rates.count, back)
    const silence = Array.from({ length: quiet }, (_, back) => came(back))
    const before = Array.from({ length: BUSY }, (_, back) => came(quiet + back) ?? 0)
    const mean = before.reduce((sum, one) => sum + one, 0) / BUSY
    // What was not read is no silence.
    if (silence.every((one) => one === 0) && before.every((one) => one > 0) && mean >= RATE) found.set(name, quiet)
  }
  known.set(rates, { count: rates.count, found })
  return found
}

export function quietTroubles(state: NodeState): Trouble[] {
  const { rates, view, node } = state
  if (rates.services.size === 0) return []
  const held = heldGroups(state)
  return [...quietIn(rates)].flatMap(([name, samples]): Trouble[] => {
    const service = view?.services.find((one) => one.name === name)
    if (!service || !held.has(service.group)) return []
    const place = service.port === 0 ? service.address : `${service.address} port ${service.port}`
    return [
      {
        ...{ code: 'service-quiet', severity: 'info', object: `service ${name}` },
        message: `no client of service ${name} has sent anything to ${node} for ${spanText(samples * STEP_MS)}, and before that they did all the time`,
        evidence: `packets in, by IPVS: lvsm stats --history ${name}`,
        hint: `where that is not meant: on ${node}: lvsm doctor (a packet filter that keeps them out?); on their router: ip neigh show ${service.address} (is it the MAC of ${node}?); from a client: ${place}`,
      },
    ]
  })
}
