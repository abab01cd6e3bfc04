/**
 * One follower: what it has by now, and what is due to it. Nothing is due before it has said what it has; what is due is worked out
 * when it can be sent, so that nothing waits in a queue however much happens meanwhile.
 */
import type { Facts, FeedCoordinator, FeedMessage } from '@lvsm/protocol'
import type { Refusal } from '@lvsm/base'
import type { Has, Publication } from './publication.ts'
import type { FeedSource } from './source.ts'

type FeedRecords = ReturnType<FeedSource['records']>

export interface Session {
  /** Null: it has not said, or was refused. */
  readonly has: Has | null
  /** What it was told last since it said what it has. */
  readonly facts: Facts | null
  readonly coordinators: readonly FeedCoordinator[] | null
  /** Number of the heartbeat keys. */
  readonly ring: number
}
export const NEW_SESSION: Session = { has: null, facts: null, coordinators: null, ring: 0 }

/** What this coordinator knows now. */
export interface View {
  readonly publication: Publication
  /** Of which `coordinators` was made. */
  readonly records: FeedRecords
  readonly coordinators: readonly FeedCoordinator[]
  /** Nobody leads, for so long that others may know more. */
  readonly leaderless: boolean
}

export const followed = (has: Has): Session => ({ ...NEW_SESSION, has })

/** In this order; after them the session is the one that comes with them. */
export function due(session: Session, view: View): { session: Session; messages: readonly FeedMessage[] } {
  if (session.has === null) return { session, messages: [] }
  if (view.leaderless) return refused(NO_LEADER)
  const { publication, coordinators } = view
  const answer = publication.answer(session.has)
  if (answer.kind === 'refused') return refused(answer.refusal)
  const messages: FeedMessage[] = []
  let { has } = session
  // First: whoever hears of a node knows its keys.
  const { keys } = publication
  if (keys.ring.number !== session.ring) messages.push(keys)
  if (answer.kind === 'news') {
    const { news } = answer
    messages.push(news)
    has = { revision: publication.revision, sum: news.sum }
  }
  const { facts } = publication.state
  if (facts !== session.facts) messages.push({ kind: 'facts', facts })
  if (coordinators !== session.coordinators) messages.push({ kind: 'coordinators', list: coordinators })
  return { session: { has, facts, coordinators, ring: keys.ring.number }, messages }
}

const refused = ({ code, message, hint }: Refusal) => ({
  session: NEW_SESSION,
  messages: [{ kind: 'refused' as const, refusal: { code, message, ...(hint === undefined ? {} : { hint }) } }],
})

const NO_LEADER: Refusal = {
  code: 'no-leader',
  message: 'this coordinator hears of no leader: the others may know more',
  hint: 'start the coordinators that are down, or mend the network between them: lvsm coordinators',
}
