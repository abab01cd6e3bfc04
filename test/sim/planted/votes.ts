/** Mistakes of voters, holders and candidates (lease.md; rows are those of "What broke earlier drafts"). */
import { DRIFT, ROUNDING_MS } from '@lvsm/base'
import { NEW_STATE, RULES, type Send } from '@lvsm/lease'
import { type Mistake, mistake, rule, wrapped } from './mistake.ts'

const newest = (sends: ReadonlyMap<number, Send>): Send | undefined => [...sends.values()].at(-1)

const QUORUM: readonly Mistake[] = [
  mistake('quorum of one', 'row 15', 'chance', rule({ quorum: () => 1 })),
  mistake(
    'half of an even number of voters is a majority',
    'Holder',
    'rivals of one rank',
    rule({ quorum: (voters) => Math.ceil(voters / 2) }),
  ),
  mistake('votes for any send add up', 'row 6', 'chance', rule({ sendOf: newest })),
  mistake('an ACK counts after release', 'row 8', 'chance', rule({ keptOnRelease: (sends) => new Map(sends) })),
  mistake('the lock is the group', 'row 11', 'chance', rule({ locks: (group) => [group.name] })),
  mistake(
    'the lock is the text of the address',
    'Groups',
    'chance',
    rule({ locks: (group) => group.addresses.map(({ address }) => address) }),
  ),
  mistake('grants are dropped when a view is adopted', 'row 3', 'chance', {
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

const RELEASE: readonly Mistake[] = [
  mistake(
    'RELEASE clears whatever the node has',
    'row 7',
    'a RELEASE that comes late',
    rule({ releases: (grant, from) => grant.node === from }),
  ),
  mistake(
    'RELEASE of another start counts',
    'row 7',
    'a RELEASE that comes late',
    rule({ releases: (grant, from, _incarnation, upTo) => grant.node === from && grant.sequence <= upTo }),
  ),
  mistake(
    'RELEASE clears a later grant of its start',
    'row 7',
    'chance',
    rule({ releases: (grant, from, incarnation) => grant.node === from && grant.incarnation === incarnation }),
  ),
  mistake(
    'another start of the same node is granted too',
    'Process start',
    'two machines with one name',
    rule({ blocks: (grant, node) => grant.node !== node }),
  ),
]

const TIME: readonly Mistake[] = [
  mistake("the holder's time runs from receipt", 'row 15', 'chance', rule({ holdFrom: (_sent, received) => received })),
  mistake(
    'the holder outlives its grants',
    'Holder',
    'chance',
    rule({ holdMs: (grantMs) => grantMs + 4 * ROUNDING_MS }),
  ),
  mistake(
    'drift counted once',
    'row 12',
    'drift at its bound',
    rule({ holdMs: (grantMs) => grantMs * (1 - DRIFT) - ROUNDING_MS }),
  ),
  mistake('drift not counted', 'row 12', 'drift at its bound', rule({ holdMs: (grantMs) => grantMs - ROUNDING_MS })),
  mistake(
    "the kernel's rounding not counted",
    'fence.md, row 9',
    'drift at its bound',
    rule({ holdMs: (grantMs) => RULES.holdMs(grantMs) + ROUNDING_MS }),
  ),
  mistake(
    'a late message shortens a grant',
    'row 5',
    'another lease duration',
    rule({ grantUntil: (_present, proposed) => proposed }),
  ),
  mistake(
    'the holder believes what it asked for, whatever was granted',
    'row 5',
    'another lease duration',
    rule({ believedMs: (_granted, asked) => asked }),
  ),
  mistake(
    'the holder believes more than it asked for',
    'Holder',
    'voters that lend for an hour',
    rule({ believedMs: (granted) => granted }),
  ),
  mistake(
    'the clock is read once, before going to sleep',
    'row 9',
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
  mistake('no quarantine', 'row 15', 'chance', rule({ quarantineMs: () => 0 })),
  mistake('quarantine of the lease that is configured', 'row 5', 'another lease duration', {
    state: (found, { leaseMs }) => found && { ...found, limitMs: Math.min(found.limitMs, leaseMs) },
  }),
  mistake(
    'a longer lease is lent before the disk has it',
    'Terms',
    'a longer lease on slow disks',
    rule({ grantableMs: (configured) => configured }),
  ),
  mistake('a shorter lease is on disk at once', 'Terms', 'another lease duration', rule({ lowerAfterMs: () => 0 })),
  mistake('a lost state is a new one', 'Terms, T_MAX', 'voters lose their disks', {
    state: (found) => found ?? NEW_STATE,
  }),
  mistake('lease numbers are forgotten at a start', 'Acceptor', 'chance', {
    state: (found) => found && { ...found, highWater: 0 },
  }),
  mistake(
    'a write is acknowledged before it is done',
    'Disk',
    'a longer lease on slow disks',
    wrapped((ports) => ({
      persist(state, done) {
        ports.persist(state, () => undefined)
        done('')
      },
    })),
  ),
  mistake(
    'a failed write is taken as done',
    'Disk',
    'a longer lease on slow disks',
    wrapped((ports) => ({
      persist: (state, done) => ports.persist(state, () => done('')),
    })),
  ),
  mistake(
    'standby is not kept',
    'Disk',
    'standby over restarts',
    wrapped((ports) => ({
      persist: (state, done) => ports.persist({ ...state, standby: false }, done),
    })),
  ),
]

export const VOTES: readonly Mistake[] = [...QUORUM, ...RELEASE, ...TIME, ...QUARANTINE]
