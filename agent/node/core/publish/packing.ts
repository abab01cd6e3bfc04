/**
 * What a node tells, in messages of bounded length. Nothing is left out without saying so: readiness, events and tables go on
 * in more messages, sentences are cut with an ellipsis, and troubles that do not fit are counted.
 */
import {
  type AgentMessage,
  type DestinationReport,
  type EventReport,
  LONGEST_EVIDENCE,
  LONGEST_HINT,
  LONGEST_MESSAGE,
  LONGEST_OBJECT,
  LONGEST_REASON,
  OF_TROUBLE,
  type MoreMessage,
  type Outcome,
  type RunCheckReport,
  type SeenSocket,
  type SocketsMessage,
  type StateMessage,
  type TablesMessage,
  type TroubleReport,
  cut,
  cutHint,
  encodeMessage,
} from '@lvsm/protocol'
import type { Severity, Trouble } from '@lvsm/base'

/** Letters of a sentence. */
export const REASON = 300
const MESSAGE = OF_TROUBLE.message
const READINESS = 160
const DESTINATION = 120
/** Bytes of all troubles together. */
const TROUBLES = 3000

/** Bytes of JSON as UTF-8. */
export function bytesOf(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // Half of a surrogate pair; JSON has no half alone.
    const half = code >= 0xd800 && code <= 0xdfff
    bytes += code < 0x80 ? 1 : code < 0x800 || half ? 2 : 3
  }
  return bytes
}
const sizeOf = (value: unknown): number => bytesOf(JSON.stringify(value))

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info']

/** The worst first; those without room are counted in the last one. */
function packTroubles(all: readonly TroubleReport[]): TroubleReport[] {
  const found = [...all]
    .sort((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity))
    .map((trouble) => ({
      ...trouble,
      message: cut(trouble.message, MESSAGE),
      ...(trouble.hint === undefined ? {} : { hint: cutHint(trouble.hint, LONGEST_HINT) }),
      ...(trouble.object === undefined ? {} : { object: cut(trouble.object, LONGEST_OBJECT) }),
      ...(trouble.evidence === undefined ? {} : { evidence: cut(trouble.evidence, LONGEST_EVIDENCE) }),
    }))
  let bytes = 0
  const fit = found.findIndex((trouble) => (bytes += sizeOf(trouble) + 1) > TROUBLES)
  if (fit < 0) return found
  const more: Trouble = {
    code: 'more-troubles',
    severity: found[fit]?.severity ?? 'info',
    message: `${found.length - fit} more troubles of this kind or less`,
    hint: 'ask that node itself to see them all: lvsm status there',
  }
  return [...found.slice(0, fit), more]
}

export interface Filled {
  readonly text: string
  /** How many parts it carries. */
  readonly parts: number
}
/** Fills one message after the other, in the order of the parts; `empty` makes the next, `put` adds a part to it. */
function fill<Message extends AgentMessage, Part>(
  first: Message,
  empty: () => Message,
  parts: readonly Part[],
  put: (message: Message, part: Part) => void,
): Filled[] {
  let last = { message: first, parts: 0 }
  const messages = [last]
  let bytes = bytesOf(encodeMessage(first))
  for (const part of parts) {
    const size = sizeOf(part) + 1
    if (bytes + size > LONGEST_MESSAGE) {
      last = { message: empty(), parts: 0 }
      messages.push(last)
      bytes = bytesOf(encodeMessage(last.message))
    }
    put(last.message, part)
    last.parts += 1
    bytes += size
  }
  return messages.map(({ message, parts: count }) => ({ text: encodeMessage(message), parts: count }))
}

type Part = { readonly ready: readonly [string, string] } | { readonly event: EventReport }

/** The state of a node, and as many messages more as its groups and events need. */
export function encodeState(state: StateMessage): string[] {
  const first: StateMessage = {
    ...state,
    reason: cut(state.reason, REASON),
    troubles: packTroubles(state.troubles),
    ready: {},
    events: [],
  }
  const parts: Part[] = [
    ...Object.entries(state.ready).map(([group, why]): Part => ({ ready: [group, cut(why, READINESS)] })),
    ...state.events.map((event): Part => ({ event: { ...event, reason: cut(event.reason, LONGEST_REASON) } })),
  ]
  const empty = (): MoreMessage => ({ kind: 'more', ready: {}, events: [] })
  return fill<StateMessage | MoreMessage, Part>(first, empty, parts, (message, part) => {
    if ('event' in part) message.events = [...message.events, part.event]
    else message.ready = { ...message.ready, [part.ready[0]]: part.ready[1] }
  }).map(({ text }) => text)
}

/** A destination of a service. */
export interface TablePart {
  readonly name: string
  readonly destination: DestinationReport
}
/** As many messages as these destinations need; none for none. */
export function encodeTables(all: readonly TablePart[]): Filled[] {
  const parts = all.map(({ name, destination }) => {
    return { name, destination: { ...destination, reason: cut(destination.reason, DESTINATION) } }
  })
  if (parts.length === 0) return []
  const empty = (): TablesMessage => ({ kind: 'tables', services: {} })
  return fill(empty(), empty, parts, (message, { name, destination }) => {
    message.services = { ...message.services, [name]: [...(message.services[name] ?? []), destination] }
  })
}

/** What a realserver sees of its own sockets: as many messages as that needs. */
export function encodeSockets(load: number, all: readonly SeenSocket[]): string[] {
  const empty = (): SocketsMessage => ({ kind: 'sockets', load, seen: [] })
  return fill(empty(), empty, all, (message, one) => {
    message.seen = [...message.seen, one]
  }).map(({ text }) => text)
}

/** Letters of each step of a check that was run by hand, from many to none. */
const STEP_LENGTHS = [600, 240, 100, 40] as const
/** For what stands around it. */
const ENVELOPE = 400
/** For another node's agent: its steps as long as there is room for them. */
export function fitTrials(report: RunCheckReport): RunCheckReport {
  const withSteps = (longest: number): RunCheckReport => ({
    ...report,
    trials: report.trials.map(({ steps, known, ...rest }) => ({
      ...rest,
      ...(known && longest > 0 ? { known: known.filter(({ length }) => length <= longest) } : {}),
      ...(steps && longest > 0 ? { steps: steps.map((step) => ({ ...step, text: cut(step.text, longest) })) } : {}),
    })),
  })
  const fit = STEP_LENGTHS.map(withSteps).find((one) => sizeOf(one) <= LONGEST_MESSAGE - ENVELOPE)
  return fit ?? withSteps(0)
}

/** An answer to another node's agent; one that is too long says so instead. */
export function encodeAnswer(id: string, outcome: Outcome): string {
  const text = encodeMessage({ kind: 'answer', id, outcome })
  if (bytesOf(text) <= LONGEST_MESSAGE) return text
  const said = JSON.stringify(outcome.ok ? outcome.report : outcome.refusals)
  const message = `the answer is too long to be passed on: ${cut(said, MESSAGE)}`
  const refusal = { code: 'too-long', message, hint: 'look at lvsm status there, and ask that node itself' }
  const fault = outcome.ok ? 'timeout' : outcome.fault
  return encodeMessage({ kind: 'answer', id, outcome: { ok: false, fault, refusals: [refusal] } })
}
