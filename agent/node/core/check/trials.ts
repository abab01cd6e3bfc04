/** Checks that somebody runs by hand: each is asked once, beside the others, and decides nothing. */
import { type Outcome, type ProbeFound, type RunCheckReport, type Trial } from '@lvsm/protocol'
import { probeOf } from '@lvsm/model'
import { after, earlier, type Instant } from '@lvsm/base'
import type { ReplyTo } from '../command/pending.ts'
import { fitTrials } from '../publish/packing.ts'
import { ANSWER_MS, reply } from '../command/reply.ts'
import { knownOf } from './known.ts'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'
import { ask, whyNotThrough } from './through.ts'

/** Of one run: somebody reads what comes of it. */
export const MOST_TRIALS = 64
/** Of one run, in all that is known of them. */
const MOST_EXPLAINED = 8
/** Under way at the same time. */
export const MOST_RUNS = 16
/** Beyond its own time, for the process that asks. */
const GRACE_MS = 2000

/** Who is asked, and what came of it; null: nothing yet. */
interface Entry {
  readonly target: Pick<Trial, 'service' | 'server' | 'address' | 'port' | 'type'>
  /** Who wants it explained is told what else is known of it. */
  readonly explained: Member | null
  ended: (Pick<Trial, 'ok' | 'reason'> & ProbeFound) | null
}
export interface TrialRun {
  readonly replyTo: ReplyTo
  readonly until: Instant
  /** By the id of its check. */
  readonly entries: ReadonlyMap<string, Entry>
}

export function beginTrials(state: NodeState, members: readonly Member[], explain: boolean, replyTo: ReplyTo): void {
  state.serial += 1
  const entries = new Map<string, Entry>()
  let longest = 0
  for (const member of members.slice(0, MOST_TRIALS)) {
    const { service, realserver } = member
    const id = `by hand ${state.serial} ${member.id}`
    if (probeOf(service.check.type) === null) continue
    const isThrough = whyNotThrough(state, member) === null
    // Nobody knows how many turns are before its own.
    longest = Math.max(longest, isThrough ? ANSWER_MS : service.check.timeoutMs)
    const { node: server } = realserver
    const { address, port } = isThrough ? service : realserver
    const target = { service: service.name, server, address, port, type: service.check.type }
    entries.set(id, { target, explained: explain && members.length <= MOST_EXPLAINED ? member : null, ended: null })
    ask(state, member, id, { explain })
  }
  const until = after(state.now, Math.min(longest + GRACE_MS, ANSWER_MS))
  state.trials.set(state.serial, { replyTo, until, entries })
}

/** False: it is none of these. */
export function trialEnded(
  state: NodeState,
  { id, ok, reason, found }: { id: string; ok: boolean | null; reason: string; found?: ProbeFound },
): boolean {
  for (const [number, run] of state.trials) {
    const entry = run.entries.get(id)
    if (!entry) continue
    entry.ended ??= { ok, reason, ...found }
    if ([...run.entries.values()].every(({ ended }) => ended !== null)) answer(state, number, run)
    return true
  }
  return false
}

export function stepTrials(state: NodeState): void {
  for (const [number, run] of [...state.trials]) if (state.now >= run.until) answer(state, number, run)
}
export const nextTrial = ({ trials }: NodeState): Instant | null =>
  [...trials.values()]
    .map(({ until }) => until)
    .reduce<Instant | null>((one, at) => (one ? earlier(one, at) : at), null)

const UNANSWERED = { ok: null, reason: 'it did not end in the time that somebody waits for it' } as const
function answer(state: NodeState, number: number, { replyTo, entries }: TrialRun): void {
  state.trials.delete(number)
  const trials = [...entries.values()].map(({ target, explained, ended }): Trial => {
    const known = explained === null ? [] : knownOf(state, explained, ended ?? UNANSWERED)
    return { ...target, ...(ended ?? UNANSWERED), ...(known.length > 0 ? { known } : {}) }
  })
  const whole: RunCheckReport = { node: state.node, trials }
  const report = replyTo.kind === 'peer' ? fitTrials(whole) : whole
  const outcome: Outcome = { ok: true, report: { ...report } }
  reply(state, replyTo, outcome)
}
