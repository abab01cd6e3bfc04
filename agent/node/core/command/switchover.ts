/** `lvsm switchover`: begun here when this node owns the group, else passed on to the owner. */
import { leaseStatus } from '../lease.ts'
import { beginMove } from '../move/owner.ts'
import type { Asked, NodeState } from '../state.ts'
import { forward } from './forward.ts'
import { refuse, reply } from './reply.ts'

export function onSwitchover(
  state: NodeState,
  asked: Asked & { readonly command: { readonly verb: 'switchover' } },
): void {
  const { command, replyTo, mayForward } = asked
  const { group, to } = command
  const status = leaseStatus(state)
  const known = status?.groups.find((entry) => entry.name === group)
  const exists = state.config?.groups.some((entry) => entry.name === group) === true
  if (!exists || known?.role === 'owner')
    return beginMove(state, { group, to, reason: 'switchover by an operator', replyTo })
  const fault = !status
    ? refuse(
        'unavailable',
        'no-lease-process',
        'the lease process of this node does not answer',
        'start lvsm-lease, or ask another node',
      )
    : known?.owner == null
      ? refuse(
          'conflict',
          'nobody-owns',
          `nobody owns group ${group} now: ${known?.reason ?? ''}`,
          'there is nothing to hand over; see lvsm status',
        )
      : to === known.owner
        ? refuse('conflict', 'is-owner', `${known.owner} owns ${group} already`, 'nothing to do')
        : !mayForward || known.owner === state.node
          ? refuse('conflict', 'moving', `group ${group} is moving`, 'wait a moment and look: lvsm status')
          : null
  if (fault) return reply(state, replyTo, fault)
  forward(state, known?.owner ?? '', command, replyTo)
}
