/** `lvsm switchover`: begun here when this node owns the group, else passed on to the owner. */
import { factAbout } from '@lvsm/changes'
import { type Outcome } from '@lvsm/protocol'
import { leaseStatus, noLease, ownership } from '../lease.ts'
import { ownsAlready } from '../move/moving.ts'
import { beginMove } from '../move/owner.ts'
import type { NodeState } from '../state.ts'
import type { Asked } from './pending.ts'
import { forward } from './forward.ts'
import { refuse, reply } from './reply.ts'

export function onSwitchover(
  state: NodeState,
  asked: Asked & { readonly command: { readonly verb: 'switchover' } },
): void {
  const { command, replyTo } = asked
  const { group, to } = command
  const owner = ownership(state, group)
  const stop = factAbout(state.facts, { kind: 'group', group })
  if (stop) {
    const message = `group ${group} is stopped by ${stop.author}: nobody is to own it`
    return reply(state, replyTo, refuse('conflict', 'stopped', message, `end that first: lvsm group enable ${group}`))
  }
  const exists = state.config?.groups.some((entry) => entry.name === group) === true
  if (!exists || owner?.role === 'owner')
    return beginMove(state, { group, to, reason: 'switchover by an operator', replyTo })
  const answer = answerHere(state, asked)
  if (answer) return reply(state, replyTo, answer)
  forward(state, owner?.owner ?? '', command, replyTo)
}

/** Why the command need not, or cannot, be passed on to the owner; null when it is to be. */
function answerHere(
  state: NodeState,
  { command: { group, to }, mayForward }: Asked & { readonly command: { readonly verb: 'switchover' } },
): Outcome | null {
  const known = ownership(state, group)
  if (!leaseStatus(state)) {
    const message = noLease(state.node)
    return refuse('unavailable', 'no-lease-process', message, 'start lvsm-lease, or ask another node')
  }
  if (!known || known.owner === null) {
    const message = `nobody owns group ${group} now: ${known?.reason ?? ''}`
    return refuse('conflict', 'nobody-owns', message, 'there is nothing to hand over; see lvsm status')
  }
  if (to === known.owner) return ownsAlready(group, to, known.number)
  if (mayForward && known.owner !== state.node) return null
  return refuse('conflict', 'moving', `group ${group} is moving`, 'wait a moment and look: lvsm status')
}
