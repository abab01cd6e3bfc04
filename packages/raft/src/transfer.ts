/**
 * A planned change of leader (dissertation, 3.10).
 *
 * Laws: it ends within an election time-out, whatever the other does; meanwhile nothing is proposed and no read begins, and
 * both go on when it fails; only a voter that keeps up is asked.
 */
import { after, type Refusal } from '@lvsm/base'
import { campaign, mayCampaign } from './elect.ts'
import type { NodeId } from './entry.ts'
import { lastIndex } from './log.ts'
import { isVoter } from './membership.ts'
import { NOT_LEADER } from './outcomes.ts'
import { isHeard } from './progress.ts'
import { endTransfer } from './roles.ts'
import { drop, type Leadership, membership, type RaftState, send } from './state.ts'

export function onTransfer(state: RaftState, to: NodeId): void {
  const { leadership } = state
  const refusal = leadership ? refuseTransfer(state, leadership, to) : NOT_LEADER
  if (refusal || !leadership) {
    state.effects.push({ kind: 'transfer-ended', to, how: 'refused', refusal })
    return
  }
  leadership.transfer = { to, until: after(state.now, state.settings.electionMs), asked: false }
}

function refuseTransfer(state: RaftState, { transfer, peers }: Leadership, to: NodeId): Refusal | null {
  const refusal = (code: string, message: string, hint: string): Refusal => ({ code, message, hint })
  const { settings, now, log } = state
  if (transfer)
    return refusal('transferring', `leadership is being handed over to node ${transfer.to}`, 'wait for its end')
  if (to === state.id) return refusal('already-leader', `node ${to} leads already`, 'nothing has to be done')
  const progress = peers.get(to)
  if (!progress || !isVoter(membership(state), to))
    return refusal('not-voter', `node ${to} is no voter`, 'promote it first')
  const keepsUp = lastIndex(log) - progress.matchIndex <= settings.promoteLag
  if (keepsUp && isHeard(progress, settings.electionMs, now)) return null
  return refusal('not-caught-up', `node ${to} does not keep up`, 'try again when it does')
}

/** Asks it once it has everything; gives up in time. */
export function advanceTransfer(state: RaftState, leadership: Leadership): void {
  const { transfer, peers } = leadership
  if (!transfer) return
  if (state.now >= transfer.until || !isVoter(membership(state), transfer.to))
    return endTransfer(state, leadership, 'timed-out')
  if (transfer.asked || peers.get(transfer.to)?.matchIndex !== lastIndex(state.log)) return
  transfer.asked = true
  send(state, { kind: 'timeout-now', to: transfer.to })
}

export function onTimeoutNow(state: RaftState): void {
  if (state.role === 'leader' || !mayCampaign(state)) return drop(state, 'unasked')
  campaign(state, true)
}
