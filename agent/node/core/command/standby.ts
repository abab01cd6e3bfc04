/**
 * This node's way to standby, and back: its groups are handed over one after the other, then the lease process is told. It begins
 * with a word that an operator gives here, or with what the coordinators want, whichever is the newer (`standingOf`).
 */
import { type LeaseStatus, type Outcome, type StandbyReport } from '@lvsm/protocol'
import { after, between, type Instant } from '@lvsm/base'
import { isStopped, standingOf } from '@lvsm/changes'
import { note } from '../history/history.ts'
import { leaseStatus, noLease, ownership } from '../lease.ts'
import { beginMove } from '../move/owner.ts'
import type { NodeState } from '../state.ts'
import type { Asked, StandbyRun } from './pending.ts'
import { changeText } from '../changing.ts'
import { isDirector } from '../entitled.ts'
import { isHere } from './here.ts'
import { ANSWER_MS, refuse, reply } from './reply.ts'

/** Beyond one lease, the longest wait for the lease process to confirm. */
const CONFIRM_MS = 2000
const PACE_MS = 100

export function onStandby(state: NodeState, asked: Asked & { readonly command: { readonly verb: 'standby' } }): void {
  const { command, replyTo } = asked
  const name = command.name ?? state.node
  if (!isHere(state, name, { ...command, name }, asked)) return
  const status = leaseStatus(state)
  if (!status) {
    const message = noLease(state.node)
    return reply(state, replyTo, refuse('unavailable', 'no-lease-process', message, 'start lvsm-lease first'))
  }
  if (state.standbyRun) {
    const message = `the maintenance of ${state.node} is being ${state.standbyRun.on ? 'begun' : 'ended'} already`
    return reply(state, replyTo, refuse('conflict', 'moving', message, 'wait for it'))
  }
  const { on } = command
  const standing = standingOf(state.facts, state.node, state.word)
  // A word that says what holds already would only forget since when it holds.
  if (standing?.holds === 'local' && standing.on === on && status.standby === on)
    return reply(state, replyTo, { ok: true, report: { node: state.node, standby: on, already: true } })
  if (on && !isDirector(state, state.node)) {
    const message = `${state.node} is no director: it has no groups to give up`
    const drained = changeText(state, `lvsm drain ${state.node}`, 'weight: 0 where it is a realserver')
    return reply(state, replyTo, refuse('conflict', 'not-a-director', message, `no new connections there: ${drained}`))
  }
  const [since, known] = [state.wallMs(state.now), state.facts.number]
  const met = state.met === null ? {} : { met: Math.max(state.met, known) }
  const word = { standby: on, author: `an operator at ${state.node}`, since, known, ...met }
  begin(state, { on, word, reason: 'by an operator', replyTo }, status)
}

/**
 * The word that was given here and the coordinators' meet: of what they say from now on everybody knows that it is the newer one,
 * whatever this node's clock says.
 */
export function onMet(state: NodeState, number: number | null): void {
  state.met = number
  if (number === null || !state.word || state.word.met !== undefined) return
  state.word = { ...state.word, met: Math.max(number, state.word.known) }
  state.effects.push({ kind: 'word', word: state.word })
}

function begin(
  state: NodeState,
  run: Pick<StandbyRun, 'on' | 'word' | 'reason' | 'replyTo'>,
  { groups }: LeaseStatus,
): void {
  const owned = run.on ? groups.filter(({ role }) => role === 'owner').map(({ name }) => name) : []
  state.standbyRun = { ...run, began: state.now, groups: owned, vacated: null, toldAt: null }
  vacate(state, state.standbyRun)
}

/** What holds and is not so: the coordinators want something else now, or the lease process has lost it. */
function followWord(state: NodeState): void {
  const status = leaseStatus(state)
  const standing = standingOf(state.facts, state.node, state.word)
  if (!status || !standing || state.standbyRun || status.standby === standing.on) return
  const reason = `by ${standing.author}`
  begin(state, { on: standing.on, word: null, reason, replyTo: null }, status)
}

/** It may have moved by itself, or left the configuration, while others had their turn. */
const isStillHere = (state: NodeState, group: string): boolean =>
  state.config?.groups.some(({ name }) => name === group) === true &&
  !isStopped(state.facts, group) &&
  (ownership(state, group)?.role ?? 'owner') === 'owner'

/** Hands over the next group; when none is left, the lease process takes nothing more. */
function vacate(state: NodeState, run: StandbyRun): void {
  while (run.groups[0] !== undefined && !isStillHere(state, run.groups[0])) run.groups.shift()
  const group = run.groups.shift()
  if (group !== undefined) {
    const reason = `maintenance ${run.reason}`
    return beginMove(state, { group, to: undefined, reason, replyTo: { kind: 'standby' } })
  }
  run.toldAt = state.now
  if (run.word) {
    state.word = run.word
    const reason = `the word of ${run.word.author}: ${run.on ? 'maintenance' : 'no maintenance'}`
    note(state, { group: '', kind: 'wanted', number: 0, reason })
    state.effects.push({ kind: 'word', word: run.word })
  }
  state.effects.push({ kind: 'standby', on: run.on, reason: run.reason })
}

export function stepStandby(state: NodeState): void {
  followWord(state)
  const run = state.standbyRun
  if (!run) return
  if (between(run.began, state.now) >= ANSWER_MS) answerSoFar(state, run)
  if (run.vacated) return groupVacated(state, run, run.vacated)
  if (run.toldAt === null) return
  const report: StandbyReport = { node: state.node, standby: run.on }
  if (leaseStatus(state)?.standby === run.on) {
    end(state, run, { ok: true, report: { ...report } })
  } else if (between(run.toldAt, state.now) >= CONFIRM_MS + (state.config?.timing.leaseMs ?? 0)) {
    end(state, run, refuse('timeout', 'no-answer', 'the lease process did not confirm it', 'see lvsm status'))
  }
}

/**
 * A group was handed over, or not. A refusal ends what somebody asks for here, who can ask again. What holds already goes on: a
 * group that nobody could take now stays, and the lease process hands it over as soon as somebody can.
 */
function groupVacated(state: NodeState, run: StandbyRun, outcome: Outcome): void {
  run.vacated = null
  if (outcome.ok || run.word === null) return vacate(state, run)
  end(state, run, outcome)
}

function end(state: NodeState, { replyTo }: StandbyRun, outcome: Outcome): void {
  state.standbyRun = null
  if (replyTo) reply(state, replyTo, outcome)
}

/** Many groups take their time, one after the other. */
function answerSoFar(state: NodeState, run: StandbyRun): void {
  const { replyTo, groups } = run
  if (!replyTo) return
  run.replyTo = null
  const left = groups.length > 0 ? `${groups.length} groups wait for their turn` : 'the last group is being handed over'
  const message = `${state.node} is not under maintenance yet: ${left}; it goes on`
  reply(state, replyTo, refuse('timeout', 'goes-on', message, 'see how far it is: lvsm status; lvsm events'))
}

export const nextStandby = ({ standbyRun, now }: NodeState): Instant | null =>
  !standbyRun ? null : standbyRun.vacated ? now : standbyRun.toldAt === null ? null : after(now, PACE_MS)
