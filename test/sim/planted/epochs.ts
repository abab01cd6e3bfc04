/** Mistakes with epochs, of lease processes and of coordinators (packages/lease/PROTOCOL.md, section 8). */
import { RULES } from '@lvsm/lease'
import { type LeaseView } from '@lvsm/protocol'
import { type Mistake, mistake, rule, wrapped } from './mistake.ts'

const CHAOS = 'voters come and go, and everything fails'
const QUIET = 'voters come and go, and nothing fails'
const HALVES = 'a majority of the voters misses a change'
const RETURNS = 'a voter starts anew among laggards'

const COMMITS: readonly Mistake[] = [
  mistake('other voters are committed after a wait alone', 'packages/lease/PROTOCOL.md 8.2', HALVES, {
    commits: { mayCommit: (_, waited) => waited },
  }),
  mistake('other voters are committed without a wait', 'packages/lease/PROTOCOL.md 8.2', [HALVES, CHAOS], {
    commits: { mayCommit: (reported) => reported },
  }),
  mistake('two voters come or go in one epoch', 'packages/lease/PROTOCOL.md 8.1', [HALVES, CHAOS], {
    commits: { most: 2 },
  }),
]

const DISK: readonly Mistake[] = [
  mistake(
    'an epoch is acted on and reported before the disk has it',
    'packages/lease/PROTOCOL.md 8.3',
    RETURNS,
    rule({ mayAct: () => true }),
  ),
  mistake(
    'a write of an epoch is taken as done',
    'packages/lease/PROTOCOL.md 8.3',
    RETURNS,
    wrapped((ports) => ({
      persist(state, view, done) {
        ports.persist(state, view, () => undefined)
        done('')
      },
    })),
  ),
  mistake('the epoch is forgotten at a start', 'packages/lease/PROTOCOL.md 8.3', RETURNS, {
    state(found) {
      if (!found) return null
      const { epoch: _, ...rest } = found
      return rest
    },
  }),
  mistake('an older view is acted on', 'packages/lease/PROTOCOL.md 8.3', RETURNS, rule({ isOutdated: () => false })),
  mistake(
    'a lost epoch is whatever the agent has',
    'packages/lease/PROTOCOL.md 8.4',
    RETURNS,
    rule({ lendsAnew: (unsettled, cloned) => !unsettled && !cloned }),
  ),
]

const VOTES: readonly Mistake[] = [
  mistake(
    'votes are lent in lower epochs too',
    'packages/lease/PROTOCOL.md 8.5',
    RETURNS,
    rule({ lendsIn: (asked, own) => asked <= own }),
  ),
  mistake('grants are dropped when another epoch is adopted', 'packages/lease/PROTOCOL.md 8.5', CHAOS, {
    implant: () => {
      let epoch = 1
      return {
        rules: { locks: (group) => RULES.locks(group).map((key) => `${key} ${epoch}`) },
        wrap: (ports) => ({
          ...ports,
          step(input, now) {
            if (input.kind === 'view') epoch = Math.max(epoch, input.view.epoch)
            return ports.step(input, now)
          },
        }),
      }
    },
  }),
  mistake('after a jump the voters of before are counted', 'packages/lease/PROTOCOL.md 8.6', [CHAOS, HALVES], {
    implant: () => {
      let known: LeaseView | null = null
      return {
        wrap: (ports) => ({
          ...ports,
          step(input, now) {
            if (input.kind !== 'view') return ports.step(input, now)
            const { view } = input
            const jumps = known !== null && view.epoch > known.epoch + 1
            const counted = jumps && known ? { ...view, nodes: known.nodes } : view
            known = counted
            return ports.step({ kind: 'view', view: counted }, now)
          },
        }),
      }
    },
  }),
  mistake(
    'lease numbers begin anew with each epoch',
    'packages/lease/PROTOCOL.md 8.8',
    'a lease is granted by none of those before',
    rule({ numbersFrom: () => 0 }),
  ),
]

const LIVE: readonly Mistake[] = [
  mistake(
    'nodes of another epoch count other voters',
    'packages/lease/PROTOCOL.md 8.7',
    'a dead voter is replaced, and then the owner dies',
    rule({ isDissent: ({ sameVoters }) => !sameVoters }),
  ),
  mistake(
    'an epoch is acted on without waiting for the others',
    'packages/lease/PROTOCOL.md 8.9',
    QUIET,
    rule({ goesOn: () => true }),
  ),
]

export const EPOCHS: readonly Mistake[] = [...COMMITS, ...DISK, ...VOTES, ...LIVE]
