/** Agents at the port for nodes: who gets in, who is cut off, and what one that does not read costs. */
import { once } from 'node:events'
import {
  type AgentReport,
  type CoordinatorTrouble,
  encodeFeedMessage,
  type FeedMessage,
  type FollowerMessage,
} from '@lvsm/protocol'
import { type Authority, fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { dial, FEED, secureContext } from '../../../agent/nodelink/dial.ts'
import { MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { enrolled } from '../../../test/kit/enrolled.ts'
import { changeOf, weightOf } from '../../../test/suites/configuration.ts'
import { NodeServer } from '../links/node-server.ts'
import { Reported } from '../../reported/reported.ts'
import { Feed, FEED_OPTIONS } from './feed.ts'

const AUTHORITY: Authority = await makeAuthority('lab')
const soon = { timeout: 30_000, interval: 5 }

class Bench {
  readonly configuration = new MemoryConfiguration()
  readonly counts = new Map<string, number>()
  readonly reported = new Reported()
  leads = true
  troubles: CoordinatorTrouble[] = []
  readonly offered: [string, string][] = []
  feed!: Feed
  #key = ''
  #server!: NodeServer

  async open(options: Partial<typeof FEED_OPTIONS> = {}): Promise<this> {
    const { privateKey, publicKey } = makeKeyPair()
    const certificate = await signCertificate(AUTHORITY, { name: 'dir1', publicKey })
    this.#key = fingerprintOfKey(publicKey)
    const count = (counter: string): void => void this.counts.set(counter, (this.counts.get(counter) ?? 0) + 1)
    const told = { count, trouble: () => undefined }
    const identity = { certificate, privateKey, authority: AUTHORITY.certificate }
    this.#server = new NodeServer(identity, told, { waiting: [64, 16], open: [2048, 32] })
    expect(await this.#server.listen([{ host: '127.0.0.1', port: 0 }])).toBeNull()
    const { known, follow } = this.configuration
    const records = new Map([[1, { name: 'dir1', addresses: this.#server.endpoints, key: this.#key }]])
    const newest = () => this.configuration.newest()
    const source = { known, follow, newest, records: () => records, hasLeader: () => this.leads }
    const report = (node: string, said: AgentReport) =>
      this.reported.take(node, said, { now: 0, wall: { now: '', latest: '', msOf: () => 0 } })
    const offered = (node: string, half: { public: string }): void => void this.offered.push([node, half.public])
    const question = () => ({ events: { events: [] } })
    this.feed = new Feed(
      source,
      this.#server,
      { count, report, question, offered, troubles: () => this.troubles },
      { ...FEED_OPTIONS, probeMs: 300, ...options },
    )
    onTestFinished(() => this.#server.close())
    onTestFinished(() => this.feed.close())
    return this
  }
  async join(node: string): Promise<Agent> {
    return this.dial(await enrolled(this.configuration, AUTHORITY, 'lab', node, []))
  }
  dial(identity: Parameters<typeof secureContext>[0]): Agent {
    const [address = { host: '', port: 0 }] = this.#server.endpoints
    const call = {
      address,
      path: FEED,
      key: this.#key,
      secure: secureContext(identity),
      connectMs: 10_000,
      maxPayload: 1 << 24,
    }
    const agent = new Agent(dial(call), identity)
    onTestFinished(() => agent.socket.terminate())
    return agent
  }
}
class Agent {
  readonly heard: FeedMessage[] = []
  closed = false
  error = ''
  readonly socket: WebSocket
  readonly identity: Parameters<typeof secureContext>[0]
  constructor(socket: WebSocket, identity: Agent['identity']) {
    this.socket = socket
    this.identity = identity
    socket.on('message', (data) => void this.heard.push(JSON.parse(String(data))))
    socket.on('error', (error) => void (this.error = error.message))
    socket.on('close', () => void (this.closed = true))
    socket.on('open', () => {
      const life = setInterval(() => socket.ping(), 100)
      socket.on('close', () => clearInterval(life))
    })
  }
  async says(message: FollowerMessage): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) await once(this.socket, 'open')
    this.socket.send(encodeFeedMessage(message))
  }
  kinds(): string[] {
    return this.heard.map(({ kind }) => kind)
  }
}
const NOTHING: FollowerMessage = { kind: 'follow', revision: 0, sum: null }

test('who is enrolled is told; each change in one message, whoever follows', async () => {
  const bench = await new Bench().open()
  const all = [await bench.join('rs1'), await bench.join('rs2')]
  for (const one of all) await one.says(NOTHING)
  for (const one of all) await vi.waitUntil(() => one.kinds().length === 3, soon)
  await bench.configuration.write(weightOf(7))
  for (const one of all) await vi.waitUntil(() => one.kinds().length === 4, soon)
  for (const one of all) expect(one.heard.at(-1)).toMatchObject({ kind: 'change', from: 1, to: 2 })
  await all[0]?.says({ kind: 'applied', revision: 2 })
  await vi.waitUntil(() => bench.feed.applied().get('rs1')?.revision === 2, soon)
  expect(bench.feed.following()).toEqual(['rs1', 'rs2'])
})

test('heartbeat keys come first, again at each change, and an agent offers its own as itself', async () => {
  const bench = await new Bench().open()
  const agent = await bench.join('rs1')
  const half = 'ab'.repeat(32)
  await agent.says({ kind: 'key', public: half, lost: false })
  await vi.waitUntil(() => bench.offered.length === 1, soon)
  expect(bench.offered).toEqual([['rs1', half]])
  await bench.configuration.write({ kind: 'heartbeat-key', at: 1, name: 'rs1', public: half, lost: false })
  await agent.says(NOTHING)
  await vi.waitUntil(() => agent.heard.length === 4, soon)
  expect(agent.kinds()).toEqual(['keys', 'whole', 'facts', 'coordinators'])
  await agent.says({ kind: 'applied', revision: 1, ring: 1 })
  await vi.waitUntil(() => bench.feed.progress()[0]?.ring === 1, soon)
  await bench.configuration.write({ kind: 'heartbeat-step', at: 2, ring: 1 })
  await vi.waitUntil(() => agent.heard.length === 5, soon)
  expect(agent.heard.at(-1)).toMatchObject({ kind: 'keys', ring: { number: 2, nodes: [{ name: 'rs1', signWith: 1 }] } })
})

test('a key that nobody has is refused; of one node the newest connection counts', async () => {
  const bench = await new Bench().open()
  const first = await bench.join('rs1')
  await first.says(NOTHING)
  await vi.waitUntil(() => first.heard.length > 0, soon)
  const second = bench.dial(first.identity)
  await second.says(NOTHING)
  await vi.waitUntil(() => first.closed && second.heard.length > 0, soon)
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(AUTHORITY, { name: 'rs1', publicKey })
  const stranger = bench.dial({ certificate, privateKey, authority: AUTHORITY.certificate })
  await vi.waitUntil(() => stranger.closed, soon)
  expect(stranger.error).toMatch(/403/)
  expect(second.closed).toBe(false)
})

test('a node that leaves the cluster is cut off by the very change, and does not hear of it', async () => {
  const bench = await new Bench().open()
  const values = { roles: ['realserver'], voter: false, links: [{ name: 'inside', address: '10.12.0.19' }] }
  await bench.configuration.write(changeOf({ verb: 'add', noun: 'node', which: { node: 'rs9' }, values, model: 1 }))
  const agent = await bench.join('rs9')
  await agent.says(NOTHING)
  await vi.waitUntil(() => agent.heard.length === 3, soon)
  await bench.configuration.write(changeOf({ verb: 'remove', noun: 'node', which: { node: 'rs9' }, model: 1 }))
  await vi.waitUntil(() => agent.closed, soon)
  expect(agent.heard).toHaveLength(3)
  const again = bench.dial(agent.identity)
  await vi.waitUntil(() => again.closed, soon)
})

test('one that does not read is told in the end what there is then, and not each change', async () => {
  const bench = await new Bench().open()
  const agent = await bench.join('rs1')
  await agent.says(NOTHING)
  await vi.waitUntil(() => agent.heard.length === 3, soon)
  agent.socket.pause()
  const comment = 'x'.repeat(1000)
  for (let turn = 0; turn < 3000; turn++) {
    const entry = weightOf(2 + (turn % 40))
    await bench.configuration.write({ ...entry, comment } as typeof entry)
    // It asks again and again for all of it, so that much is to be sent.
    if (turn % 3 === 0) await agent.says(NOTHING)
    if (turn % 50 === 0) await new Promise((done) => setImmediate(done))
  }
  const newest = bench.configuration.known()?.config.revision ?? 0
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(256 << 20)
  agent.socket.resume()
  const last = (): number =>
    Math.max(...agent.heard.map((one) => ('to' in one ? one.to : 'revision' in one ? (one.revision ?? 0) : 0)))
  await vi.waitUntil(() => last() === newest, soon)
  const given = agent.heard.flatMap((one) => (one.kind === 'change' || one.kind === 'whole' ? [one] : []))
  expect(given.length).toBeLessThan(2500)
})

test('who asks for proof is told the newest revision of a read that began after that, or that there is none', async () => {
  const bench = await new Bench().open()
  const agent = await bench.join('rs1')
  // What it happens to have is no proof: others may have committed more.
  let answer: (revision: number | null) => void = () => undefined
  bench.configuration.newest = () =>
    new Promise((done) => {
      answer = done
    })
  await agent.says({ kind: 'prove', number: 7 })
  await vi.waitUntil(() => {
    answer(9)
    return agent.heard.length > 0
  }, soon)
  bench.configuration.newest = async () => null
  await agent.says({ kind: 'prove', number: 8 })
  await vi.waitUntil(() => agent.heard.length === 2, soon)
  expect(agent.heard).toEqual([
    expect.objectContaining({ kind: 'proved', number: 7, revision: 9 }),
    expect.objectContaining({ kind: 'proved', number: 8, revision: null }),
  ])
})

test('one that gives no sign of life is given up; words that are none are counted', async () => {
  const bench = await new Bench().open({ missedProbes: 2 })
  const identity = await enrolled(bench.configuration, AUTHORITY, 'lab', 'rs1', [])
  const agent = bench.dial(identity)
  await agent.says(NOTHING)
  agent.socket.send('{')
  agent.socket.send('{"v":1,"kind":"lately"}')
  agent.socket.send('{"v":9,"least":9,"kind":"applied","revision":1}')
  await vi.waitUntil(() => bench.counts.size === 3, soon)
  expect(Object.fromEntries(bench.counts)).toEqual({
    'drop-feed-malformed': 1,
    'drop-feed-unknown-kind': 1,
    'drop-feed-newer': 1,
  })
  agent.socket.ping = () => undefined
  await vi.waitUntil(() => agent.closed, soon)
})

test('without a leader for a while it sends everybody to others, and serves again when there is one', async () => {
  const bench = await new Bench().open({ leaderlessMs: 200 })
  const agent = await bench.join('rs1')
  await agent.says(NOTHING)
  await vi.waitUntil(() => agent.heard.length === 3, soon)
  bench.leads = false
  await vi.waitUntil(() => agent.heard.length === 4, soon)
  expect(agent.heard.at(-1)).toMatchObject({ kind: 'refused', refusal: { code: 'no-leader' } })
  bench.leads = true
  await vi.waitUntil(async () => {
    await agent.says(NOTHING)
    return agent.kinds().filter((kind) => kind === 'whole').length > 1
  }, soon)
})

test('what is wrong with the coordinators an agent hears after it said what it has, and each time that it changes', async () => {
  const bench = await new Bench().open({ leaderlessMs: 200 })
  const disk = { code: 'coordinator-disk', severity: 'critical', object: 'node dir1', message: 'no room' } as const
  const agent = await bench.join('rs1')
  const said = () => agent.heard.flatMap((one) => (one.kind === 'troubles' ? [one.list.map(({ code }) => code)] : []))
  await agent.says(NOTHING)
  await vi.waitUntil(() => agent.heard.length === 3, soon)
  // Nothing to say is not said.
  expect(said()).toEqual([])
  bench.troubles = [disk]
  await vi.waitUntil(() => said().length === 1, soon)
  const late = await bench.join('rs2')
  await late.says(NOTHING)
  await vi.waitUntil(() => late.kinds().includes('troubles'), soon)
  bench.troubles = []
  await vi.waitUntil(() => said().length === 2, soon)
  expect(said()).toEqual([['coordinator-disk'], []])
})

test('what an agent reports is taken, answered, and taken again only when it is new; too many are dropped and counted', async () => {
  const bench = await new Bench().open()
  const agent = await bench.join('rs1')
  const report = (number: number): FollowerMessage => ({
    kind: 'report',
    boot: 'a',
    number,
    whole: number === 1,
    counters: { 'drop-mac': number },
    events: [{ serial: number, at: '', group: '', kind: 'note', number: 0, reason: `event ${number}` }],
  })
  await agent.says(report(1))
  await agent.says(report(3))
  await vi.waitUntil(() => agent.heard.length === 2, soon)
  expect(agent.heard).toMatchObject([
    { kind: 'reported', number: 1, event: 1 },
    { kind: 'reported', number: 0, event: 1 },
  ])
  await agent.says({ kind: 'question', id: 7, what: 'events' })
  await vi.waitUntil(() => agent.heard.length === 3, soon)
  expect(agent.heard[2]).toMatchObject({ kind: 'cluster', id: 7, events: { events: [] } })
  for (let turn = 0; turn < 200; turn++) await agent.says(report(2))
  await vi.waitUntil(() => (bench.counts.get('drop-feed-flood') ?? 0) > 100, soon)
  expect(bench.reported.all().get('rs1')).toMatchObject({ number: 2, said: { counters: { 'drop-mac': 2 } } })
  expect(bench.reported.events(0).map(({ reason }) => reason)).toEqual(['event 1', 'event 2'])
})

test('answers that are not read do not pile up, and the configuration comes all the same', async () => {
  const bench = await new Bench().open()
  const agent = await bench.join('rs1')
  await agent.says(NOTHING)
  await vi.waitUntil(() => agent.heard.length === 3, soon)
  for (let id = 1; id <= 100; id++) await agent.says({ kind: 'question', id, what: 'events' })
  await bench.configuration.write(weightOf(9))
  await vi.waitUntil(() => agent.kinds().includes('change'), soon)
  expect(agent.kinds().filter((kind) => kind === 'cluster').length).toBeLessThan(20)
})

test('many questions on one node do not silence what it says of itself', async () => {
  const bench = await new Bench().open()
  const agent = await bench.join('rs1')
  for (let id = 1; id <= 60; id++) await agent.says({ kind: 'question', id, what: 'events' })
  await agent.says({ kind: 'report', boot: 'a', number: 1, whole: true, events: [] })
  await vi.waitUntil(() => agent.kinds().includes('reported'), soon)
  expect(bench.reported.all().get('rs1')?.number).toBe(1)
  expect(bench.counts.get('drop-feed-flood')).toBeGreaterThan(30)
})

test('a node that says as much as it can is read in turn: others are heard meanwhile, and nothing of theirs is lost', async () => {
  const bench = await new Bench().open()
  const [rogue, honest] = [await bench.join('rs1'), await bench.join('rs2')]
  const reason = 'x'.repeat(200)
  const destination = { key: 'k', weight: 1, healthy: true, active: 1, inactive: 1, reason }
  const table = Array.from({ length: 1000 }, () => destination)
  const large = (number: number): FollowerMessage => ({
    kind: 'report',
    boot: 'a',
    number,
    whole: number === 1,
    services: ['a', 'b', 'c'],
    tables: { a: table, b: table, c: table },
    events: [],
  })
  for (let number = 1; number <= 60; number++) await rogue.says(large(number))
  for (let number = 1; number <= 8; number++) {
    await honest.says({ kind: 'report', boot: 'b', number, whole: number === 1, events: [] })
    await vi.waitUntil(() => honest.kinds().filter((kind) => kind === 'reported').length === number, soon)
  }
  // Of some 60 MB.
  expect(bench.reported.all().get('rs1')?.number ?? 0).toBeLessThan(20)
  expect(rogue.closed).toBe(false)
  const identity = await enrolled(bench.configuration, AUTHORITY, 'lab', 'dir2', [])
  const director = bench.dial(identity)
  await director.says({ ...large(1), boot: 'c' } as FollowerMessage)
  await vi.waitUntil(() => bench.reported.all().get('dir2')?.tables.size === 3, soon)
})
