/** A path that is dead behind a living port is seen in the owner's connections; a busy server, and an idle one, are not taken for it. */
import type { ServerOpenings } from '@lvsm/protocol'
import { beforeEach, expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

const LOOK_MS = 3000
const STEP_MS = 20
let dir1: TestNode
beforeEach(() => {
  dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  lives(4000)
})

/** Its lease process goes on owning the group, and its kernel has this many connections that are not established. */
function lives(ms: number, owner: string | null = 'dir1'): void {
  for (let left = ms; left > 0; left -= STEP_MS) {
    dir1.feed({ kind: 'lease-status', status: statusOf('dir1', owner) })
    dir1.run(STEP_MS)
  }
}
/** Until it looks. */
function asks(): void {
  for (let left = LOOK_MS + 1000; left > 0; left -= STEP_MS) {
    lives(STEP_MS)
    if (dir1.take('openings').length > 0) return
  }
  expect.fail('nobody looked')
}
function unestablished(inactive: number): void {
  const [service] = dir1.kern.state.services
  if (!service) return expect.fail('no service')
  dir1.kern.state.services[0] = { ...service, dests: service.dests.map((dest) => ({ ...dest, inactive })) }
}
const server = (name: string, more: Partial<ServerOpenings>): ServerOpenings => ({
  ...{ service: dir1.config.services[0]?.name ?? '', node: name, key: `${name}:80`, opening: 0 },
  ...{ clients: ['192.0.2.7'], latest: {}, ...more },
})
/** The next look, answered at once. */
function sees(...servers: ServerOpenings[]): void {
  asks()
  dir1.feed({ kind: 'openings', report: { whole: true, tookMs: 5, servers } })
}
const found = (): string[] =>
  dir1.core
    .status(dir1.now())
    .troubles.filter(({ code }) => code === 'path-dead' || code === 'no-opening')
    .map(({ code, message }) => `${code} ${/ at (\S+)/.exec(message)?.[1]}`)

/** Two looks, as they are three seconds apart. */
function twice(first: readonly ServerOpenings[], second: readonly ServerOpenings[]): string[] {
  unestablished(5)
  sees(...first)
  sees(...second)
  return found()
}
const STUCK = { opening: 4 }
const well = (seconds: number): Partial<ServerOpenings> => ({ opening: 1, latest: { FIN_WAIT: seconds } })

test('nobody looks while all connections are established, nor who owns nothing', () => {
  unestablished(0)
  lives(5000)
  expect(dir1.take('openings')).toEqual([])
  unestablished(5)
  lives(5000, 'dir2')
  expect(dir1.take('openings')).toEqual([])
})

test('where connections open and none goes further, at one of several, it is named with its clients', () => {
  const said = twice([server('rs1', STUCK), server('rs2', well(118))], [server('rs1', STUCK), server('rs2', well(119))])
  expect(said).toEqual(['path-dead rs1'])
  const [trouble] = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'path-dead')
  expect(trouble).toMatchObject({ severity: 'critical', evidence: expect.stringContaining('192.0.2.7') })
})

test('a realserver of a service on several ports is named by its address alone', () => {
  const stuck = server('rs1', { ...STUCK, key: '10.11.0.11:0' })
  expect(twice([stuck], [stuck])).toEqual(['path-dead rs1'])
  const [trouble] = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'path-dead')
  expect(trouble?.message).toContain('at rs1 (10.11.0.11) gets')
})

test('at all of them it is one trouble of the service', () => {
  const all = [server('rs1', STUCK), server('rs2', STUCK)]
  expect(twice(all, all)).toEqual(['no-opening any'])
})

test('one look says nothing, and after a pause neither does the next one', () => {
  unestablished(5)
  sees(server('rs1', STUCK))
  expect(found()).toEqual([])
  unestablished(0)
  lives(1500)
  unestablished(5)
  sees(server('rs1', STUCK))
  expect(found()).toEqual([])
})

test.each<[string, Partial<ServerOpenings>, Partial<ServerOpenings>]>([
  ['fewer than three wait', { opening: 2 }, { opening: 2 }],
  ['they have just begun', { opening: 0 }, STUCK],
  ['one was closed in between', { ...STUCK, latest: { FIN_WAIT: 100 } }, { ...STUCK, latest: { FIN_WAIT: 119 } }],
  ['one was established in between', STUCK, { ...STUCK, latest: { ESTABLISHED: 899 } }],
  [
    'an established one had a packet',
    { ...STUCK, latest: { ESTABLISHED: 899 } },
    { ...STUCK, latest: { ESTABLISHED: 898 } },
  ],
])('not where %s', (_, first, second) => expect(twice([server('rs1', first)], [server('rs1', second)])).toEqual([]))

test('who waits at several counts together, where at none of them anything goes further for two looks in a row', () => {
  const [one, two] = [{ opening: 1 }, { opening: 2 }]
  unestablished(1)
  sees(server('rs1', one), server('rs2', two), server('rs3', well(110)))
  sees(server('rs1', one), server('rs2', two), server('rs3', well(119)))
  expect(found()).toEqual([])
  sees(server('rs1', one), server('rs2', two), server('rs3', well(119)))
  expect(found()).toEqual(['path-dead rs1', 'path-dead rs2'])
  // At one of them something gets through: one that waits at the other is no evidence by itself.
  sees(server('rs1', one), server('rs2', { ...two, latest: { FIN_WAIT: 119 } }), server('rs3', well(119)))
  expect(found()).toEqual([])
})

test.each<[string, Partial<ServerOpenings>, Partial<ServerOpenings>]>([
  ['two wait at one alone', { opening: 2 }, {}],
  ['what waits at the other began a moment ago', { opening: 2 }, { opening: 0 }],
  ['something went further at the other', { opening: 2 }, { opening: 1, latest: { ESTABLISHED: 899 } }],
])('nor where %s, for two looks in a row', (_, rs1, rs2) => {
  unestablished(5)
  sees(server('rs1', rs1), server('rs2', rs2))
  sees(server('rs1', rs1), server('rs2', rs2))
  sees(server('rs1', rs1), server('rs2', { ...rs2, opening: rs2.opening === 0 ? 1 : (rs2.opening ?? 0) }))
  expect(found()).toEqual([])
})

test('old connections that nobody uses hide nothing', () => {
  const [before, after] = [
    { ESTABLISHED: 500, TIME_WAIT: 100 },
    { ESTABLISHED: 497, TIME_WAIT: 97 },
  ]
  expect(twice([server('rs1', { ...STUCK, latest: before })], [server('rs1', { ...STUCK, latest: after })])).toEqual([
    'path-dead rs1',
  ])
})

test('it is over when connections get further, when none waits any more, and when the group is gone', () => {
  const dead = (): string[] => twice([server('rs1', STUCK)], [server('rs1', STUCK)])
  expect(dead()).toEqual(['path-dead rs1'])
  sees(server('rs1', { ...STUCK, latest: { FIN_WAIT: 119 } }))
  expect(found()).toEqual([])
  sees(server('rs1', STUCK))
  sees(server('rs1', STUCK))
  expect(found()).toEqual(['path-dead rs1'])
  unestablished(0)
  lives(2000)
  expect(found()).toEqual([])
  expect(dead()).toEqual(['path-dead rs1'])
  lives(2000, 'dir2')
  expect(found()).toEqual([])
})

test('a table that could not be read, or not to its end, changes nothing', () => {
  expect(twice([server('rs1', STUCK)], [server('rs1', STUCK)])).toEqual(['path-dead rs1'])
  asks()
  dir1.feed({ kind: 'openings', report: null })
  expect(found()).toEqual(['path-dead rs1'])
  asks()
  dir1.feed({ kind: 'openings', report: { whole: false, tookMs: 5, servers: [] } })
  expect(found()).toEqual(['path-dead rs1'])
})

test('a look that takes long is made the more seldom', () => {
  unestablished(5)
  asks()
  dir1.feed({ kind: 'openings', report: { whole: true, tookMs: 2000, servers: [] } })
  lives(30_000)
  expect(dir1.take('openings')).toEqual([])
  lives(12_000)
  expect(dir1.take('openings')).toHaveLength(1)
})
