/**
 * What was dropped or not sent lately, as troubles: a counter that moves says that somebody speaks past this cluster, or at it, that nothing
 * goes out here, or that nobody has time. Which of them mean what, and what to do, is a column of the counters (packages/protocol).
 */
import { type Counter, counterOf, troubleOfCounter } from '@lvsm/protocol'
import { after, between, type Instant, listed, pastAfter, type Trouble } from '@lvsm/base'
import { leaseStatus } from '../lease.ts'
import { SAID_BY_SENDER } from './unbelieved.ts'
import type { NodeState } from '../state.ts'

const WINDOW_MS = 60_000
const EVERY_MS = 10_000
/** So many within the window; a restart or a changed file makes a few. */
const LEAST = 10

export interface Snapshot {
  readonly at: Instant
  readonly counters: Readonly<Record<string, number>>
}

const countersNow = (state: NodeState): Readonly<Record<string, number>> => ({
  ...leaseStatus(state)?.counters,
  ...state.counters,
})

/** Remembers how the counters stand, every ten seconds for a minute, once the lease process has told its own. */
export function noteCounters(state: NodeState): void {
  const { now, snapshots } = state
  if (!leaseStatus(state)) return
  const last = snapshots.at(-1)
  if (last && now < after(last.at, EVERY_MS)) return
  snapshots.push({ at: now, counters: countersNow(state) })
  while (snapshots[0] && between(snapshots[0].at, now) > WINDOW_MS) snapshots.shift()
}

export function dropTroubles(state: NodeState): Trouble[] {
  const [oldest] = state.snapshots
  if (!oldest) return []
  const senders = (leaseStatus(state)?.peers ?? []).filter(({ unbelieved }) => unbelieved !== undefined)
  const isSaid = senders.some(({ life }) => life !== 'alive')
  /** Of those whose last one was dropped for this. */
  const from = (why: string): string =>
    senders
      .filter(({ unbelieved }) => unbelieved?.startsWith(why))
      .map(({ name, unbelieved }) => `with the address of ${name}: ${unbelieved}`)
      .join('; ')
  return Object.entries(countersNow(state)).flatMap(([name, count]): Trouble[] => {
    if (isSaid && SAID_BY_SENDER.has(name)) return []
    const before = oldest.counters[name] ?? 0
    // A process that has started anew counts from 0.
    const grown = count >= before ? count - before : count
    const counter = counterOf(name)
    if (counter?.alarm === undefined || grown < LEAST) return []
    const code = troubleOfCounter(counter)
    const evidence = code === 'not-sent' ? toWhom(state, counter) : from(counter.help)
    const more = { ...(evidence === '' ? {} : { evidence }), ...lastGrown(state, name, count) }
    return [{ code, severity: 'warning', message: sentenceOf(code, counter), ...more, hint: counter.alarm }]
  })
}

/** `to rs1 over inside (10.12.0.11)`; empty: nobody lately, or an older lease process does not say. */
function toWhom(state: NodeState, { labels }: Counter): string {
  const end = `: ${labels['code'] ?? ''}`
  const ways = (leaseStatus(state)?.peers ?? []).flatMap(({ name, unsent = '' }) =>
    unsent.split('; ').flatMap((text) => (text.endsWith(end) ? [`to ${name} ${text.slice(0, -end.length)}`] : [])),
  )
  return listed(ways, MOST_WAYS)
}
const MOST_WAYS = 8

/** Whether it has not grown for a while; at the moment at which it was looked at first after it had. */
function lastGrown({ snapshots, now }: NodeState, name: string, count: number): { readonly pastMs?: number } {
  const last = snapshots.findLastIndex(({ counters }) => (counters[name] ?? 0) !== count)
  const after = snapshots[last + 1]
  return after ? pastAfter(between(after.at, now)) : {}
}

/** Without the count, which moves all the time: the log says once that it begins, and once that it is over. */
function sentenceOf(code: ReturnType<typeof troubleOfCounter>, { unit: [, many], help, labels }: Counter): string {
  if (code === 'not-sent') {
    const said = labels['code'] ?? ''
    const means = Object.hasOwn(MEANS, said) ? ` (${MEANS[said]})` : ''
    return `within the last minute ${many} could not be sent: ${said === '' ? help : said}${means}`
  }
  return `within the last minute came ${many} that were ${code === 'messages-lost' ? 'lost' : 'dropped'}: ${help}`
}
/** What the kernel says with it, of a datagram to another node. */
const MEANS: Readonly<Record<string, string>> = {
  EACCES: 'a route or a rule of this machine prohibits it',
  EINVAL: 'a route throws away what goes there, or the address of the link is gone',
  ENETUNREACH: 'no route leads there',
  EHOSTUNREACH: 'a route says that nobody is there, or nobody answers to ARP',
  ENETDOWN: 'the interface is down',
  EPERM: 'a packet filter of this machine forbids it',
}
