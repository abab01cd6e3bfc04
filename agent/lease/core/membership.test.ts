/** What is known of a node is forgotten when it leaves the view, whatever it did; what is known of the others stays. */
import { type Heartbeat, type LeaseView, type Message } from '@lvsm/protocol'
import { instant, NEVER_BEFORE, seededRandom } from '@lvsm/base'
import { voterDigest } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import type { Envelope } from './events.ts'
import { about, Bench, claim, timing, viewOf } from './fixture.ts'
import { adopt } from './membership.ts'
import { onDatagram } from './receive.ts'
import { type LeaseState, newLeaseState } from './state.ts'

const [STAYS, LEAVES] = ['dir2', 'dir3']
const DIRECTORS = ['dir1', STAYS, LEAVES]
/** More groups than a heartbeat names, so that it names them by turns. */
const MANY = Array.from({ length: 17 }, (_, at) => ({
  ...{ name: `g${at}`, digest: `${at}`, directors: DIRECTORS },
  addresses: [{ address: `10.12.0.${at + 1}`, prefix: 24, ifindex: 2, kind: 'vip' as const }],
}))
function viewWith(nodes: readonly string[]): LeaseView {
  const plain = viewOf('dir1', nodes, ['dir1', 'dir2', 'rs1'])
  return { ...plain, groups: [...plain.groups.map((web) => ({ ...web, directors: DIRECTORS })), ...MANY] }
}
const BEFORE = viewWith([...DIRECTORS, 'rs1'])
const beat = (groups: Heartbeat['groups'] = []): Heartbeat => ({
  ...{ kind: 'heartbeat', revision: 1, standby: false, groups },
  voters: voterDigest(BEFORE),
})

/** It asks for what it cannot have, greets, relays, refuses, and is two machines. */
function leaveTraces(state: LeaseState, from: string): void {
  let sequence = 0
  const says = (message: Message, changed: Partial<Envelope> = {}): void => {
    sequence += 1
    const sender = { from, incarnation: `${from}-0`, sequence, to: 'one', link: 0, spread: 'one' as const }
    onDatagram(state, BEFORE, { ...sender, message, piggybacked: null, ...changed })
  }
  says(beat(), { to: null })
  says({ kind: 'request', ...about, leaseMs: timing.leaseMs, number: 2 ** 40 })
  says({ kind: 'relay', payload: new Uint8Array(1) })
  state.instances.get('web')?.refusedUntil.set(from, NEVER_BEFORE)
  for (let turn = 0; turn < 30; turn++) {
    state.now = instant(state.now + 100)
    says(beat(), { incarnation: `${from}-${turn % 2}` })
  }
}
function lived(): LeaseState {
  const state = newLeaseState({
    ...{ node: 'dir1', incarnation: 'one', random: seededRandom(1), startedAt: instant(0), kept: true },
    state: { limitMs: timing.leaseMs, highWater: 0, standby: false },
  })
  state.now = instant(10_000)
  adopt(state, BEFORE)
  for (const from of [LEAVES, STAYS]) leaveTraces(state, from)
  return state
}

type Gathered = {
  [Name in keyof LeaseState]: LeaseState[Name] extends ReadonlyMap<string, unknown> | ReadonlySet<string> ? Name : never
}[keyof LeaseState]
/** By what everything that this process gathers is kept. What is new there must be said here, or this does not compile. */
const KEPT_BY: Readonly<Record<Gathered, 'node' | 'group' | 'sentence' | 'adapter'>> = {
  peers: 'node',
  heartbeatTurns: 'node',
  heartbeatAt: 'node',
  greetedAt: 'node',
  linkTurns: 'node',
  linksHeard: 'node',
  wordsFrom: 'node',
  losses: 'node',
  sentTo: 'node',
  probeAt: 'node',
  relayBudgets: 'node',
  clones: 'node',
  cloneToldAt: 'node',
  jumpers: 'node',
  instances: 'group',
  notedAt: 'sentence',
  reported: 'adapter',
}
const namesIn = (state: LeaseState): [what: string, names: string[]][] => [
  ...Object.entries(KEPT_BY).flatMap(([name, by]): [string, string[]][] =>
    by === 'node' ? [[name, [...state[name as Gathered].keys()]]] : [],
  ),
  ['refusedUntil', [...(state.instances.get('web')?.refusedUntil.keys() ?? [])]],
]

test.each(namesIn(lived()).map(([what]) => what))('who left the view is forgotten, and nobody else: %s', (what) => {
  const state = lived()
  const names = (): string[] => namesIn(state).find(([one]) => one === what)?.[1] ?? []
  expect(names()).toEqual(expect.arrayContaining([STAYS, LEAVES]))
  adopt(state, viewWith(['dir1', STAYS, 'rs1']))
  expect(names()).not.toContain(LEAVES)
  // Over links that may be others now nobody was heard yet.
  if (!['linksHeard', 'probeAt'].includes(what)) expect(names()).toContain(STAYS)
})

describe('what a node said of a group', () => {
  const HOLDS = claim({ holds: true, number: 7, leftMs: 300 })
  test('goes with the group, and with its place among the directors', () => {
    const state = lived()
    for (const from of [STAYS, LEAVES]) {
      const sender = { from, incarnation: `${from}-1`, sequence: 1000, to: 'one', link: 0, spread: 'one' as const }
      onDatagram(state, BEFORE, { ...sender, message: beat([HOLDS, claim({ group: 'g1' })]), piggybacked: null })
    }
    const said = () => [STAYS, LEAVES].map((name) => [...(state.peers.get(name)?.claims.keys() ?? [])])
    expect(said()).toEqual([
      ['web', 'g1'],
      ['web', 'g1'],
    ])
    const web = BEFORE.groups.filter(({ name }) => name === 'web')
    adopt(state, { ...BEFORE, groups: web.map((one) => ({ ...one, directors: ['dir1', STAYS] })) })
    expect(said()).toEqual([['web'], []])
  })
  test('is not true of one that comes back under its name', () => {
    const dir1 = new Bench({ view: viewOf('dir1', ['dir1', 'dir2', 'rs1']) })
    dir1.begin()
    const owner = () => dir1.core.status(dir1.now).groups.find(({ name }) => name === 'web')?.owner
    dir1.heartbeat('dir2', [HOLDS])
    expect(owner()).toBe('dir2')
    dir1.give({ kind: 'view', view: { ...dir1.view, groups: [] } })
    dir1.pass(1000)
    dir1.heartbeat('dir2', [])
    dir1.give({ kind: 'view', view: dir1.view })
    dir1.heartbeat('dir2', [])
    expect(owner()).toBeNull()
  })
})
