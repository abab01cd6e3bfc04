/** An agent that follows: what it starts with, what it takes over, and what it says meanwhile, of coordinators good and bad. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import { canonicalText, writtenOf } from '@lvsm/changes'
import {
  decodeFollowerMessage,
  encodeFeedMessage,
  encodeNodeIdentity,
  type FeedMessage,
  type FollowerMessage,
  type NodeIdentity,
} from '@lvsm/protocol'
import { fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { line } from '../../coordinator/adapters/links/fixture.ts'
import { NodeServer } from '../../coordinator/adapters/links/node-server.ts'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { CALLER_OPTIONS } from './adapters/feed/caller.ts'
import { readKeyRing, sha256 } from './adapters/feed/kept.ts'
import { readHalves } from './adapters/pair-keys.ts'
import { Following } from './following.ts'
import { readIdentity } from './identity.ts'

const QUICK = { ...CALLER_OPTIONS, probeMs: 200, answerMs: 10_000, backoffMs: [20, 100, 100] } as const
const AUTHORITY = await makeAuthority('lab')
async function member(name: string) {
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(AUTHORITY, { name, publicKey })
  return { privateKey, certificate, authority: AUTHORITY.certificate, key: fingerprintOfKey(publicKey) }
}
const until = (what: () => boolean) => vi.waitUntil(what, { timeout: 30_000, interval: 5 })

type Say = (...messages: readonly FeedMessage[]) => void
/** A coordinator that says what the test wants. */
class Played {
  readonly heard: FollowerMessage[] = []
  /** What it said of its heartbeat key. */
  readonly keys: Extract<FollowerMessage, { kind: 'key' }>[] = []
  readonly sockets: WebSocket[] = []
  place: NodeIdentity['coordinators'][number] = { addresses: [], key: '' }
  isSilent = false
  stop = (): Promise<void> => Promise.resolve()
  answer: (message: FollowerMessage, say: Say) => void = () => undefined

  async listen(): Promise<this> {
    const identity = await member('dir1')
    const told = { count: () => undefined, trouble: () => undefined }
    const server = new NodeServer(identity, told, { waiting: [64, 16] })
    const upgrades = new WebSocketServer({ noServer: true, autoPong: false })
    server.serve('/feed', ({ request, socket, head }) => {
      upgrades.handleUpgrade(request, socket, head, (one) => this.#met(one))
      return true
    })
    expect(await server.listen([{ host: '127.0.0.1', port: 0 }])).toBeNull()
    this.stop = () => server.close()
    onTestFinished(() => server.close())
    this.place = { addresses: server.endpoints, key: identity.key }
    return this
  }
  #met(socket: WebSocket): void {
    this.sockets.push(socket)
    socket.on('ping', () => void (this.isSilent || socket.pong()))
    socket.on('message', (data) => {
      const read = decodeFollowerMessage(String(data))
      if (!read.ok) throw new Error('the agent says what nobody understands')
      if (read.message.kind === 'key') return void this.keys.push(read.message)
      this.heard.push(read.message)
      this.answer(read.message, (...messages) => {
        for (const one of messages) socket.send(encodeFeedMessage(one))
      })
    })
  }
  say(...messages: readonly FeedMessage[]): void {
    for (const one of messages) this.sockets.at(-1)?.send(encodeFeedMessage(one))
  }
}
const facts = (number: number): FeedMessage => ({ kind: 'facts', facts: { number, list: [], ends: [] } })
const file = (revision: number, more: object = {}) => ({ ...writtenOf(DOCUMENT, revision), ...more })
const whole = (revision: number, data: object = file(revision)): FeedMessage => ({
  kind: 'whole',
  revision,
  file: JSON.parse(JSON.stringify(data)),
  sum: sha256(canonicalText(data)),
})
const weighed = { ...DOCUMENT, services: { ...DOCUMENT.services } }
/** A revision that changes nothing. */
const change = (from: number, to: number, sum = sha256(canonicalText(writtenOf(weighed, to)))): FeedMessage => ({
  kind: 'change',
  from,
  to,
  change: [],
  sum,
})
const gives =
  (...messages: readonly FeedMessage[]): Played['answer'] =>
  (message, say) =>
    message.kind === 'follow' && say(...messages)

class Bench {
  readonly stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-follow-')))
  readonly said: string[] = []
  /** What it began or went on with. */
  readonly used: string[] = []
  trouble: Trouble | null = null
  identity: NodeIdentity | null = null
  mayReload = true
  constructor() {
    onTestFinished(() => rmSync(this.stateDir, { recursive: true, force: true }))
  }
  path(name: string): string {
    return join(this.stateDir, name)
  }
  async enter(...coordinators: NodeIdentity['coordinators']): Promise<this> {
    this.identity = { cluster: 'lab', node: 'rs1', ...(await member('rs1')), coordinators }
    return this
  }
  follow(): Following {
    const { identity, stateDir } = this
    if (!identity) throw new Error('it is nobody')
    const reload = (): boolean => this.mayReload && this.used.push(`goes on with ${this.revision}`) > 0
    const begin = () => {
      this.used.push(`begins with ${this.revision}`)
      return {
        reload,
        note: (source: string, trouble: Trouble | null) => void (source === 'follow' && (this.trouble = trouble)),
      }
    }
    const say = (text: string): void => void this.said.push(text)
    const following = new Following({ identity, stateDir, say, begin }, QUICK)
    onTestFinished(() => following.close())
    return following
  }
  get revision(): string {
    return /^ *"revision": (\d+)/m.exec(readFileSync(this.path('followed.yaml'), 'utf8'))?.[1] ?? ''
  }
}
const applied = (played: Played): number[] =>
  played.heard.flatMap((one) => (one.kind === 'applied' ? [one.revision] : []))

test('the first time it waits; then each revision is kept, taken over, and said to be', async () => {
  const bench = await new Bench().enter()
  const played = await new Played().listen()
  bench.follow().close()
  await bench.enter(played.place)
  played.answer = gives(whole(1), facts(0))
  bench.follow()
  await until(() => bench.used.length === 1)
  played.say(change(1, 2))
  await until(() => applied(played).includes(2))
  expect(bench.said[0]).toBe('waits for its first configuration')
  expect(bench.used).toEqual(['begins with 1', 'goes on with 2'])
  expect(applied(played)).toEqual([1, 2])
  for (const name of ['followed.yaml']) expect(statSync(bench.path(name)).mode & 0o777).toBe(0o600)
  played.say(facts(5))
  await until(() => bench.used.length === 3)
  expect(JSON.parse(readFileSync(bench.path('followed-facts.json'), 'utf8'))).toMatchObject({ number: 5 })
})

test('what it kept it starts with before anybody answers; what is damaged is none, and is fetched anew', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  played.answer = gives(whole(3), facts(0))
  const first = bench.follow()
  await until(() => bench.used.length === 1)
  first.close()
  played.answer = gives(facts(0))
  bench.follow().close()
  expect(bench.used).toEqual(['begins with 3', 'begins with 3'])
  const text = readFileSync(bench.path('followed.yaml'), 'utf8')
  writeFileSync(bench.path('followed.yaml'), text.replace('"weight": 1', '"weight": 2'))
  played.answer = gives(whole(3), facts(0))
  bench.follow()
  await until(() => bench.used.length === 3)
  expect(bench.said.filter((one) => one.startsWith('waits'))).toHaveLength(2)
  expect(played.heard.filter(({ kind }) => kind === 'follow')).toMatchObject([{ revision: 0 }, { revision: 0 }])
})

test('its heartbeat key is said until the coordinators have it, and what its lease process accepts', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  played.answer = gives(whole(1), facts(0))
  const following = bench.follow()
  await until(() => played.keys.length === 1)
  const [half] = readHalves(bench.stateDir)
  expect(played.keys).toEqual([{ kind: 'key', public: half?.public, lost: false }])
  played.say(facts(1))
  await until(() => played.keys.length >= 2)
  const ring = (number: number, digits = half?.public ?? ''): FeedMessage => ({
    kind: 'keys',
    ring: { number, nodes: [{ name: 'rs1', keys: [{ id: 1, public: digits }], signWith: 0, shared: true }] },
  })
  played.say(ring(4), facts(2))
  await until(() => readFileSync(bench.path('followed-facts.json'), 'utf8').includes('"number":2'))
  expect(readKeyRing(bench.stateDir)?.number).toBe(4)
  expect(bench.used.at(-2)).toBe('goes on with 1')
  following.usesRing(4)
  following.usesRing(4)
  const rings = (): number[] => played.heard.flatMap((one) => (one.kind === 'applied' && one.ring ? [one.ring] : []))
  await until(() => rings().includes(4))
  const said = played.keys.length
  // An older ring is from a coordinator that is behind.
  played.say(ring(3, '00'.repeat(32)), facts(3))
  await until(() => readFileSync(bench.path('followed-facts.json'), 'utf8').includes('"number":3'))
  expect(readKeyRing(bench.stateDir)?.number).toBe(4)
  following.usesRing(5)
  await until(() => rings().includes(5))
  expect(rings()).toEqual([4, 5])
  expect(played.keys).toHaveLength(said)
  // Its disk lost it.
  rmSync(bench.path('heartbeat-halves.json'))
  played.say(facts(4))
  await until(() => played.keys.length > said)
  expect(played.keys.at(-1)).toEqual({ kind: 'key', public: readHalves(bench.stateDir)[0]?.public, lost: false })
  expect(played.keys.at(-1)?.public).not.toBe(half?.public)
})

test('a revision that is not understood is not used; what comes after it is', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  played.answer = gives(whole(1), facts(0))
  bench.follow()
  await until(() => bench.used.length === 1)
  played.answer = gives(whole(5, file(5, { warp: 9 })), facts(0))
  played.sockets.at(-1)?.terminate()
  await until(() => bench.trouble?.code === 'revision-refused')
  expect(bench.trouble?.hint).toMatch(/warp/)
  played.answer = gives(whole(6), facts(0))
  played.say(change(5, 6))
  await until(() => bench.trouble === null && bench.used.length === 2)
  expect(bench.used).toEqual(['begins with 1', 'goes on with 6'])
})

test('one that cannot be kept is not used until it can', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  // Whatever its rights, nobody writes a file over a directory.
  mkdirSync(bench.path('followed.yaml.new'))
  played.answer = gives(whole(1), facts(0))
  bench.follow()
  await until(() => bench.said.some((one) => /cannot be kept .*followed\.yaml/.test(one)))
  expect(bench.used).toEqual([])
  rmSync(bench.path('followed.yaml.new'), { recursive: true })
  await until(() => bench.used.length === 1)
})

test('a revision that the agent cannot use is not said to be applied', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  played.answer = gives(whole(1), facts(0))
  bench.follow()
  await until(() => applied(played).length === 1)
  bench.mayReload = false
  played.say(change(1, 2), whole(2), facts(0))
  await until(() => bench.revision === '2')
  played.answer = (message, say) => message.kind === 'follow' && say(facts(0))
  played.sockets.at(-1)?.terminate()
  await until(() => applied(played).length === 2)
  expect(applied(played)).toEqual([1, 1])
})

test('a difference that does not fit is asked for as a whole, once; then another coordinator is asked', async () => {
  const [bad, good] = [await new Played().listen(), await new Played().listen()]
  const bench = await new Bench().enter(bad.place)
  bad.answer = gives(whole(1), facts(0))
  const following = bench.follow()
  await until(() => bench.used.length === 1)
  const wrong = { ...whole(2), sum: sha256('another') } as FeedMessage
  bad.answer = (message, say) => message.kind === 'follow' && message.sum === null && say(wrong)
  bad.say(change(1, 2, sha256('another')))
  await until(() => bench.trouble?.code === 'revision-damaged')
  expect(bad.heard).toContainEqual({ kind: 'follow', revision: 1, sum: null })
  expect(bench.revision).toBe('1')
  following.close()
  await bench.enter(bad.place, good.place)
  good.answer = gives(whole(2), facts(0))
  bench.follow()
  await until(() => bench.used.at(-1) === 'goes on with 2')
})

test.each<[string, (played: Played) => void, RegExp]>([
  ['gives no sign of life', (played) => void (played.isSilent = true), /fell silent/],
  ['gives no answer', (played) => void (played.answer = () => undefined), /gives no answer/],
  [
    'is behind',
    (played) =>
      void (played.answer = gives({ kind: 'refused', refusal: { code: 'coordinator-behind', message: 'it has 0' } })),
    /it has 0.*revision 1 stays/,
  ],
  ['has an older one', (played) => void (played.answer = gives(whole(0, file(0)))), /revision 0, and this agent 1/],
  [
    'knows no leader',
    (played) =>
      void (played.answer = gives({ kind: 'refused', refusal: { code: 'no-leader', message: 'nobody leads' } })),
    /nobody leads/,
  ],
  [
    'has another key',
    (played) => void (played.place = { ...played.place, key: 'ab'.repeat(32) }),
    /another key answers/,
  ],
])('a coordinator that %s is left for another', async (_, spoil, complaint) => {
  const [bad, good] = [await new Played().listen(), await new Played().listen()]
  const bench = await new Bench().enter(good.place)
  good.answer = gives(whole(1), facts(0))
  const first = bench.follow()
  await until(() => bench.used.length === 1)
  first.close()
  spoil(bad)
  await bench.enter(bad.place)
  const second = bench.follow()
  await until(() => complaint.test(bench.trouble?.message ?? ''))
  second.close()
  await bench.enter(bad.place, good.place)
  good.answer = gives(whole(2), facts(0))
  bench.follow()
  await until(() => bench.used.at(-1) === 'goes on with 2')
})

test('why one was left is forgotten when another is followed', async () => {
  const played = await new Played().listen()
  const [address = { host: '', port: 0 }] = played.place.addresses
  const bench = await new Bench().enter({ ...played.place, addresses: [address, address] })
  const refusal = { code: 'coordinator-behind', message: 'it has 0' }
  played.answer = (message, say) => {
    if (message.kind !== 'follow') return
    if (played.sockets.length === 1) say({ kind: 'refused', refusal })
    else say(whole(1), facts(0))
  }
  bench.follow()
  await until(() => bench.used.length === 1)
  await played.stop()
  await until(() => bench.trouble !== null)
  expect(bench.trouble?.code).toBe('no-coordinator')
})

test('a long message on a slow line is life: nothing else is heard meanwhile', async () => {
  const played = await new Played().listen()
  const [address = { host: '', port: 0 }] = played.place.addresses
  const slow = await line(address, 60_000)
  const bench = await new Bench().enter({ ...played.place, addresses: [slow.address] })
  // Four seconds for it, and three probes of 0.2 s.
  const long = JSON.stringify({ v: 1, kind: 'lately', text: 'x'.repeat(240_000) })
  played.answer = (message, say) => {
    if (message.kind !== 'follow') return
    played.sockets.at(-1)?.send(long)
    say(whole(1), facts(0))
  }
  bench.follow()
  await until(() => bench.used.length === 1)
  expect(played.sockets).toHaveLength(1)
})

test('who it is stands in one file, which nobody else may read', async () => {
  const bench = await new Bench().enter()
  expect(readIdentity(bench.stateDir)).toMatchObject({
    ok: false,
    refusal: { code: 'no-identity', hint: expect.stringMatching(/lvsm init.*lvsm join TOKEN/) },
  })
  const path = bench.path('node.json')
  const { identity } = bench
  if (!identity) throw new Error('it is nobody')
  writeFileSync(path, encodeNodeIdentity(identity), { mode: 0o600 })
  expect(readIdentity(bench.stateDir)).toMatchObject({ ok: true, identity: { node: 'rs1' } })
  chmodSync(path, 0o640)
  expect(readIdentity(bench.stateDir)).toMatchObject({
    ok: false,
    refusal: { code: 'exposed', hint: expect.stringMatching(/chmod 600/) },
  })
  chmodSync(path, 0o600)
  writeFileSync(path, encodeNodeIdentity({ ...identity, privateKey: (await member('rs2')).privateKey }))
  expect(readIdentity(bench.stateDir)).toMatchObject({ ok: false, refusal: { code: 'identity-unusable' } })
  writeFileSync(path, '{"v":9,"least":9}')
  expect(readIdentity(bench.stateDir)).toMatchObject({ ok: false, refusal: { code: 'identity-unreadable' } })
})
