/**
 * Certificates of realservers that end soon, by what checks saw: one trouble for each certificate. Once one is over, its check says so, and
 * the realserver is out: that is told of the service.
 */
import { after, type Trouble } from '@lvsm/base'
import { EXPIRY_DAYS } from '@lvsm/model'
import type { Member } from '../check/member.ts'
import { healthOf } from '../check/sight.ts'
import type { NodeState } from '../state.ts'

const DAY_MS = 86_400_000

interface Ending {
  readonly services: Set<string>
  readonly servers: Set<string>
}

export function certificateTroubles(state: NodeState): Trouble[] {
  const nowMs = state.wallMs(state.now)
  const ends = new Map<number, Ending>()
  for (const member of state.checks.members.values()) {
    const until = member.last?.found.certificateUntilMs
    if (until === undefined || !isSoon(member, until - nowMs)) continue
    const one = ends.get(until) ?? { services: new Set(), servers: new Set() }
    one.services.add(member.service.name)
    one.servers.add(member.realserver.node)
    ends.set(until, one)
  }
  return [...ends]
    .toSorted(([one], [other]) => one - other)
    .map(([until, { services, servers }]) => {
      const [first = ''] = services
      const is = until > nowMs ? 'ends' : 'ended'
      const who = `${[...servers].join(', ')} ${servers.size === 1 ? 'shows' : 'show'}`
      const message = `the certificate that ${who} for ${[...services].join(', ')} ${is} on ${dayOf(state, until)}`
      const hint = `renew it there, and let the program that shows it read it again; lvsm check run ${first} --explain shows which one it is`
      return { code: 'certificate-expires', severity: 'warning', object: `service ${first}`, message, hint }
    })
}

function isSoon(member: Member, leftMs: number): boolean {
  const days = member.service.check.keys['expiry-days']
  const warnMs = (typeof days === 'number' ? days : EXPIRY_DAYS) * DAY_MS
  return warnMs > 0 && leftMs < warnMs && (leftMs > 0 || healthOf(member).healthy !== false)
}

/** Certificates end at whole seconds, and the two clocks are read one after the other. */
const ROUNDING_MS = 500
const dayOf = ({ wall, now, wallMs }: NodeState, ms: number): string =>
  wall(after(now, ms - wallMs(now) + ROUNDING_MS)).slice(0, 10)
