/** The head of what an agent alone knows: what it does not hear is not dead, not without owner, and not served by somebody else's table. */
import { instant } from '@lvsm/base'
import { agreementDigests, checkConfig, SAMPLE } from '@lvsm/model'
import { NOTHING_OWNED } from '@lvsm/plan'
import {
  type DestinationReport,
  judge,
  type LeaseStatus,
  othersOf,
  type PeerStatus,
  type StateMessage,
} from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { statusOf } from '../fixture.ts'
import { noteDifferences } from '../disagreement.ts'
import { heardState, heardTables } from '../peers.ts'
import { unheardHere } from '../hearing.ts'
import { newState, type NodeState } from '../state.ts'
import { reportStatus } from './status.ts'

const { config: CONFIG } = checkConfig(SAMPLE)
if (!CONFIG) throw new Error('the sample has faults')
const ANEW = { kept: null, machine: '', started: null }
const DIGESTS = agreementDigests(CONFIG)
const WALL = { wall: (): string => '', wallMs: (): number => 0 }
const SERVERS = ['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080']
const ROLES: Readonly<Record<string, StateMessage['state']>> = { dir1: 'owner', dir2: 'standby' }
const table = (more: Partial<DestinationReport> = {}): DestinationReport[] =>
  SERVERS.map((key) => ({ key, weight: 1, healthy: true, active: 0, inactive: 0, reason: 'connected', ...more }))

interface Told {
  readonly life: Partial<PeerStatus>
  readonly word: Partial<StateMessage> | null
}
/** What a node hears, of each peer what is not as it should be. */
function asked(
  at: string,
  peers: Readonly<Record<string, Partial<Told>>> = {},
  { owner = 'dir1', ...lease }: Partial<LeaseStatus> & { owner?: string | null } = {},
): NodeState {
  const state = newState({
    node: at,
    boot: 'b',
    startedAt: instant(0),
    record: NOTHING_OWNED,
    word: null,
    follows: false,
    ...WALL,
    ...ANEW,
  })
  state.config = CONFIG ?? null
  state.now = instant(10_000)
  state.lease.connected = true
  state.lease.heardAt = state.now
  const status = statusOf(at, owner)
  const heard = status.peers.map((peer) => ({ ...peer, ...peers[peer.name]?.life }))
  state.lease.status = { ...status, peers: heard, ...lease }
  for (const { name } of heard) {
    const { word = {} } = peers[name] ?? {}
    if (word) heardState(state, name, said(name, word))
  }
  heardTables(state, 'dir1', { kind: 'tables', services: { http: table() } })
  return state
}
const said = (name: string, more: Partial<StateMessage>): StateMessage => ({
  ...{ kind: 'state', boot: name, revision: 1, agreement: DIGESTS, standby: false },
  ...{
    state: ROLES[name] ?? 'serving',
    reason: 'well',
    ready: { web: '' },
    pings: {},
    unheard: [],
    troubles: [],
    events: [],
  },
  ...more,
})
const OWN = { state: 'standby', reason: 'well' } as const
function head(state: NodeState): string {
  const verdict = judge(reportStatus(state, OWN, []))
  const { health, unserved, unserving, unmovable, unknown } = verdict
  const lines = { 'not served': unserved, 'not serving': unserving, 'cannot move': unmovable, 'not known': unknown }
  const found = Object.entries(lines).flatMap(([answer, all]) =>
    all.length > 0 ? [`${answer}: ${all.join('; ')}`] : [],
  )
  return [[health, ...othersOf(verdict)].join('; '), ...found].join(' | ')
}

const DEAD = { life: 'dead', silentMs: 5000 } as const
const GONE = { life: DEAD, word: null }

function withReady(state: NodeState): NodeState {
  state.published.ready = new Map([['web', '']])
  return state
}
/** What others said that differs was said for long. */
function lasting(state: NodeState): NodeState {
  noteDifferences(state)
  state.now = instant(15_000)
  state.lease.heardAt = state.now
  return state
}
function unwilling(state: NodeState): NodeState {
  const { status } = state.lease
  if (status)
    state.lease.status = {
      ...status,
      groups: status.groups.map((one) => ({ ...one, unwilling: 'it counts other voters' })),
    }
  return state
}
test('a whole cluster is healthy, whoever is asked', () => {
  for (const at of ['dir2', 'rs1', 'rs2']) {
    const state = asked(at)
    state.published.ready = new Map([['web', '']])
    expect(head(state)).toBe('healthy')
  }
})

test.each<[string, NodeState, string]>([
  [
    'all links of a node are deaf: it says neither that others are dead nor that nobody owns anything',
    asked('rs2', { dir1: GONE, dir2: GONE, rs1: GONE, rs3: GONE }, { owner: null, quorum: false }),
    'not known | not known: who owns web (rs2 hears 0 of 3 voters, and may be cut off itself); how dir1 is (silent for 5.0 s; rs2 hears 0 of 3 voters, and may be cut off itself); how dir2 is (silent for 5.0 s; rs2 hears 0 of 3 voters, and may be cut off itself); how rs1 is (silent for 5.0 s; rs2 hears 0 of 3 voters, and may be cut off itself); how rs3 is (silent for 5.0 s; rs2 hears 0 of 3 voters, and may be cut off itself)',
  ],
  [
    'one link is deaf in one direction: others hear the owner',
    asked('rs2', { dir1: GONE }, { owner: null }),
    'not known | not known: who owns web (dir1 may: rs2 does not hear it); how dir1 is (silent for 5.0 s here, and dir2, rs1 heard it)',
  ],
  [
    'its lease ran out here, where it was not heard lately: nobody else says that he does not hear it',
    asked('dir2', { dir1: { life: { silentMs: 400 } } }, { owner: null }),
    'not known | not known: who owns web (dir1 may: dir2 does not hear it)',
  ],
  [
    'the owner is dead, as a majority of the voters says, and nobody took over',
    asked(
      'rs2',
      {
        dir1: GONE,
        dir2: { word: { unheard: ['dir1'], ready: { web: 'no IPVS' } } },
        rs1: { word: { unheard: ['dir1'] } },
      },
      { owner: null },
    ),
    'not served; dead: dir1 | not served: nobody owns web (10.11.0.10, 10.12.0.254): as it is',
  ],
  [
    'a realserver that votes for nothing is dead: nobody says that he hears it',
    asked('rs2', {
      rs3: GONE,
      dir1: { word: { unheard: ['rs3'] } },
      dir2: { word: { unheard: ['rs3'] } },
      rs1: { word: { unheard: ['rs3'] } },
    }),
    'degraded; dead: rs3',
  ],
  [
    'a realserver that this node alone does not hear is not dead',
    asked('rs2', { rs3: GONE, dir1: { word: { unheard: ['rs3'] } } }),
    'not known | not known: how rs3 is (silent for 5.0 s here, and dir2, rs1 heard it)',
  ],
  [
    'who does not hear so many that it names not all of them does not say that it hears the rest',
    asked('rs2', {
      rs3: GONE,
      ...Object.fromEntries(
        ['dir1', 'dir2', 'rs1'].map((name) => [
          name,
          { word: { unheard: Array.from({ length: 16 }, (_, at) => `x${at}`) } },
        ]),
      ),
    }),
    'degraded; dead: rs3',
  ],
  [
    'a peer that speaks and is not believed is not dead',
    asked('rs2', { dir2: { life: { ...DEAD, unbelieved: 'with a wrong signature' }, word: null } }),
    'not known | not known: who could take web (dir2: datagrams from its address come, and are not believed: with a wrong signature); how dir2 is (datagrams from its address come, and are not believed: with a wrong signature)',
  ],
  [
    'one that was never believed since this node started is none that was never heard',
    asked('rs2', {
      rs3: { life: { life: 'unknown', silentMs: -1, unbelieved: 'signed with an unknown key' }, word: null },
    }),
    'not known | not known: how rs3 is (datagrams from its address come, and are not believed: signed with an unknown key)',
  ],
  [
    'the owner’s agent is silent',
    asked('rs2', { dir1: { word: null } }),
    'not known | not known: the table of http (dir1 did not tell it); how dir1 is (owns web; its lease process lives, its agent is silent)',
  ],
  [
    'the standby is dead',
    asked('rs2', { dir2: GONE, rs1: { word: { unheard: ['dir2'] } }, dir1: { word: { unheard: ['dir2'] } } }),
    'degraded; dead: dir2 | cannot move: nobody could take web: dir2: silent for 5.0 s',
  ],
  [
    'the standby has another configuration',
    asked('rs2', { dir2: { word: { agreement: { ...DIGESTS, addresses: 'others' } } } }),
    'degraded | cannot move: nobody could take web: dir2: has other addresses in its configuration than dir1',
  ],
  [
    'the standby is not ready',
    asked('rs2', { dir2: { word: { ready: { web: 'this kernel has no IPVS' } } } }),
    'degraded | cannot move: nobody could take web: dir2: this kernel has no IPVS',
  ],
  [
    'the standby is under maintenance',
    asked('rs2', { dir2: { life: { standby: true }, word: { standby: true, state: 'maintenance' } } }),
    'degraded | cannot move: nobody could take web: dir2: under maintenance; lvsm standby off dir2 ends it',
  ],
  [
    'the third voter has just started, and lends no vote yet',
    asked('rs2', { rs1: { word: { votesInMs: 9000 } } }),
    'degraded | cannot move: rs1 lends no vote yet, and web is lost if dir1 dies: 2 of 3 voters must agree, and 1 would be left',
  ],
  [
    'the standby would serve by another configuration',
    lasting(asked('rs2', { dir2: { word: { agreement: { ...DIGESTS, schedulers: 'others' } } } })),
    'degraded | cannot move: a switchover of web is refused (dir2 has other schedulers in its configuration than dir1); if dir1 dies, dir2 takes it all the same, and serves by what it knows',
  ],
  [
    'the standby knows no realserver of a service',
    asked('rs2', { dir2: { word: { dark: { web: 'http' } } } }),
    'degraded | cannot move: a switchover of web is refused (dir2 knows no realserver of service http); if dir1 dies, dir2 takes it all the same, and serves by what it knows',
  ],
  [
    'the lease process of the standby would not stand for the group',
    withReady(unwilling(asked('dir2'))),
    'degraded | cannot move: nobody could take web: dir2: it counts other voters',
  ],
  [
    'the standby does not hear the third voter',
    asked('rs2', { dir2: { word: { unheard: ['rs1'] } } }),
    'degraded | cannot move: web is lost if dir1 dies: 2 of 3 voters must agree, and dir2 would have 1: itself, and whom it hears and is heard by',
  ],
  [
    'the standby itself does not hear the third voter, which lives',
    withReady(asked('dir2', { rs1: GONE })),
    'degraded | cannot move: web is lost if dir1 dies: 2 of 3 voters must agree, and dir2 would have 1: itself, and whom it hears and is heard by | not known: how rs1 is (silent for 5.0 s here, and dir1 heard it)',
  ],
  [
    'the third voter does not hear the standby',
    asked('rs2', { rs1: { word: { unheard: ['dir2'] } } }),
    'degraded | cannot move: web is lost if dir1 dies: 2 of 3 voters must agree, and dir2 would have 1: itself, and whom it hears and is heard by',
  ],
])('%s', (_, state, words) => {
  expect(head(state)).toBe(words)
})

test('a voter tells whom it does not hear, realservers too, and of many the first', () => {
  expect(unheardHere(asked('rs1', { rs3: GONE, dir2: GONE }))?.toSorted()).toEqual(['dir2', 'rs3'])
  expect(unheardHere(asked('rs2', { rs3: GONE })), 'nothing depends on it').toBeUndefined()
  expect(unheardHere(asked('rs2', { rs3: GONE, dir2: GONE })), 'a realserver, of directors and voters').toEqual([
    'dir2',
  ])
  const state = asked('rs1', { rs3: GONE, dir2: GONE })
  const [own] = state.lease.status?.peers.filter(({ name }) => name === 'rs3') ?? []
  if (!own || !state.lease.status) throw new Error('no peer')
  const many = Array.from({ length: 40 }, (_, at) => ({ ...own, name: `x${at}` }))
  state.lease.status = { ...state.lease.status, peers: [...many, ...state.lease.status.peers] }
  const told = unheardHere(state) ?? []
  expect(told).toHaveLength(17)
  expect(told).toContain('dir2')
})

test('how old a word is, is said', () => {
  const state = asked('rs2')
  state.now = instant(12_500)
  expect(reportStatus(state, OWN, []).nodes.map(({ name, ageMs }) => [name, ageMs])).toEqual([
    ['dir1', 2500],
    ['dir2', 2500],
    ['rs1', 2500],
    ['rs2', undefined],
    ['rs3', 2500],
  ])
})
