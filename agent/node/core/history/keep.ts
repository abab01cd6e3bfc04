/** What happened outlives this process: it is written to the disk soon after something new, and seldom while much happens. */
import { after, between, CausalClock, type Instant, later, NEVER_BEFORE } from '@lvsm/base'
import { cut, encodeKeptEvents, isOfLease, type KeptEvents, LONGEST_LASTING } from '@lvsm/protocol'
import type { NodeOptions, NodeState } from '../state.ts'
import { type History, keyOf, knowNumber, newHistory, put } from './ring.ts'
import { isNamed, sameOf } from './same.ts'

/** What happens at once is written at once. Milliseconds. */
const SOON_MS = 1000
/** Between two writes. */
const REST_MS = 10_000

/** What was wrong before and still is has been found again by then; what takes longer, see `troubles.ts`. */
const FOUND_MS = 10_000

/** With what the file has of earlier lives. */
export function restored({ node, startedAt, wallMs, machine, kept }: NodeOptions): History {
  const now = wallMs(startedAt)
  const history = newHistory(
    new CausalClock(kept && { ...kept, time: kept.clock }, startedAt, now),
    now - startedAt,
    machine,
  )
  if (!kept) return history
  const downMs = Math.max(0, now - kept.wallMs)
  const ago = (ms: number): Instant => after(startedAt, -ms - downMs)
  for (const { ageMs = 0, clock = null, ...event } of kept.events) {
    const serial = event.node === node ? ++history.happened : 0
    put(history, { event, key: keyOf(event), happenedAt: ago(ageMs), addedAt: NEVER_BEFORE, serial, clock })
    if (isOfLease(event.kind)) knowNumber(history, event.group, event.number)
  }
  for (const { sinceMs, ...named } of kept.lasting.filter(isNamed)) {
    const { object = '' } = named
    const [since, goneAt] = [ago(sinceMs), after(startedAt, FOUND_MS)]
    history.lasting.set(sameOf(named), { ...named, object, since, goneAt, isCarried: true })
  }
  for (const [program, life] of Object.entries(kept.programs)) history.programs.set(program, life)
  history.told = kept.told ?? null
  return history
}

export function keepSoon({ history, now }: NodeState): void {
  history.keepAt ??= later(after(now, SOON_MS), after(history.keptAt, REST_MS))
}

/** Others hear now where it stands: another life must not place it anew. */
export function keepNow({ history, now }: NodeState): void {
  history.keepAt = now
}

/** When it is due; null: the disk has it. */
export const nextKeep = ({ history }: NodeState): Instant | null => history.keepAt

export function keepIfDue(state: NodeState): void {
  const { history, now } = state
  if (history.keepAt === null || now < history.keepAt) return
  history.keepAt = null
  history.keptAt = now
  state.effects.push({ kind: 'history', text: keptText(state) })
}

export function keptText({ history, now, wallMs }: NodeState): string {
  const since = (at: Instant): number => Math.max(0, Math.round(between(at, now)))
  const kept: KeptEvents = {
    clock: history.clock.kept(now),
    wallMs: Math.max(0, wallMs(now)),
    machine: history.machine,
    events: history.entries.map(({ event, clock, happenedAt }) => ({
      ...event,
      ageMs: since(happenedAt),
      ...(clock === null ? {} : { clock }),
    })),
    lasting: [...history.lasting.values()].map(({ code, object, message, since: at }) => ({
      ...{ code, object: cut(object, LONGEST_LASTING) },
      message: cut(message, LONGEST_LASTING),
      sinceMs: since(at),
    })),
    programs: Object.fromEntries(history.programs),
    ...(history.told === null ? {} : { told: history.told }),
  }
  return encodeKeptEvents(kept)
}
