/** What agents report reaches every coordinator over TLS, nothing of it the disk, and half of the nodes may be dead. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClusterAnswer, NumberedEvent, OwnReport } from '@lvsm/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CALLER_OPTIONS } from '../agent/node/adapters/feed/caller.ts'
import { Following } from '../agent/node/following.ts'
import type { Beside, Coordinators } from '../agent/node/ports.ts'
import { grown, Place, SOON, Tls } from '../test/kit/coordinators.ts'
import { enrolled } from '../test/kit/enrolled.ts'
import { ownReport } from '../test/kit/own-report.ts'
import { Feed, FEED_OPTIONS } from './adapters/feed/feed.ts'
import { answerOf, type Cluster, clusterOf } from './cluster.ts'
import { Reports } from './reports.ts'

const QUICK = { ...CALLER_OPTIONS, probeMs: 300, backoffMs: [50, 300, 1000] } as const

/** A coordinator with what it does for nodes. */
class Member {
  readonly place: Place
  readonly #wire: Tls
  feed: Feed | null = null
  reports: Reports | null = null
  cluster: Cluster | null = null
  constructor(name: string, wire: Tls) {
    this.#wire = wire
    this.place = new Place(name, wire)
    onTestFinished(async () => {
      await this.stop()
      this.place.remove()
    })
  }
  serve(): void {
    const { place } = this
    const { coordinator } = place
    const server = this.#wire.servers.get(place.name)
    if (!server) throw new Error('it has no port')
    const reports = new Reports({
      id: place.id,
      own: () => this.feed?.progress() ?? [],
      speaks: { model: 1, lvsm: '0.0.0' },
      troubles: () => [],
      others: () => coordinator.members().flatMap(({ id }) => (id === place.id ? [] : [id])),
      nodes: () => new Set(coordinator.known()?.enrolled.nodes.map(({ name }) => name)),
      send: (message) => place.links?.send(message),
      clock: () => performance.now(),
      wallClock: Date.now,
      clocks: { heard: () => undefined, now: Date.now },
    })
    place.heardOfNodes = (message) => reports.heard(message)
    const heard = {
      count: () => undefined,
      offered: () => undefined,
      report: reports.take.bind(reports),
      troubles: () => reports.troubles(),
      question: (what: 'status' | 'events') => answerOf(this.cluster, what),
    }
    this.feed = new Feed(coordinator, server, heard, { ...FEED_OPTIONS, probeMs: 300, leaderlessMs: 500 })
    this.reports = reports
    this.cluster = clusterOf({
      node: place.name,
      reported: reports.reported,
      known: () => coordinator.known(),
      troubles: () => [],
      counters: () => ({}),
      clock: () => performance.now(),
    })
  }
  async stop(): Promise<void> {
    this.reports?.close()
    this.feed?.close()
    this.cluster = null
    await this.place.stop()
  }
  node(name: string) {
    return this.cluster?.clusterStatus()?.nodes.find((one) => one.name === name)
  }
  reasons(): string[] {
    return (this.cluster?.clusterEvents().events ?? []).map(({ reason }) => reason)
  }
}

async function three(): Promise<{ wire: Tls; members: readonly [Member, Member, Member] }> {
  const wire = new Tls()
  const member = (name: string) => new Member(name, wire)
  const members = [member('dir1'), member('dir2'), member('rs2')] as const
  await grown([members[0].place, members[1].place, members[2].place])
  for (const one of members) one.serve()
  return { wire, members }
}

const eventOf = (serial: number): NumberedEvent => ({
  serial,
  at: new Date(Date.now()).toISOString(),
  group: '',
  kind: 'note',
  number: 0,
  reason: `event ${serial}`,
})
/** An agent without a kernel: it says what the test wants. */
class Agent {
  readonly #following: Following
  coordinators: Coordinators | null = null
  own: OwnReport
  readonly troubles: string[] = []
  constructor(identity: Awaited<ReturnType<typeof enrolled>>, options: typeof CALLER_OPTIONS = QUICK) {
    const stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-reports-')))
    this.own = ownReport(identity.node, 'has begun')
    const begin = (coordinators: Coordinators) => {
      this.coordinators = coordinators
      const note = (found: Beside) => void (found.kind === 'trouble' && this.troubles.push(found.trouble?.code ?? ''))
      return { reload: () => true, note }
    }
    this.#following = new Following({ identity, stateDir, say: () => undefined, begin }, options)
    onTestFinished(() => {
      this.stop()
      rmSync(stateDir, { recursive: true, force: true })
    })
  }
  says(reason: string): void {
    this.own = { ...this.own, self: { ...this.own.self, reason } }
    this.coordinators?.report(this.own)
  }
  happens(reason: string): void {
    this.own = { ...this.own, events: [...this.own.events, eventOf(this.own.events.length + 1)] }
    this.says(reason)
  }
  stop(): void {
    this.#following.close()
  }
}

test('what an agent says is known to all three, and every event once, whichever of them stops', async () => {
  const { wire, members } = await three()
  const [{ place: first }] = members
  const identity = await enrolled(first.coordinator, await wire.authority, 'lab', 'rs1', [await first.record()])
  const agent = new Agent(identity)
  await vi.waitUntil(() => agent.coordinators !== null, SOON)
  for (let turn = 1; turn <= 5; turn++) {
    agent.happens(`turn ${turn}`)
    await vi.waitUntil(() => members.every((one) => !one.cluster || one.node('rs1')?.reason === `turn ${turn}`), SOON)
    if (turn !== 2) continue
    // The one that it follows goes, with all that it had in memory, and comes again later.
    const served = members.find(({ feed }) => feed?.following().includes('rs1'))
    await served?.stop()
    agent.happens('meanwhile')
    await vi.waitUntil(() => members.some((one) => one.cluster && one.node('rs1')?.reason === 'meanwhile'), SOON)
    await served?.place.start()
    served?.serve()
  }
  const all = [1, 2, 3, 4, 5, 6].map((serial) => `event ${serial}`)
  const knows = (one: Member): boolean => all.every((reason) => one.reasons().includes(reason))
  await vi.waitUntil(() => members.every(knows) && members.every((one) => one.node('rs1')?.agent), SOON)
  for (const one of members) {
    const seen = one.reasons().filter((reason) => reason.startsWith('event '))
    expect(seen.toSorted()).toEqual(all)
    expect(one.node('rs1')).toMatchObject({ agent: true, state: 'idle' })
  }
})

test('reports write nothing to the disk; with half of the nodes dead the cluster is answered at once, with their ages', async () => {
  const { wire, members } = await three()
  const [{ place: first }] = members
  const authority = await wire.authority
  const agents: Agent[] = []
  for (const name of ['rs1', 'rs3'])
    agents.push(new Agent(await enrolled(first.coordinator, authority, 'lab', name, [await first.record()])))
  await vi.waitUntil(() => agents.every(({ coordinators }) => coordinators !== null), SOON)
  for (const agent of agents) agent.says('serves')
  await vi.waitUntil(() => members.every((one) => one.node('rs1')?.agent && one.node('rs3')?.agent), SOON)
  // An election, which a busy machine has at any time, writes votes: then the turns are no measure, and the next ones are.
  const written = (): string => members.map(({ place }) => place.writes).join()
  let round = 0
  await vi.waitUntil(async () => {
    const before = written()
    round += 1
    for (let turn = 0; turn < 5; turn++) {
      const reason = `turn ${turn} of round ${round}`
      for (const agent of agents) agent.happens(reason)
      await vi.waitUntil(() => members.every((one) => one.node('rs3')?.reason === reason), SOON)
    }
    return written() === before
  }, SOON)
  agents[1]?.stop()
  await vi.waitUntil(() => {
    agents[0]?.says('still serves')
    return members.every((one) => one.node('rs3')?.agent === false && one.node('rs1')?.agent === true)
  }, SOON)
  for (const one of members) {
    const begun = performance.now()
    const rs3 = one.node('rs3')
    expect(performance.now() - begun).toBeLessThan(500)
    expect(rs3).toMatchObject({ state: 'unknown', reason: 'its agent does not report any more' })
    expect(rs3?.ageMs).toBeGreaterThan(9000)
    expect(one.node('rs1')).toMatchObject({ agent: true, state: 'idle' })
    expect(one.node('dir1')).toMatchObject({ agent: false, ageMs: null })
  }
  // Of whoever asks the agent: one that is late on a busy machine is asked again.
  const ask = () => new Promise<ClusterAnswer | null>((done) => agents[0]?.coordinators?.ask('status', done))
  const told = await vi.waitUntil(async () => (await ask())?.status, SOON)
  expect(told.nodes.find(({ name }) => name === 'rs3')).toMatchObject({ agent: false })
})

test('where no majority is left the coordinator that is there still hears every node, without a pause', async () => {
  const { wire, members } = await three()
  const [{ place: first }, ...others] = members
  const identity = await enrolled(first.coordinator, await wire.authority, 'lab', 'rs1', [await first.record()])
  const agent = new Agent(identity, { ...QUICK, backoffMs: [2000, 300, 20_000] })
  await vi.waitUntil(() => agent.coordinators !== null, SOON)
  agent.says('serves')
  await vi.waitUntil(() => members.every((one) => one.node('rs1')?.agent), SOON)
  for (const one of others) await one.stop()
  await vi.waitUntil(() => agent.troubles.includes('no-leader'), SOON)
  await vi.waitUntil(() => members[0].feed?.following().includes('rs1'), SOON)
  const ages: number[] = []
  const until = performance.now() + 8000
  let now = performance.now()
  await vi.waitUntil(() => {
    // While the machine has other things to do nobody says anything, and nobody looks: that is no pause of the coordinator's.
    const stood = performance.now() - now
    now = performance.now()
    ages.push((members[0].node('rs1')?.ageMs ?? Number.POSITIVE_INFINITY) - stood)
    agent.says(`serves ${ages.length}`)
    return now > until
  }, SOON)
  expect(Math.max(...ages)).toBeLessThan(3000)
  const ask = () => new Promise<ClusterAnswer | null>((done) => agent.coordinators?.ask('status', done))
  await vi.waitUntil(async () => (await ask())?.status?.node === 'dir1', SOON)
  // As soon as there is a majority again it is followed.
  for (const one of others) {
    await one.place.start()
    one.serve()
  }
  await vi.waitUntil(() => agent.troubles.at(-1) === '', SOON)
})
