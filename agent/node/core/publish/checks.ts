/** The checks of this node, each as it stands: what was asked last, when, and what is made of it. */
import { between } from '@lvsm/base'
import { type CheckReport, type ChecksReport } from '@lvsm/protocol'
import { destKey } from '@lvsm/model'
import { besides } from '../check/besides.ts'
import type { Sight } from '../check/member.ts'
import { askedFor, healthOf } from '../check/sight.ts'
import { basisOf } from '../check/initial.ts'
import { whyNotThrough } from '../check/through.ts'
import { reportDiffering } from '../differing.ts'
import type { NodeState } from '../state.ts'

export function reportChecks(state: NodeState): ChecksReport {
  const checks = [...state.checks.members.values()].map((member) => {
    const { service, realserver, intent } = member
    const asked = askedFor(member)
    const { last, found, sight } = asked
    const health = healthOf(member)
    const pool = state.checks.pools.get(service.name)
    const key = destKey(realserver)
    const { type, intervalMs, timeoutMs, fall, rise } = asked.service.check
    return {
      service: service.name,
      server: realserver.node,
      address: realserver.address,
      port: realserver.port,
      group: service.group,
      ...{ type, intervalMs, timeoutMs, fall, rise },
      healthy: health.healthy,
      against: health.against,
      serving: pool?.serving.has(key) === true,
      kept: pool?.kept.has(key) === true,
      intent,
      reason: `${health.reason}${besides(state, member)}`,
      ageMs: last ? Math.round(between(last.at, state.now)) : null,
      basis: basisOf(member),
      ...(found ? { foundMs: found.at === null ? null : Math.round(between(found.at, state.now)) } : {}),
      ...throughOf(whyNotThrough(state, asked), asked.service.address),
      ...(asked === member ? {} : { tracks: asked.service.name }),
      ...(sight ? { ownView: saidOf(state, sight) } : {}),
      ...last?.found,
    }
  })
  return { node: state.node, revision: state.config?.revision ?? 0, checks, differing: reportDiffering(state) }
}

const saidOf = ({ now }: NodeState, { is, queue, most, load, at }: Sight): NonNullable<CheckReport['ownView']> => ({
  ...{ is, queue, most, load },
  ageMs: Math.round(between(at, now)),
})

/** As it is asked now. */
const throughOf = (whyNot: string | null | undefined, vip: string): Pick<CheckReport, 'way'> =>
  whyNot === undefined
    ? {}
    : { way: whyNot === null ? `through IPVS to ${vip}` : `at its own address, not through the VIP: ${whyNot}` }
