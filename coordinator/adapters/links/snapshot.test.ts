import { createHash } from 'node:crypto'
import type { Address } from '../../../agent/nodelink/dial.ts'
import { encodeSnapshotWord, type SnapshotBegin } from '@lvsm/protocol'
import type { InstallSnapshot } from '@lvsm/raft'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { MESSAGES, SNAPSHOTS } from '../../../agent/nodelink/dial.ts'
import {
  type Coordinator,
  coordinator,
  FAST,
  HOST,
  type Identity,
  identityOf,
  introduce,
  line,
  meet,
  soon,
  visit,
} from './fixture.ts'
import { NodeServer } from './node-server.ts'
import { piecesOf } from './snapshot-out.ts'

const install = (from: number, to: number, lastIncludedIndex = 30): InstallSnapshot => ({
  kind: 'install-snapshot',
  from,
  to,
  store: 'a1',
  term: 3,
  lastIncludedIndex,
  lastIncludedTerm: 2,
  membership: { members: [{ id: 1, store: 'a1', role: 'voter' }] },
})
const heartbeat = (round: number) =>
  ({ kind: 'heartbeat', from: 1, to: 2, store: 'a1', term: 3, leaderCommit: 0, round }) as const
const sent = (from: Coordinator, message: InstallSnapshot, state: string): Promise<boolean> =>
  new Promise((done) => from.links.sendSnapshot(message, state, done))
const closed = (socket: WebSocket): Promise<void> => new Promise((done) => socket.once('close', () => done()))
/** A byte-order mark, and characters of one, two, three and four bytes, so that they stand across pieces. */
const stateOf = (bytes: number): string => '\ufeffaé€😀'.repeat(Math.ceil(bytes / 13))

describe('a snapshot', () => {
  it('of 40 MiB arrives as it was, and heartbeats overtake it', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await meet(one, two)
    const state = stateOf(40 << 20)
    let isThere = false
    const arrival = sent(one, install(1, 2), state).then((ok) => (isThere = ok))
    let rounds = 0
    const waits: number[] = []
    while (!isThere && rounds < 100_000) {
      const began = performance.now()
      one.links.send(heartbeat(++rounds))
      await expect.poll(() => two.heard.length, { ...soon, interval: 1 }).toBe(rounds)
      waits.push(performance.now() - began)
    }
    expect(await arrival).toBe(true)
    // They went and came one after the other all the while, none of them as late as the snapshot.
    expect(rounds).toBeGreaterThan(10)
    expect(waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)]).toBeLessThan(200)
    expect(two.snapshots.map(({ message }) => message)).toEqual([install(1, 2)])
    expect(two.snapshots[0]?.state === state).toBe(true)
    expect([one.counts.get('peer-lost'), two.counts.get('peer-lost')]).toEqual([undefined, undefined])
  })
  it('of nothing arrives too; one to nobody, or while one is under way, has not left', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    await meet(one, two)
    expect(await sent(one, install(1, 9), 'x')).toBe(false)
    const both = await Promise.all([sent(one, install(1, 2, 30), ''), sent(one, install(1, 2, 31), 'x')])
    expect(both).toEqual([true, false])
    expect(await sent(one, install(1, 2, 32), 'y')).toBe(true)
    expect(two.snapshots).toEqual([
      { message: install(1, 2, 30), state: '' },
      { message: install(1, 2, 32), state: 'y' },
    ])
    expect(one.counts.get('snapshot-unsent')).toBe(2)
  })
  it('to a peer that is removed meanwhile, or at the end, has not left', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2)]
    introduce(one, two)
    const way = await line(two.peer.addresses[0] as Address, 4 << 20)
    const there = { ...two.peer, addresses: [way.address] }
    for (const stop of [() => Promise.resolve(one.links.know([])), () => one.links.end()]) {
      one.links.know([there])
      await meet(one, two)
      const outcome = sent(one, install(1, 2), stateOf(64 << 20))
      const before = way.passed
      await expect.poll(() => way.passed - before, soon).toBeGreaterThan(1 << 20)
      await stop()
      expect(await outcome).toBe(false)
    }
    expect(two.snapshots).toEqual([])
  })
  it('larger than what is taken is a trouble there', async () => {
    const [one, two] = [await coordinator(1), await coordinator(2, { options: { stateBytes: 1000 } })]
    introduce(one, two)
    await meet(one, two)
    expect(await sent(one, install(1, 2), stateOf(2000))).toBe(false)
    expect(two.troubles.get('snapshot of 1')).toMatchObject({ code: 'snapshot-too-large', severity: 'critical' })
    expect(await sent(one, install(1, 2), stateOf(500))).toBe(true)
    expect(two.troubles.size).toBe(0)
  })
})

describe('a receiver that reads nothing', () => {
  it('is given up after a while, without more than a piece of it in memory', async () => {
    const [one, identity] = [await coordinator(1, { options: { stallMs: 700 } }), await identityOf('two')]
    const server = new NodeServer(identity, { count: () => undefined, trouble: () => undefined }, FAST)
    onTestFinished(() => server.close())
    const upgrades = new WebSocketServer({ noServer: true })
    server.serve(
      MESSAGES,
      ({ request, socket, head }) => (upgrades.handleUpgrade(request, socket, head, () => undefined), true),
    )
    server.serve(
      SNAPSHOTS,
      ({ request, socket, head }) => (upgrades.handleUpgrade(request, socket, head, (peer) => peer.pause()), true),
    )
    await server.listen([{ host: HOST, port: 0 }])
    one.links.know([{ id: 2, addresses: server.endpoints, key: identity.key }])
    const state = 'x'.repeat(64 << 20)
    const before = process.memoryUsage().external
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().external - before)), 20)
    onTestFinished(() => clearInterval(watch))
    // Until they are connected it is refused at once; then it takes what a stall takes.
    let tookMs = 0
    const isStalled = async (): Promise<boolean> => {
      const began = performance.now()
      expect(await sent(one, install(1, 2), state)).toBe(false)
      tookMs = performance.now() - began
      return tookMs > 650
    }
    await expect.poll(isStalled, soon).toBe(true)
    expect(most).toBeLessThan(32 << 20)
  })
})

describe('what a peer sends in the place of a snapshot', () => {
  const STATE = Buffer.from(stateOf(100_000))
  const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  const begin = (more: Partial<SnapshotBegin> = {}): string =>
    encodeSnapshotWord({ ...install(2, 1), bytes: STATE.length, ...more })
  const end = (bytes = STATE): string => encodeSnapshotWord({ kind: 'snapshot-end', sha256: sha256(bytes) })
  /** Between two characters: nothing but its length is wrong. */
  const short = STATE.subarray(0, 39_000)
  const flipped = Buffer.from(STATE)
  flipped[5000] = (flipped[5000] ?? 0) ^ 1
  const strange = Buffer.from(STATE)
  strange[39_000] = 0xff
  const half = Buffer.from(STATE)
  half[STATE.length - 1] = 0xc3

  async function receiver(options = {}): Promise<{ one: Coordinator; known: Identity }> {
    const [one, known] = [await coordinator(1, { options }), await identityOf('two')]
    one.links.know([{ id: 2, addresses: [{ host: HOST, port: 1 }], key: known.key }])
    return { one, known }
  }
  it.each<[string, string, readonly (string | Buffer)[]]>([
    ['other than its checksum', 'drop-snapshot-damaged', [begin(), flipped, end()]],
    ['shorter than it said', 'drop-snapshot-damaged', [begin(), short, end(short)]],
    ['longer than it said', 'drop-snapshot-damaged', [begin(), STATE, STATE.subarray(0, 1)]],
    ['no text', 'drop-snapshot-damaged', [begin(), strange, end(strange)]],
    ['that ends within a character', 'drop-snapshot-damaged', [begin(), half, end(half)]],
    ['of another sender', 'drop-peer-misaddressed', [begin({ from: 3 }), STATE, end()]],
    ['to another', 'drop-peer-misaddressed', [begin({ to: 3 }), STATE, end()]],
    ['larger than what is taken', 'drop-snapshot-long', [begin({ bytes: 1 << 30 })]],
    ['a second beginning', 'drop-peer-malformed', [begin(), begin()]],
    ['pieces without a beginning', 'drop-peer-malformed', [STATE]],
    ['an end without a beginning', 'drop-peer-malformed', [end()]],
    ['of a kind that is not known', 'drop-peer-unknown-kind', ['{"kind":"lately"}']],
    ['for newer ones', 'drop-peer-newer', ['{"kind":"snapshot-end","least":2}']],
  ])('%s is seen by nobody', async (_, counter, frames) => {
    const { one, known } = await receiver()
    const socket = await visit(one, known, SNAPSHOTS)
    const ended = closed(socket)
    for (const frame of frames) socket.send(frame)
    await ended
    expect(Object.fromEntries(one.counts)).toEqual({ [counter]: 1 })
    expect(one.snapshots).toEqual([])
  })
  it('and breaks off is seen by nobody; the next one is', async () => {
    const { one, known } = await receiver()
    const first = await visit(one, known, SNAPSHOTS)
    first.send(begin())
    first.send(STATE.subarray(0, 50_000))
    first.terminate()
    await expect.poll(() => one.counts.get('drop-snapshot-broken'), soon).toBe(1)
    const second = await visit(one, known, SNAPSHOTS)
    for (const frame of [begin(), STATE.subarray(0, 50_001), STATE.subarray(50_001), end()]) second.send(frame)
    await expect.poll(() => one.snapshots, soon).toEqual([{ message: install(2, 1), state: STATE.toString() }])
  })
  it('and stands still is given up, and so is the older of two', async () => {
    const { one, known } = await receiver({ stallMs: 500 })
    const first = await visit(one, known, SNAPSHOTS)
    first.send(begin())
    const second = await visit(one, known, SNAPSHOTS)
    await closed(first)
    second.send(begin())
    await closed(second)
    await expect.poll(() => one.counts.get('drop-snapshot-broken'), soon).toBe(2)
  })
  it('is cut when the peer is removed', async () => {
    const { one, known } = await receiver()
    const socket = await visit(one, known, SNAPSHOTS)
    socket.send(begin())
    one.links.know([])
    await closed(socket)
    expect(one.snapshots).toEqual([])
  })
})

describe('pieces', () => {
  it('are the text again, and none of them begins or ends within a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), fc.integer({ min: 2, max: 9 }), (text, length) => {
        const pieces = [...piecesOf(text, length)]
        expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString()).toBe(text)
        for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(length)
      }),
    )
  })
})
