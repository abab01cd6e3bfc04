/**
 * The agent of one node as a pure machine: `step(input, now) → effects`; `status` and `events` answer at any time.
 *
 * Laws: the same inputs give the same effects; `now` never goes back; effects are carried out in their order; nothing is done
 * to the kernel before it was read, and no plan that breaks a house law.
 *
 * A step: take the input in (`onInput`), then do what is due, whatever came in (`proceed`): observe → check → plan → publish.
 */
import {
  type AlertsReport,
  type ChecksReport,
  type Events,
  type FenceReport,
  type Figures,
  type RateHistory,
  type RecordedReport,
  type Source,
  type Status,
  type WellFacts,
} from '@lvsm/protocol'
import { earlier, type Instant, later } from '@lvsm/base'
import { nextCheckAt } from '@lvsm/health'
import { nextAlert } from './alerts/alerting.ts'
import { reportAlerts } from './alerts/report.ts'
import { alertIfDue, onDelivery } from './alerts/step.ts'
import { onChecked } from './check/answered.ts'
import { endHolds, nextHold } from './check/holds.ts'
import { checkIfDue } from './check/members.ts'
import { nextTurn, stepTurns } from './check/through.ts'
import { nextTrial, stepTrials } from './check/trials.ts'
import { endSights, nextSightEnd } from './check/sights.ts'
import { notePings } from './check/ping-news.ts'
import { nextPing, pingAnswered, pingIfDue, pingsSent } from './check/pings.ts'
import { dispatch } from './command/dispatch.ts'
import { nextAsk, stepAsks } from './command/forward.ts'
import { nextStandby, onMet, stepStandby } from './command/standby.ts'
import { configure } from './configure.ts'
import { onConfirmed, onLeaseStatus } from './epoch.ts'
import type { NodeEffect, NodeInput } from './events.ts'
import { eventsAfter, note, settle } from './history/history.ts'
import { keepIfDue, keptText, nextKeep } from './history/keep.ts'
import { noteAbsence, noteProgram, noteWallClock } from './history/own-node.ts'
import { nextRecord, recordedReportOf, recordedText, recordIfDue, recordInput } from './history/recording.ts'
import { nextHook, onHook, stepHooks } from './hooks/hooks.ts'
import { lookIfDraining, onMessage } from './heard-message.ts'
import { leaseFault, noteSilence } from './lease.ts'
import { onLeaseDown, onLeaseEvent, onLeaseUp } from './lease-heard.ts'
import { nextMove, stepMoves } from './move/owner.ts'
import { nextHandover, stepHandovers } from './move/successor.ts'
import { lookAtSocketsIfDue, nextSocketLook, onSockets } from './observe/sockets.ts'
import { onOpenings } from './observe/paths.ts'
import { onApplied, onObserved } from './observe/observed.ts'
import { LOOK_IN, lookFailed, lookIfDue, lookWithin, nextLook } from './observe/look.ts'
import { reportChecks } from './publish/checks.ts'
import { type ObservedFenceTable, reportFence } from './publish/fence.ts'
import { figuresOf } from './publish/figures.ts'
import { wellnessOf } from './publish/wellness.ts'
import { hasNews, nextPublish, publishIfDue, publishSoon, saying } from './publish/publish.ts'
import { publishReadiness } from './publish/ready.ts'
import { reportStatus } from './publish/status.ts'
import { nextTotals, onTotals, readTotalsIfDue } from './rates/rates.ts'
import { rateHistoryOf } from './rates/report.ts'
import { report, troubles, withMended } from './publish/troubles.ts'
import { nextVitals, onVitals, readVitalsIfDue } from './vitals/vitals.ts'
import { tellVerdicts } from './verdicts.ts'
import { count, newState, type NodeOptions, type NodeState } from './state.ts'

export interface NodeCore {
  step(input: NodeInput, now: Instant): readonly NodeEffect[]
  status(now: Instant): Status
  /** Without `now`: as of the last step; `after`: those that came after that cursor, if it is one of this life. */
  events(now?: Instant, after?: string): Events
  checks(now: Instant): ChecksReport
  alerts(now: Instant): AlertsReport
  /** Of the last hours; `service`: of that one alone. */
  rates(now: Instant, service?: string): RateHistory
  /** All that happened, as it is kept on the disk. */
  history(now: Instant): string
  /** Of a moment so long ago; `files`: what earlier moves left, where that is to be looked at too. */
  recorded(now: Instant, agoMs: number, files?: readonly Source[]): RecordedReport
  /** All that is recorded, as a file. */
  recording(now: Instant): string | null
  /** For metrics. */
  figures(now: Instant): Figures
  well(now: Instant): WellFacts
  fence(tables: readonly ObservedFenceTable[], now: Instant): FenceReport
}

/** Inputs after which, by themselves, there is nothing new to say: what changes something asks for a look. Peers may talk without end. */
const QUIET: ReadonlySet<string> = new Set([
  'wake',
  'checked',
  'sockets',
  'totals',
  'pinged',
  'ping-answered',
  'refused',
  'message',
])

export function createNodeCore(options: NodeOptions): NodeCore {
  const state = newState(options)
  const { started: reason } = options
  if (reason !== null) note(state, { group: '', kind: 'started', number: 0, reason })
  const at = (now: Instant): NodeState => {
    state.now = later(state.now, now)
    return noteSilence(state)
  }
  return {
    step(input, now) {
      at(now).effects = []
      recordInput(state, input)
      onInput(state, input)
      proceed(state, input)
      return state.effects
    },
    status: (now) => statusOf(at(now)),
    recorded: (now, agoMs, files = []) => recordedReportOf(at(now), agoMs, files),
    recording: (now) => recordedText(at(now)),
    events: (now = state.now, after = '') => eventsAfter(at(now), after),
    checks: (now) => reportChecks(at(now)),
    alerts: (now) => reportAlerts(at(now)),
    rates: (now, service) => rateHistoryOf(at(now), service),
    history: (now) => keptText(at(now)),
    figures: (now) => figuresOf(at(now)),
    well: (now) => wellnessOf(at(now), saying(state, troubles(state))),
    fence: (tables, now) => reportFence(at(now).config, state.node, tables, leaseFault(state)),
  }
}

function statusOf(state: NodeState): Status {
  const present = troubles(state)
  return reportStatus(state, saying(state, present), withMended(state, present))
}

function onInput(state: NodeState, input: NodeInput): void {
  switch (input.kind) {
    case 'wake':
      return
    case 'config':
      return configure(state, input)
    case 'observed':
      return onObserved(state, input.observed)
    case 'observe-failed':
      return lookFailed(state, input.error)
    case 'changed':
      return lookWithin(state, LOOK_IN.settledMs)
    case 'applied':
      return onApplied(state, input)
    case 'openings':
      return onOpenings(state, input.report)
    case 'totals':
      return onTotals(state, input.reading)
    case 'vitals':
      return onVitals(state, input.reading)
    case 'sockets':
      return onSockets(state, input)
    case 'checked':
      return onChecked(state, input)
    case 'delivered':
      return onDelivery(state, input)
    case 'hooked':
      return onHook(state, input.id, input.ok, input.reason)
    case 'pinged':
      return pingsSent(state.pings, input.round, input.unsent, state.now)
    case 'ping-answered':
      return pingAnswered(state.pings, input.address, input.round)
    case 'lease-up':
      return onLeaseUp(state, input)
    case 'lease-down':
      return onLeaseDown(state, input.reason)
    case 'lease-status':
      return onLeaseStatus(state, input.status)
    case 'confirmed':
      return onConfirmed(state, input.incarnation, input.revision)
    case 'lease-event':
      return onLeaseEvent(state, input.event)
    case 'message':
      return onMessage(state, input.from, input.text)
    case 'command':
      return onCommand(state, input)
    case 'refused':
      return count(state, input.reason)
    case 'trouble':
      return report(state, input.source, input.trouble)
    case 'coordinators':
      return void (state.coordinators = input.troubles)
    case 'met':
      return onMet(state, input.number)
    case 'program':
      return noteProgram(state, input)
    case 'absent':
      return noteAbsence(state, input)
  }
}

function onCommand(state: NodeState, { id, command }: Extract<NodeInput, { kind: 'command' }>): void {
  dispatch(state, { command, replyTo: { kind: 'operator', id }, mayForward: true })
  lookIfDraining(state)
}

/** What is due, whatever came in. */
function proceed(state: NodeState, input: NodeInput): void {
  noteWallClock(state)
  if (settle(state)) publishSoon(state)
  stepMoves(state)
  stepHandovers(state)
  stepAsks(state)
  stepStandby(state)
  stepTrials(state)
  if (endHolds(state)) lookWithin(state)
  tellVerdicts(state, endSights(state))
  lookIfDue(state)
  lookAtSocketsIfDue(state)
  readTotalsIfDue(state)
  readVitalsIfDue(state)
  checkIfDue(state)
  stepTurns(state)
  pingIfDue(state)
  if (notePings(state) || (input.kind === 'sockets' && state.sockets.begins) || !QUIET.has(input.kind)) {
    publishReadiness(state, false)
    if (hasNews(state)) publishSoon(state)
  }
  stepHooks(state)
  alertIfDue(state)
  publishIfDue(state)
  keepIfDue(state)
  recordIfDue(state, () => statusOf(state))
  const times = [
    nextLook(state),
    nextCheckAt(state.checks.schedule),
    nextPing(state),
    nextMove(state),
    nextHandover(state),
    nextAsk(state),
    nextKeep(state),
    nextTrial(state),
    nextTurn(state),
    nextHold(state),
    nextSightEnd(state),
    nextSocketLook(state),
    nextTotals(state),
    nextVitals(state),
    nextRecord(state),
    nextAlert(state),
  ]
  const due = [...times, nextStandby(state), nextHook(state)].filter((at) => at !== null)
  state.effects.push({ kind: 'wake', at: due.reduce(earlier, nextPublish(state)) })
}
