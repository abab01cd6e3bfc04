/** Mistakes of voters, holders and candidates (packages/lease/PROTOCOL.md). */
import { DRIFT, ROUNDING_MS } from '@lvsm/base'
import { NEW_STATE, RULES, type Send } from '@lvsm/lease'
import { type Mistake, mistake, rule, wrapped } from './mistake.ts'

const newest = (sends: ReadonlyMap<number, Send>): Send | undefined => [...sends.values()].at(-1)

const QUORUM: readonly Mistake[] = [
  mistake('quorum of one', 'packages/lease/PROTOCOL.md 4.2', 'chance', rule({ quorum: () => 1 })),
  mistake(
    'half of an even number of voters is a majority',
    'packages/lease/PROTOCOL.md 4.2',
    'rivals of one rank',
    rule({ quorum: (voters) => Math.ceil(voters / 2) }),
  ),
  mistake('votes for any send add up', 'packages/lease/PROTOCOL.md 4.2', 'chance', rule({ sendOf: newest })),
  mistake(
    'an ACK counts after release',
    'packages/lease/PROTOCOL.md 4.3',
    'chance',
    rule({ keptOnRelease: (sends) => new Map(sends) }),
  ),
  mistake(
    'the lock is the group',
    'packages/lease/PROTOCOL.md 3.5',
    'chance',
    rule({ locks: (group) => [group.name] }),
  ),
  mistake(
    'the lock is the text of the address',
    'packages/lease/PROTOCOL.md 3.5',
    'chance',
    rule({ locks: (group) => group.addresses.map(({ address }) => address) }),
  ),
  mistake('grants are dropped when a view is adopted', 'packages/lease/PROTOCOL.md 3.5', 'chance', {
    implant: () => {
      let views = 0
      return {
        rules: { locks: (group) => RULES.locks(group).map((key) => `${key} ${views}`) },
        wrap: (ports) => ({
          ...ports,
          step(input, now) {
            if (input.kind === 'view') views += 1
            return ports.step(input, now)
          },
        }),
      }
    },
  }),
]

const STRANGERS: readonly Mistake[] = [
  mistake(
    'whoever asks is lent a group',
    'packages/lease/PROTOCOL.md 3.10',
    'a hostile realserver',
    rule({ mayHold: () => true }),
  ),
]

const RELEASE: readonly Mistake[] = [
  mistake(
    'RELEASE clears whatever the node has',
    'packages/lease/PROTOCOL.md 3.4',
    'a RELEASE that comes late',
    rule({ releases: (grant, from) => grant.node === from }),
  ),
  mistake(
    'RELEASE of another start counts',
    'packages/lease/PROTOCOL.md 3.4',
    'a RELEASE that comes late',
    rule({ releases: (grant, from, _incarnation, upTo) => grant.node === from && grant.sequence <= upTo }),
  ),
  mistake(
    'RELEASE clears a later grant of its start',
    'packages/lease/PROTOCOL.md 3.4',
    'chance',
    rule({ releases: (grant, from, incarnation) => grant.node === from && grant.incarnation === incarnation }),
  ),
  mistake(
    'another start of the same node is granted too',
    'packages/lease/PROTOCOL.md 3.3',
    'two machines with one name',
    rule({ blocks: (grant, node) => grant.node !== node }),
  ),
  mistake(
    'a start is told by its incarnation alone',
    'packages/lease/PROTOCOL.md 3.3',
    "a realserver with another's start",
    rule({ blocks: (grant, _node, incarnation) => grant.incarnation !== incarnation }),
  ),
]

const TIME: readonly Mistake[] = [
  mistake(
    "the holder's time runs from receipt",
    'packages/lease/PROTOCOL.md 4.1',
    'chance',
    rule({ holdFrom: (_sent, received) => received }),
  ),
  mistake(
    'the holder outlives its grants',
    'packages/lease/PROTOCOL.md 4.2',
    'chance',
    rule({ holdMs: (grantMs) => grantMs + 4 * ROUNDING_MS }),
  ),
  mistake(
    'drift counted once',
    'packages/lease/PROTOCOL.md 4.2',
    'drift at its bound',
    rule({ holdMs: (grantMs) => grantMs * (1 - DRIFT) - ROUNDING_MS }),
  ),
  mistake(
    'drift not counted',
    'packages/lease/PROTOCOL.md 4.2',
    'drift at its bound',
    rule({ holdMs: (grantMs) => grantMs - ROUNDING_MS }),
  ),
  mistake(
    "the kernel's rounding not counted",
    'packages/lease/PROTOCOL.md 4.2',
    'drift at its bound',
    rule({ holdMs: (grantMs) => RULES.holdMs(grantMs) + ROUNDING_MS }),
  ),
  mistake(
    'a late message shortens a grant',
    'packages/lease/PROTOCOL.md 3.4',
    'another lease duration',
    rule({ grantUntil: (_present, proposed) => proposed }),
  ),
  mistake(
    'the holder believes what it asked for, whatever was granted',
    'packages/lease/PROTOCOL.md 4.2',
    'another lease duration',
    rule({ believedMs: (_granted, asked) => asked }),
  ),
  mistake(
    'the holder believes more than it asked for',
    'packages/lease/PROTOCOL.md 4.2',
    'voters that lend for an hour',
    rule({ believedMs: (granted) => granted }),
  ),
  mistake(
    'the clock is read once, before going to sleep',
    'packages/lease/PROTOCOL.md 2.2',
    'chance',
    wrapped((ports) => {
      let shown = ports.clock()
      return {
        clock() {
          const before = shown
          shown = ports.clock()
          return before
        },
      }
    }),
  ),
]

const QUARANTINE: readonly Mistake[] = [
  mistake('no quarantine', 'packages/lease/PROTOCOL.md 3.1', 'chance', rule({ quarantineMs: () => 0 })),
  mistake('quarantine of the lease that is configured', 'packages/lease/PROTOCOL.md 3.1', 'another lease duration', {
    state: (found, { leaseMs }) => found && { ...found, limitMs: Math.min(found.limitMs, leaseMs) },
  }),
  mistake(
    'a longer lease is lent before the disk has it',
    'packages/lease/PROTOCOL.md 3.2',
    'a longer lease on slow disks',
    rule({ grantableMs: (configured) => configured }),
  ),
  mistake(
    'a shorter lease is on disk at once',
    'packages/lease/PROTOCOL.md 3.2',
    'another lease duration',
    rule({ lowerAfterMs: () => 0 }),
  ),
  mistake(
    'votes are lent anew while nodes count other voters',
    'packages/lease/PROTOCOL.md 3.8',
    'a director that votes is replaced file by file',
    rule({ lendsAnew: (_, cloned) => !cloned }),
  ),
  mistake(
    'votes are lent anew to two machines with one name, and theirs count',
    'packages/lease/PROTOCOL.md 3.9',
    'two machines are one voter',
    rule({ lendsAnew: (unsettled) => !unsettled, countsVote: () => true }),
  ),
  mistake('a lost state is a new one', 'packages/lease/PROTOCOL.md 3.1', 'voters lose their disks', {
    state: (found) => found ?? NEW_STATE,
  }),
  mistake('lease numbers are forgotten at a start', 'packages/lease/PROTOCOL.md 3.6', 'chance', {
    state: (found) => found && { ...found, highWater: 0 },
  }),
  mistake(
    'a write is acknowledged before it is done',
    'packages/lease/PROTOCOL.md 3.2',
    'a longer lease on slow disks',
    wrapped((ports) => ({
      persist(state, view, done) {
        ports.persist(state, view, () => undefined)
        done('')
      },
    })),
  ),
  mistake(
    'a failed write is taken as done',
    'packages/lease/PROTOCOL.md 3.2',
    'a longer lease on slow disks',
    wrapped((ports) => ({
      persist: (state, view, done) => ports.persist(state, view, () => done('')),
    })),
  ),
  mistake(
    'standby is not kept',
    'agent/lease/README.md',
    'standby over restarts',
    wrapped((ports) => ({
      persist: (state, view, done) => ports.persist({ ...state, standby: false }, view, done),
    })),
  ),
]

export const VOTES: readonly Mistake[] = [...QUORUM, ...STRANGERS, ...RELEASE, ...TIME, ...QUARANTINE]
