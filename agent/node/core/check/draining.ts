/** Realservers on their way out of the table: how long they stay at weight 0, and when their connections are done. */
import { between } from '@lvsm/base'
import { noteLeft } from '@lvsm/health'
import { type ConfigService, destKey, refusesAtZero, USUAL_LINGER_MS } from '@lvsm/model'
import { cameNothing } from '@lvsm/protocol'
import { type Observed, type ObservedDest, observedService } from '@lvsm/plan'
import type { NodeState } from '../state.ts'
import type { Member } from './member.ts'
import { healthOf } from './sight.ts'
import { membersOf } from './members.ts'
import { takesNone } from './said-weight.ts'

/** A failed or stopped realserver stays at weight 0 at least so long. */
const LINGER_LEAST_MS = 1000
/** And at most so long while it has connections: one that is stopped without a deadline as long as is usual. */
const longestOf = ({ intent, stopping, service: { check } }: Member): number =>
  stopping?.deadlineMs ?? (intent === 'stop' ? USUAL_LINGER_MS : check.pacing.downLingerMs)

/** Follows the table: who has drained. */
export function followTable(state: NodeState, observed: Observed): void {
  for (const service of state.view?.services ?? []) {
    const table = observedService(observed, service)
    const dests = new Map(table?.dests.map((dest) => [destKey(dest), dest]))
    for (const [key, member] of membersOf(state, service)) {
      const dest = dests.get(key)
      member.silentSince = isSilent(member) ? (member.silentSince ?? state.now) : null
      member.left = member.intent === 'drain' && !member.leaves && isDone(member, dest)
      member.waning =
        member.intent === 'serve' || dest?.weight !== 0 ? [] : noteLeft(member.waning, state.now, dest.active)
      const served = state.checks.pools.get(service.name)?.serving.has(key) === true
      if (served || !dest) {
        member.drainingSince = null
        member.gone = false
        continue
      }
      member.drainingSince ??= state.now
      const long = between(member.drainingSince, state.now)
      const drained = dest.weight === 0 && dest.active === 0 && long >= LINGER_LEAST_MS
      const isLate = long >= longestOf(member)
      const { silentSince } = member
      const isLost = silentSince !== null && between(silentSince, state.now) >= longestOf(member)
      // Of one that was removed connections may come by synchronisation yet.
      if (member.leaves) member.gone = drained || isLost || (member.intent === 'stop' && isLate)
      else member.gone ||= drained || isLate
    }
  }
}

/** Not one whose port is closed: its server may let the last connections end. */
function isSilent(member: Member): boolean {
  const { healthy, reason } = healthOf(member)
  return healthy === false && cameNothing(reason)
}

/**
 * It is dead, and has nothing under way: at weight 0 its persistent clients would be sent to it for ever, since their templates, which each
 * try renews, outlive everything but the destination (ip_vs_conn.c: ip_vs_check_template).
 */
const isDone = (member: Member, dest: ObservedDest | undefined): boolean =>
  healthOf(member).healthy === false && (dest === undefined || (dest.weight === 0 && dest.active === 0))

/**
 * At weight 0 in the table: who failed or was stopped, until it has drained. One that an operator drains stays for as long that is
 * wanted, though its checks fail while it has connections: its server may have closed the port to let the last of them end. So does one that
 * is well, and says itself that it takes no more, while a backup stands in. Where clients are refused who meet weight 0, nobody lingers at it.
 */
export const drainingOf = (state: NodeState): ReadonlyMap<string, ReadonlySet<string>> =>
  new Map(
    state.view?.services.map((service) => {
      const draining = membersOf(state, service).filter(
        ([, member]) => (member.intent === 'drain' && !member.left) || takesNone(member) || lingers(service, member),
      )
      return [service.name, new Set(draining.map(([key]) => key))]
    }),
  )

const lingers = (service: ConfigService, { drainingSince, gone, stopping }: Member): boolean =>
  drainingSince !== null && !gone && (stopping !== null || !refusesAtZero(service))

/**
 * A stop that waits for established connections takes no others, those that persistence would bring least of all, and no more does one that failed
 * and stays longer than is usual: does a persistent service of this node have one that is still in the table?
 */
export const isForgettingClients = (state: NodeState): boolean =>
  state.view?.services.some(
    (service) =>
      service.persistence !== null &&
      membersOf(state, service).some(
        ([, member]) =>
          member.drainingSince !== null &&
          !member.gone &&
          (member.stopping !== null || member.leaves || staysLong(member)),
      ),
  ) === true

const staysLong = ({ intent, service: { check } }: Member): boolean =>
  intent === 'serve' && check.pacing.downLingerMs > USUAL_LINGER_MS
