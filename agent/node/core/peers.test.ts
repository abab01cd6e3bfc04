/** What is kept of what other agents say: of whom, about what, and until when. */
import { type DestinationReport, type StateMessage } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { NOTHING_OWNED } from '@lvsm/plan'
import { describe, expect, test } from 'vitest'
import { refuse, refusePeer } from './command/reply.ts'
import { noteDifference } from './disagreement.ts'
import { noteHearing } from './hearing.ts'
import { forgetStrangers, heardReadiness, heardState, heardTables, readyOf } from './peers.ts'
import { noteTold } from './history/history.ts'
import { heardSettings } from './settings.ts'
import type { History } from './history/ring.ts'
import { newState, type NodeState } from './state.ts'

function configOf(text: string): Config {
  const { config } = checkConfig(text)
  if (!config) throw new Error('the configuration is refused')
  return config
}
const CONFIG = configOf(SAMPLE)
const KEY = '10.11.0.11:80'

function realserver(config: Config = CONFIG): NodeState {
  const [boot, startedAt, wall] = ['b', instant(1000), (): string => '2026-01-01T00:00:00.000Z']
  const fixed = { record: NOTHING_OWNED, word: null, follows: false, wall, wallMs: (): number => 0 }
  const before = { kept: null, machine: '', started: null }
  const state = newState({ node: 'rs1', boot, startedAt, ...fixed, ...before })
  state.config = config
  return state
}
const said = (changed: Partial<StateMessage> = {}): StateMessage => ({
  ...{ kind: 'state', revision: 1, agreement: {}, state: 'owner', reason: '', standby: false },
  ...{ ready: { web: '' }, pings: {}, troubles: [], events: [] },
  ...changed,
})
const dest = (key: string): DestinationReport => ({
  ...{ key, weight: 1, healthy: true, active: 0, inactive: 0, reason: '' },
})
const tables = (state: NodeState, from: string, services: Readonly<Record<string, readonly string[]>>): void =>
  heardTables(state, from, {
    kind: 'tables',
    services: Object.fromEntries(Object.entries(services).map(([name, keys]) => [name, keys.map(dest)])),
  })
const kept = ({ tables: all }: NodeState): [string, string[]][] =>
  [...all].map(([name, dests]) => [name, [...dests.keys()]])

describe('of a table', () => {
  test('only destinations of the service are kept, whatever its owner tells, and however often', () => {
    const state = realserver()
    for (let round = 0; round < 10; round++)
      tables(state, 'dir1', { http: [`10.99.0.${round}:80`, KEY, `${KEY}80`], nothing: [KEY] })
    expect(kept(state)).toEqual([['dir1 http', [KEY]]])
  })
  test('what one part told stays when the next comes', () => {
    const state = realserver()
    for (const key of [KEY, '10.11.0.12:80']) tables(state, 'dir1', { http: [key] })
    expect(kept(state)).toEqual([['dir1 http', [KEY, '10.11.0.12:80']]])
  })
  test('nothing is kept of who does not direct its group, or is nobody', () => {
    const state = realserver()
    for (const from of ['rs2', 'rs3', 'mars']) {
      tables(state, from, { http: [KEY] })
      heardReadiness(state, from, { web: '' })
    }
    heardState(state, 'mars', said())
    expect([kept(state), [...state.readiness.keys()], [...state.states.keys()]]).toEqual([[], [], []])
  })
  test('nothing is kept of who directs other groups only', () => {
    const [web] = CONFIG.groups
    const mail = CONFIG.groups.map((group) => ({ ...group, name: 'mail', directors: ['rs3'] }))
    const state = realserver({ ...CONFIG, groups: [...(web ? [web] : []), ...mail] })
    tables(state, 'rs3', { http: [KEY] })
    heardReadiness(state, 'rs3', { web: '', mail: '' })
    expect([kept(state), [...state.readiness.keys()]]).toEqual([[], ['rs3 mail']])
  })
  test('nothing is left when its agent starts anew, or owns nothing: but what others with a longer name told is', () => {
    const longer = configOf(SAMPLE.replaceAll('dir2', 'dir10'))
    for (const again of [said({ boot: 'second' }), said({ boot: 'first', state: 'standby' })]) {
      const state = realserver(longer)
      for (const from of ['dir1', 'dir10']) {
        heardState(state, from, said({ boot: 'first' }))
        tables(state, from, { http: [KEY] })
      }
      heardState(state, 'dir1', again)
      expect(kept(state)).toEqual([['dir10 http', [KEY]]])
    }
  })
})

test('who was ready is so no longer when it is silent', () => {
  const state = realserver()
  heardReadiness(state, 'dir1', { web: '' })
  const readyAt = (ms: number): string | null => {
    state.now = instant(1000 + ms)
    return readyOf(state, 'dir1', 'web')
  }
  expect([0, 5999, 6000].map(readyAt)).toEqual(['', '', null])
})

test('starts without end do not have all told anew each time', () => {
  const state = realserver()
  const told = { text: '', counts: '', at: state.now }
  const starts = (boot: string): number => {
    state.published.told.set('http', told)
    heardState(state, 'rs2', said({ state: 'serving', boot }))
    return state.published.told.size
  }
  expect([starts('0'), starts('1'), starts('2'), starts('3')]).toEqual([0, 0, 1, 1])
  state.now = instant(state.now + 6000)
  for (const from of ['0', '1']) starts(from)
  expect(starts('2'), 'the last time was a moment ago').toBe(1)
})

/** Everything that this agent gathers, and by what: what is new in the state must be said here, or this does not compile. */
type All = NodeState & History
type Gathered = {
  [Name in keyof All]: All[Name] extends ReadonlyMap<string, unknown> | ReadonlySet<string> ? Name : never
}[keyof All]
const KEPT_BY: Readonly<Record<Gathered, 'node' | 'node, what' | 'otherwise'>> = {
  states: 'node',
  differs: 'node',
  settings: 'node',
  deafSince: 'node',
  refusedAt: 'node',
  begunFor: 'node',
  toldAnewAt: 'node',
  budgets: 'node',
  readiness: 'node, what',
  tables: 'node, what',
  // So many at most, of all nodes together, or as long as they take.
  absent: 'otherwise',
  answers: 'otherwise',
  known: 'otherwise',
  lasting: 'otherwise',
  begun: 'otherwise',
  // Forgotten with every new configuration.
  unaware: 'otherwise',
  differing: 'otherwise',
  programs: 'otherwise',
  numbers: 'otherwise',
  takings: 'otherwise',
  asks: 'otherwise',
  moves: 'otherwise',
  handovers: 'otherwise',
  reported: 'otherwise',
  leaving: 'otherwise',
}
const BY_NODE = Object.entries(KEPT_BY).flatMap(([name, by]) => (by === 'otherwise' ? [] : [name as Gathered]))

function lived(): NodeState {
  const state = realserver()
  for (const from of ['dir1', 'dir2']) {
    for (const boot of ['first', 'second']) heardState(state, from, said({ boot, unheard: [state.node] }))
    noteDifference(state, from)
    heardSettings(state, from, { cluster: { sum: '0' } })
    noteHearing(state, from)
    tables(state, from, { http: [KEY] })
    noteTold(state, from, [{ at: '', group: '', kind: 'repaired', number: 0, reason: from }])
    refusePeer(state, from, 'x', refuse('conflict', 'not-entitled', 'no'))
    state.begunFor.set(from, state.now)
  }
  return state
}
const namesIn = (state: NodeState, what: Gathered): string[] =>
  [...{ ...state, ...state.history }[what].keys()].map((key) => key.split(' ')[0] ?? '')

describe('a configuration without them', () => {
  test.each(BY_NODE)('has a node forgotten, and nobody else: %s', (what) => {
    const state = lived()
    expect(namesIn(state, what)).toEqual(['dir1', 'dir2'])
    state.config = { ...CONFIG, nodes: CONFIG.nodes.filter(({ name }) => name !== 'dir2') }
    forgetStrangers(state)
    expect(namesIn(state, what)).toEqual(['dir1'])
  })
  test('has groups and services forgotten', () => {
    const state = lived()
    state.config = { ...CONFIG, services: [] }
    forgetStrangers(state)
    expect([state.tables.size, state.readiness.size]).toEqual([0, 2])
    state.config = { ...CONFIG, services: [], groups: [] }
    forgetStrangers(state)
    expect(state.readiness.size).toBe(0)
  })
})
