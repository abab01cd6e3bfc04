/** The simulation's state machine on a real database, and the writes of a life that is known in advance. */
import { type Entry, type Persist, type Stored } from '@lvsm/raft'
import { apply, BLANK, commandOf, type Machine, type Result } from '../../../test/raft/register.ts'
import type { StateMachine } from '../../ports.ts'

const isMachine = (value: unknown): value is Machine =>
  typeof value === 'object' && value !== null && 'digest' in value && 'revision' in value

export const machineOf = (): StateMachine<Machine, Result> => ({
  apply(state, entry) {
    const { machine, result } = apply(state, entry)
    return { state: machine, result }
  },
  partsOf: (state) => new Map([['register', state]]),
  stateOf(parts) {
    const state = parts.get('register')
    return isMachine(state) ? { state } : null
  },
})

const founding = (identity: string): Entry => ({
  index: 1,
  term: 1,
  kind: 'membership',
  membership: { members: [{ id: 1, store: identity, role: 'voter' }] },
  payload: 'dir1',
})
/** Some are long, so that pages split and overflow. */
export const entryOf = (identity: string, index: number): Entry =>
  index === 1
    ? founding(identity)
    : {
        kind: 'command',
        index,
        term: 1 + Math.floor(index / 100),
        payload: commandOf(`op${index}`, 0, index % 7 === 0 ? 9000 : 80),
      }
/** Write `index` appends that entry and applies the one before; every tenth votes, every fortieth compacts. */
export const scriptOf = (identity: string, index: number): Persist => ({
  kind: 'persist',
  write: index,
  hardState: index % 10 === 0 ? { currentTerm: 1 + Math.floor(index / 100), votedFor: index } : null,
  install: null,
  truncateFrom: null,
  append: [entryOf(identity, index)],
  apply: [entryOf(identity, index - 1)],
  compact: index % 40 === 0 ? snapshotAt(identity, index - 20) : null,
})
const snapshotAt = (identity: string, index: number) => {
  const { membership } = founding(identity) as Extract<Entry, { kind: 'membership' }>
  return { index, term: entryOf(identity, index).term, membership }
}

/** What a database holds after write `index`; 1 is how it begins. */
export function expected(identity: string, index: number): { stored: Stored; register: Machine } {
  const upTo = Math.floor(index / 40) * 40 - 20
  const snapshot = upTo > 0 ? snapshotAt(identity, upTo) : { index: 0, term: 0, membership: { members: [] } }
  const entries: Entry[] = []
  let register = BLANK
  for (let at = 1; at <= index; at++) {
    if (at < index) register = apply(register, entryOf(identity, at)).machine
    if (at > snapshot.index) entries.push(entryOf(identity, at))
  }
  const voted = Math.floor(index / 10) * 10
  const hardState =
    voted > 0 ? { currentTerm: 1 + Math.floor(voted / 100), votedFor: voted } : { currentTerm: 1, votedFor: null }
  return { stored: { hardState, snapshot, entries, lastApplied: index - 1 }, register }
}
