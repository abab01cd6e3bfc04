/**
 * What this node mended by itself lately, as troubles that are over: a process that was started again, a fence that was put back, a lease
 * that was lost and taken again. Nothing follows from it; whoever reads the status knows that it was.
 */
import { after, between, type Trouble } from '@lvsm/base'
import type { Entry } from '../history/ring.ts'
import type { NodeState } from '../state.ts'

const TOLD_MS = 180_000
/** Told in steps, so that it is not told anew all the time. */
const STEP_MS = 10_000
/** Who has just started waits for its other processes. */
const STARTS_MS = 30_000
const PROCESSES: ReadonlySet<string> = new Set(['prober-ended', 'prober-silent'])
const OVER = /^over after ([^:]+): /
const REOPENED = 'closing it and opening again'
const HINT = 'nothing has to be done; where it comes again: lvsm events, and the log: journalctl -u lvsm-lease'

export function mendedTroubles(state: NodeState): Trouble[] {
  const { history, now, node } = state
  const lately = history.entries.filter(({ happenedAt }) => between(happenedAt, now) < TOLD_MS)
  const found = new Map<string, Trouble>()
  for (const [at, entry] of lately.entries()) {
    if (entry.event.node !== node) continue
    const trouble = processOf(state, entry) ?? fenceOf(entry) ?? leaseOf(entry, lately.slice(0, at))
    const pastMs = STEP_MS * Math.floor(Math.max(0, between(entry.happenedAt, now)) / STEP_MS)
    if (trouble) found.set(`${trouble.code} ${trouble.object ?? ''}`, { ...trouble, pastMs })
  }
  return [...found.values()]
}

function processOf({ startedAt }: NodeState, { event, happenedAt }: Entry): Trouble | null {
  const { kind, code = '', reason, lastedMs = 0 } = event
  const isOfStart = after(happenedAt, -lastedMs) < after(startedAt, STARTS_MS)
  if (kind !== 'over' || !PROCESSES.has(code) || isOfStart) return null
  const evidence = OVER.exec(reason)?.[1]
  const seen = evidence === undefined ? {} : { evidence: `it was over after ${evidence}` }
  const hint = 'nothing has to be done; where it comes again, journalctl -u lvsm-agent says why'
  return { code, severity: 'warning', message: reason.replace(OVER, ''), ...seen, hint }
}

function fenceOf({ event: { kind, group, reason } }: Entry): Trouble | null {
  if (kind !== 'note' || group === '' || !reason.endsWith(REOPENED)) return null
  const message = `the fence of ${group} was opened anew: ${reason.slice(0, -`; ${REOPENED}`.length)}`
  return { code: 'fence-reopened', severity: 'warning', object: `group ${group}`, message, hint: HINT }
}

/** Nobody else took it meanwhile, as far as this node heard. */
function leaseOf({ event }: Entry, before: readonly Entry[]): Trouble | null {
  const { kind, group, node, number } = event
  if (kind !== 'took') return null
  const lost = before.findLast(
    ({ event: one }) => one.group === group && (one.kind === 'took' || one.kind === 'lost'),
  )?.event
  if (lost?.kind !== 'lost' || lost.node !== node || lost.number >= number) return null
  const message = `${node} lost lease ${lost.number} of ${group}, and took the group again by lease ${number}: ${lost.reason}`
  return { code: 'lease-retaken', severity: 'warning', object: `group ${group}`, message, hint: HINT }
}
