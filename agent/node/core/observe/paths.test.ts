/** A path that is dead behind a living port is seen in the owner's connections; a busy server, and an idle one, are not taken for it. */
import type { OpeningsReport, ServerOpenings } from '@lvsm/protocol'
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
function unestablished(inactive: number, active = 0): void {
  const [service] = dir1.kern.state.services
  if (!service) return expect.fail('no service')
  dir1.kern.state.services[0] = { ...service, dests: service.dests.map((dest) => ({ ...dest, active, inactive })) }
}
/** Who waits sends its first packet again and again, unless it is said otherwise. */
const server = (name: string, { opening = 0, ...more }: Partial<ServerOpenings>): ServerOpenings => ({
  ...{ service: dir1.config.services[0]?.name ?? '', node: name, key: `${name}:80` },
  ...{ opening, openingFor: opening === 0 ? {} : { 60: opening }, clients: ['192.0.2.7'], latest: {}, ...more },
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

test('nobody looks without connections, nor who owns nothing', () => {
  unestablished(0)
  lives(5000)
  expect(dir1.take('openings')).toEqual([])
  unestablished(5)
  lives(5000, 'dir2')
  expect(dir1.take('openings')).toEqual([])
})

test('the kernel counts connections of a first packet as active: where there are no others, it is looked all the same', () => {
  unestablished(0, 4)
  for (let look = 0; look < 40; look++) sees(server('rs1', STUCK), server('rs2', STUCK))
  expect(found()).toEqual(['no-opening any'])
})

test('where connections open and none goes further, at one of several, it is named with its clients', () => {
  const said = twice([server('rs1', STUCK), server('rs2', well(118))], [server('rs1', STUCK), server('rs2', well(119))])
  expect(said).toEqual(['path-dead rs1'])
  const [trouble] = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'path-dead')
  expect(trouble).toMatchObject({ severity: 'critical', evidence: expect.stringContaining('192.0.2.7') })
})

test('a realserver of a service on several ports is named by its address alone', () => {
  const stuck = server('rs1', { ...STUCK, key: '10.11.0.11:0' })
  expect(twice([stuck, server('rs2', well(118))], [stuck, server('rs2', well(118))])).toEqual(['path-dead rs1'])
  const [trouble] = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'path-dead')
  expect(trouble?.message).toContain('at rs1 (10.11.0.11) gets')
})

test('at all of them it is one trouble of the service', () => {
  const all = [server('rs1', STUCK), server('rs2', STUCK)]
  expect(twice(all, all)).toEqual(['no-opening any'])
})

test('at the only one it is the service, and nobody is told to drain it', () => {
  expect(twice([server('rs1', STUCK)], [server('rs1', STUCK)])).toEqual(['no-opening any'])
  const [trouble] = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'no-opening')
  expect(trouble?.hint).toMatch(/on rs1: the same/)
  expect(trouble?.hint).not.toMatch(/drain/)
})

test.each<[string, Partial<ServerOpenings>]>([
  ['idle', { latest: { ESTABLISHED: 800 } }],
  ['silent with fewer', { opening: 2, latest: { ESTABLISHED: 800 } }],
])('others are not said to get on while nobody saw it: the other one is %s', (_, more) => {
  const aged = (seconds: number) => server('rs2', { ...more, latest: { ESTABLISHED: seconds } })
  // One cause is not said twice: at first it is not known whether the other one is only idle.
  expect(twice([server('rs1', STUCK), aged(800)], [server('rs1', STUCK), aged(796)])).toEqual([])
  sees(server('rs1', STUCK), aged(792))
  expect(found()).toEqual(['no-opening any'])
  sees(server('rs1', STUCK), aged(899))
  expect(found()).toEqual(['path-dead rs1'])
  // Within a minute it is remembered that they did.
  sees(server('rs1', STUCK), server('rs2', { latest: { ESTABLISHED: 895 } }))
  expect(found()).toEqual(['path-dead rs1'])
  for (let look = 0; look < 25; look += 1)
    sees(server('rs1', STUCK), server('rs2', { latest: { ESTABLISHED: 800 - 4 * look } }))
  expect(found()).toEqual(['no-opening any'])
})

test('where others get on is said, and only then how to do without it', () => {
  twice([server('rs1', STUCK), server('rs2', well(118))], [server('rs1', STUCK), server('rs2', well(118))])
  const [trouble] = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'path-dead')
  expect(trouble?.evidence).toContain('connections get on at rs2')
  // This node has its configuration from a file.
  expect(trouble?.hint).toMatch(/until then: weight: 0 for rs1 in the configuration file/)
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
    'no-opening any',
  ])
})

test('it is over when connections get further, when none waits any more, and when the group is gone', () => {
  const dead = (): string[] => twice([server('rs1', STUCK)], [server('rs1', STUCK)])
  expect(dead()).toEqual(['no-opening any'])
  sees(server('rs1', { ...STUCK, latest: { FIN_WAIT: 119 } }))
  expect(found()).toEqual([])
  sees(server('rs1', STUCK))
  sees(server('rs1', STUCK))
  expect(found()).toEqual(['no-opening any'])
  unestablished(0)
  lives(2000)
  expect(found()).toEqual([])
  expect(dead()).toEqual(['no-opening any'])
  lives(2000, 'dir2')
  expect(found()).toEqual([])
})

test('a table that once could not be read, or not to its end, changes nothing', () => {
  expect(twice([server('rs1', STUCK)], [server('rs1', STUCK)])).toEqual(['no-opening any'])
  asks()
  dir1.feed({ kind: 'openings', report: null })
  expect(found()).toEqual(['no-opening any'])
  sees(server('rs1', STUCK))
  unread(PARTLY)
  expect(found()).toEqual(['no-opening any'])
})

test('who gave up before connections got on again says nothing of now, however long the kernel remembers it', () => {
  const stuck = (seconds: number, latest = 0): ServerOpenings =>
    server('rs1', { opening: 4, openingFor: { [seconds]: 4 }, latest: latest === 0 ? {} : { FIN_WAIT: latest } })
  expect(twice([stuck(60)], [stuck(57)])).toEqual(['no-opening any'])
  sees(stuck(54, 119))
  for (let look = 1; look < 10; look += 1) {
    sees(stuck(54 - 3 * look, 119 - 3 * look))
    expect(found(), `look ${look}`).toEqual([])
  }
  const over = dir1.core.events(dir1.now()).events.filter(({ kind }) => kind === 'over')
  expect(over).toMatchObject([{ code: 'no-opening' }])
  // Who waits now, does.
  sees(server('rs1', { opening: 8, openingFor: { 20: 4, 60: 4 }, latest: { FIN_WAIT: 86 } }))
  sees(server('rs1', { opening: 8, openingFor: { 17: 4, 60: 4 }, latest: { FIN_WAIT: 83 } }))
  expect(found()).toEqual(['no-opening any'])
})

const PARTLY = { whole: false, tookMs: 5000, servers: [] }
function unread(report: OpeningsReport | null): void {
  dir1.take('openings')
  for (let left = 110_000; left > 0 && dir1.take('openings').length === 0; left -= STEP_MS) lives(STEP_MS)
  dir1.feed({ kind: 'openings', report })
}
const blind = () => dir1.core.status(dir1.now()).troubles.find(({ code }) => code === 'paths-unread')

test.each<[string, OpeningsReport | null, RegExp]>([
  ['at all', null, /gave none/],
  ['to its end', PARTLY, /more than can be gone through in five seconds/],
])('a table that twice in a row could not be read %s says nothing of now, and that is said', (_, report, why) => {
  expect(twice([server('rs1', STUCK)], [server('rs1', STUCK)])).toEqual(['no-opening any'])
  expect(blind()).toBeUndefined()
  unread(report)
  unread(report)
  expect(found()).toEqual([])
  expect(blind()).toMatchObject({ severity: 'warning', evidence: expect.stringMatching(why) })
  unread({ whole: true, tookMs: 5, servers: [] })
  expect(blind()).toBeUndefined()
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
