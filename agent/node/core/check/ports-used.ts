/** Realservers by full NAT that this director has no ports left for, or soon will have none (packages/plan, full-nat-ports). */
import type { Trouble } from '@lvsm/base'
import { type Observed, type PortsUsed, portsUsed } from '@lvsm/plan'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'

/** Of all that there are: from the first share on it is told, below the last it is over. The kernel tries a few hundred at random, so that it finds none before all are taken. */
const SHARE = { told: 0.8, none: 0.97, over: 0.7 } as const

/** After each look at the table. */
export function notePorts(state: NodeState, observed: Observed): void {
  const { checks, view } = state
  const before = new Set(checks.short.map(({ socket }) => socket))
  checks.short =
    view === null
      ? []
      : portsUsed(view, observed, heldGroups(state)).filter(
          ({ socket, used, most }) => used >= most * (before.has(socket) ? SHARE.over : SHARE.told),
        )
}

export const portTroubles = ({ checks, node }: NodeState): Trouble[] =>
  checks.short.map((one) => portTrouble(one, node))

function portTrouble({ node, socket, source, used, most, services }: PortsUsed, own: string): Trouble {
  const none = used >= most * SHARE.none
  const [service = ''] = services
  return {
    ...{ code: 'ports-full', severity: none ? 'critical' : 'warning', object: `node ${own}` },
    message: `full NAT to ${node} (${socket}) is ${none ? 'out of ports' : 'nearly out of ports'}: ${used} of ${most} connections that ${source} can have there`,
    evidence: `by service ${services.join(', ')}; established or not yet forgotten: lvsm connections --service ${service}`,
    hint: 'more realservers for the service, or forward: nat or dr where these can route back; shorter timeouts (tcp-fin-timeout, udp-timeout) give ports back sooner',
  }
}
