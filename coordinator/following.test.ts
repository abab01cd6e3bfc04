/** An agent follows three coordinators over TLS: whichever of them stops, no revision is missed, and none comes twice. */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CALLER_OPTIONS } from '../agent/node/adapters/feed/caller.ts'
import { Following } from '../agent/node/following.ts'
import type { Beside } from '../agent/node/ports.ts'
import { grown, Place, SOON, Tls } from '../test/kit/coordinators.ts'
import { enrolled } from '../test/kit/enrolled.ts'
import { changeOf, weightOf } from '../test/suites/configuration.ts'
import { Feed, FEED_OPTIONS } from './adapters/feed/feed.ts'

const QUICK = { ...CALLER_OPTIONS, probeMs: 300, backoffMs: [50, 300, 1000] } as const

class Cluster {
  readonly wire = new Tls()
  readonly places: readonly [Place, Place, Place]
  readonly feeds = new Map<Place, Feed>()
  constructor() {
    const place = (name: string) => new Place(name, this.wire)
    this.places = [place('dir1'), place('dir2'), place('rs2')]
    onTestFinished(async () => {
      for (const one of this.places) await this.stop(one)
      for (const one of this.places) one.remove()
    })
  }
  async begin(): Promise<this> {
    await grown(this.places)
    for (const one of this.places) this.serve(one)
    return this
  }
  serve(place: Place): void {
    const server = this.wire.servers.get(place.name)
    if (server)
      this.feeds.set(
        place,
        new Feed(
          place.coordinator,
          server,
          {
            count: () => undefined,
            offered: () => undefined,
            report: () => ({ number: 0, event: 0, isCut: false }),
            question: () => ({}),
            troubles: () => [],
          },
          { ...FEED_OPTIONS, probeMs: 300 },
        ),
      )
  }
  async stop(place: Place): Promise<void> {
    this.feeds.get(place)?.close()
    this.feeds.delete(place)
    await place.stop()
  }
  /** By whom the node is served now. */
  serving(node: string): Place | undefined {
    return [...this.feeds].find(([, feed]) => feed.following().includes(node))?.[0]
  }
  get running(): Place[] {
    return this.places.filter(({ running }) => running !== null)
  }
  async write(entry: Parameters<Place['coordinator']['write']>[0]): Promise<void> {
    await vi.waitUntil(async () => {
      const written = await this.running[0]?.coordinator.write(entry)
      return written?.kind === 'done' && written.outcome.kind !== 'refused'
    }, SOON)
  }
  async identity(node: string) {
    const records = await Promise.all(this.places.map((one) => one.record()))
    return enrolled(this.places[0].coordinator, await this.wire.authority, 'lab', node, records.slice(0, 1))
  }
}

class Agent {
  readonly stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-follows-')))
  readonly used: number[] = []
  readonly said: string[] = []
  trouble: Trouble | null = null
  #following: Following | null = null
  readonly #identity: Awaited<ReturnType<Cluster['identity']>>
  constructor(identity: Awaited<ReturnType<Cluster['identity']>>) {
    this.#identity = identity
    onTestFinished(() => {
      this.stop()
      rmSync(this.stateDir, { recursive: true, force: true })
    })
  }
  start(): this {
    const take = (): true => {
      const [, revision] = /"revision": (\d+)/.exec(readFileSync(join(this.stateDir, 'followed.yaml'), 'utf8')) ?? []
      this.used.push(Number(revision))
      return true
    }
    const note = (found: Beside): void => void (found.kind === 'trouble' && (this.trouble = found.trouble))
    const begin = () => take() && { reload: take, note }
    const say = (text: string): void => void this.said.push(text)
    this.#following = new Following({ identity: this.#identity, stateDir: this.stateDir, say, begin }, QUICK)
    return this
  }
  stop(): void {
    this.#following?.close()
  }
  async uses(revision: number): Promise<void> {
    await vi.waitUntil(() => this.used.at(-1) === revision, SOON)
  }
}

test('the one that is followed stops: another is followed, without a gap and without a repetition', async () => {
  const cluster = await new Cluster().begin()
  const agent = new Agent(await cluster.identity('rs1')).start()
  await agent.uses(1)
  // It was told of one coordinator when it came in, and knows all of them from then on.
  for (let revision = 2; revision <= 7; revision++) {
    const stopped = revision % 2 === 0 ? await vi.waitUntil(() => cluster.serving('rs1'), SOON) : null
    if (stopped) await cluster.stop(stopped)
    await cluster.write(weightOf(revision))
    await agent.uses(revision)
    await vi.waitUntil(
      () => [...cluster.feeds.values()].some((feed) => feed.applied().get('rs1')?.revision === revision),
      SOON,
    )
    if (stopped) {
      await stopped.start()
      cluster.serve(stopped)
    }
  }
  expect(agent.used).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('it starts and works with every coordinator dead, says so, and finds them again', async () => {
  const cluster = await new Cluster().begin()
  const agent = new Agent(await cluster.identity('rs1')).start()
  await agent.uses(1)
  await vi.waitUntil(() => readFileSync(join(agent.stateDir, 'coordinators.json'), 'utf8').includes('dir2'), SOON)
  agent.stop()
  const [first, ...others] = cluster.places
  for (const one of cluster.places) await cluster.stop(one)
  agent.start()
  expect(agent.used).toEqual([1, 1])
  await vi.waitUntil(() => agent.trouble?.code === 'no-coordinator', SOON)
  // Not the one that it was told of when it came in: that one stays dead.
  for (const one of others) {
    await one.start()
    cluster.serve(one)
  }
  await vi.waitUntil(() => others.some(({ role }) => role === 'leader'), SOON)
  expect(first.running).toBeNull()
  await cluster.write(weightOf(9))
  await agent.uses(2)
  await vi.waitUntil(() => agent.trouble === null, SOON)
})

test('a node that is removed is cut off at once, and gets no further word', async () => {
  const cluster = await new Cluster().begin()
  const values = { roles: ['realserver'], voter: false, links: [{ name: 'inside', address: '10.12.0.19' }] }
  await cluster.write(changeOf({ verb: 'add', noun: 'node', which: { node: 'rs9' }, values, model: 1 }))
  const agent = new Agent(await cluster.identity('rs9')).start()
  await agent.uses(2)
  await cluster.write(changeOf({ verb: 'remove', noun: 'node', which: { node: 'rs9' }, model: 1 }))
  await vi.waitUntil(() => /does not know this node's key/.test(agent.trouble?.message ?? ''), SOON)
  expect(cluster.serving('rs9')).toBeUndefined()
  for (const feed of cluster.feeds.values()) expect(feed.applied().get('rs9')).toBeUndefined()
  expect(agent.used).toEqual([2])
})
