/** Mistakes that others made, each planted in one place, and the rule that each is against. */
import { type Effect, type HardState, type Message, NOBODY, RULES, type Stored } from '@lvsm/raft'
import { Arrivals } from '../../../coordinator/core/arrivals.ts'
import type { Core } from '../../../coordinator/core/core.ts'
import type { Effect as CoreEffect } from '../../../coordinator/core/events.ts'
import { CHANCE, type Plot } from '../life.ts'
import type { Plant } from '../plant.ts'
import type { Machine, Result } from '../register.ts'
import { DIVIDED, DRIFT, ELECTIONS, GROWTH, LATE, SICK } from '../plots.ts'

export interface Mistake {
  readonly name: string
  /** Section of the paper or the dissertation; where and when it was made; or a rule of packages/raft/README.md. */
  readonly against: string
  readonly plot: Plot
  readonly plant: Plant
}
const mistake = (name: string, against: string, plot: Plot, plant: Plant): Mistake => ({ name, against, plot, plant })

const hurried = (...kinds: readonly Message['kind'][]): Plant['rules'] => ({
  waitsFor: (message) => (kinds.includes(message.kind) ? 'nothing' : RULES.waitsFor(message)),
})
const forgetting = (forget: (hardState: HardState) => HardState): Plant => ({
  stored: (stored): Stored => ({ ...stored, hardState: forget(stored.hardState) }),
})

const VOTES: readonly Mistake[] = [
  mistake('half is a majority', 'paper, 5.2', CHANCE, {
    rules: { quorum: (voters) => Math.max(1, Math.floor(voters / 2)) },
  }),
  mistake('one vote for each candidate', 'paper, 5.2', ELECTIONS, { rules: { mayVote: () => true } }),
  mistake('whoever asks has all that is committed', 'paper, 5.4.1', DIVIDED, { rules: { upToDate: () => true } }),
  mistake('the longer log wins', 'paper, 5.4.1', DIVIDED, {
    rules: { upToDate: (candidate, own) => candidate.index >= own.index },
  }),
  mistake('votes are told before they are on disk', 'paper, 5.1', ELECTIONS, {
    rules: { ...hurried('request-vote-response') },
  }),
  mistake(
    'a start forgets the vote',
    'paper, 5.1',
    ELECTIONS,
    forgetting((state) => ({ ...state, votedFor: null })),
  ),
  mistake('a learner stands', 'dissertation, 4.2.1', GROWTH, { rules: { mayCampaign: () => true } }),
]

const LOG: readonly Mistake[] = [
  mistake('an old entry is committed by counting', 'paper, 5.4.2', ELECTIONS, {
    rules: { committedByCount: () => true },
  }),
  mistake('the leader counts what is not on its disk', 'dissertation, 10.2.1', CHANCE, {
    rules: { ownMatch: (_durable, last) => last },
  }),
  mistake('an append is acknowledged before it is on disk', 'paper, 5.1', CHANCE, {
    rules: { ...hurried('append-entries-response') },
  }),
  mistake('a write under way counts for entries that were given up', 'etcd, append_aba_race', LATE, {
    rules: { durableAfter: (writtenTo) => writtenTo },
  }),
  mistake('an append fits wherever there is an entry', 'paper, 5.3', DIVIDED, {
    rules: { fits: (ownTerm) => ownTerm !== undefined },
  }),
  mistake('an append replaces all that follows', 'paper, 5.3', DIVIDED, { rules: { conflicts: () => true } }),
  mistake('a follower commits more than it was sent', 'paper, 5.3', DIVIDED, {
    rules: { followerCommit: (leaderCommit) => leaderCommit },
  }),
]

const MEMBERS: readonly Mistake[] = [
  mistake('learners count', 'dissertation, 4.2.1', GROWTH, { rules: { counts: () => true } }),
  mistake('two changes at a time', 'dissertation, 4.1', GROWTH, { rules: { isChanging: () => false } }),
  mistake('whoever has the id is believed', 'etcd 20269', SICK, { rules: { isSameStore: () => true } }),
  mistake('compaction forgets the members', 'canonical/raft 250', CHANCE, {
    effect: (effect) =>
      effect.kind === 'persist' && effect.compact
        ? { ...effect, compact: { ...effect.compact, membership: NOBODY } }
        : effect,
  }),
  mistake('a snapshot comes without members', 'paper, 7', GROWTH, {
    effect: (effect) =>
      effect.kind === 'send-snapshot' ? { ...effect, snapshot: { ...effect.snapshot, membership: NOBODY } } : effect,
  }),
]

class Forgetful extends Arrivals<Machine> {
  override take(index: number): Machine | null {
    const state = super.take(index)
    this.installed(index)
    return state
  }
}

const failing = (effect: Effect): Effect => {
  if (effect.kind !== 'outcome' || effect.outcome.kind !== 'unknown') return effect
  const refusal = { code: 'failed', message: 'leadership was lost' }
  return { ...effect, outcome: { kind: 'refused', refusal, leader: null } }
}
const CLIENTS: readonly Mistake[] = [
  mistake('a new leader answers reads before it has committed anything', 'dissertation, 6.4', DIVIDED, {
    rules: { isSettled: () => true },
  }),
  mistake('a read is proved by what was heard before it', 'dissertation, 6.4', DRIFT, {
    rules: { roundOf: (round) => round },
  }),
  mistake('lost leadership is a failure', 'openraft, check-quorum', CHANCE, { effect: failing }),
  mistake('a full disk is overlooked', 'packages/raft/README.md', SICK, {
    input: (input) =>
      input.kind === 'persist-failed' && input.fault === 'full' ? { kind: 'persisted', write: input.write } : input,
  }),
  mistake('a state that came is given up with the first write that installs it', 'coordinator/core/README.md', SICK, {
    arrivals: () => new Forgetful(),
  }),
]

/** `change` sees each effect of a coordinator's core. */
const altered =
  (change: (effect: CoreEffect<Result>) => readonly CoreEffect<Result>[]) =>
  (core: Core<Result>): Core<Result> => ({ ...core, step: (input, now) => core.step(input, now).flatMap(change) })
const README = 'coordinator/core/README.md'
const QUESTIONS: readonly Mistake[] = [
  mistake('a follower answers reads from what it has', README, DIVIDED, {
    core: (core) => ({
      ...core,
      step: (input, now) =>
        input.kind === 'ask' && input.wish.kind === 'read' && core.status(now).role !== 'leader'
          ? [{ kind: 'reply', id: input.id, reply: { kind: 'done', index: 0, result: null } }]
          : core.step(input, now),
    }),
  }),
  mistake('a write whose answer does not come is a failure', README, CHANCE, {
    core: altered((effect) =>
      effect.kind === 'reply' && effect.reply.kind === 'unknown'
        ? [{ ...effect, reply: { kind: 'refused', refusal: { code: 'late', message: 'no answer' } } }]
        : [effect],
    ),
  }),
  mistake('a follower asks twice, to be safe', README, CHANCE, {
    core: altered((effect) =>
      effect.kind === 'send' && effect.message.kind === 'ask'
        ? [effect, { ...effect, message: { ...effect.message, id: `${effect.message.id} again` } }]
        : [effect],
    ),
  }),
]

export const MISTAKES: readonly Mistake[] = [...VOTES, ...LOG, ...MEMBERS, ...CLIENTS, ...QUESTIONS]
