/** An agent that follows: what it starts with, what it takes over, and what it says meanwhile, of coordinators good and bad. */
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { encodeNodeIdentity, type FeedMessage } from '@lvsm/protocol'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { line } from '../../coordinator/adapters/links/fixture.ts'
import { readKeyRing, sha256 } from './adapters/feed/kept.ts'
import { readHalves } from './adapters/pair-keys.ts'
import { readIdentity } from './identity.ts'
import { Questions } from './questions.ts'
import { member, until, Played, facts, file, whole, change, gives, Bench, applied } from './fixture-following.ts'

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

test('what the coordinators say of themselves is for whoever tells people; another coordinator says it anew', async () => {
  const [one, other] = [await new Played().listen(), await new Played().listen()]
  const bench = await new Bench().enter(one.place, other.place)
  const troubles: FeedMessage = {
    kind: 'troubles',
    list: [{ code: 'coordinator-disk', severity: 'critical', object: 'node dir1', message: 'no room' }],
  }
  for (const played of [one, other]) played.answer = gives(whole(1), facts(0), troubles)
  bench.follow()
  await until(() => bench.troubles.length === 1)
  expect(bench.troubles).toEqual([['coordinator-disk node dir1']])
  const followed = one.heard.length > 0 ? one : other
  await followed.stop()
  await until(() => bench.troubles.length === 3)
  expect(bench.troubles.slice(1)).toEqual([[], ['coordinator-disk node dir1']])
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
  // Said again with whatever else is news.
  expect([...new Set(rings())]).toEqual([4, 5])
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

test('where the coordinators are they say themselves: the first ones of all may be gone', async () => {
  const [first, second] = [await new Played().listen(), await new Played().listen()]
  const bench = await new Bench().enter(first.place)
  first.answer = gives({ kind: 'coordinators', list: [{ id: 2, name: 'dir2', ...second.place }] }, whole(1), facts(0))
  second.answer = gives(whole(2), facts(0))
  const following = bench.follow()
  await until(() => bench.used.length === 1)
  await until(() => following.places().length === 2)
  // Whoever is followed now is asked first.
  expect(following.places().map(({ key }) => key)).toEqual([first.place.key, second.place.key])
  await first.stop()
  await until(() => bench.used.at(-1) === 'goes on with 2')
  following.close()
  bench.follow()
  await until(() => second.sockets.length === 2)
})

test('who waits for an answer about the cluster hears at once that its coordinator has gone', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  played.answer = (message, say) => {
    if (message.kind === 'follow') say(whole(1), facts(0))
    if (message.kind === 'question') played.sockets.at(-1)?.terminate()
  }
  const following = bench.follow()
  await until(() => bench.used.length === 1)
  const ended = vi.spyOn(Questions.prototype, 'closed')
  onTestFinished(() => ended.mockRestore())
  const answers: unknown[] = []
  following.ask('status', (answer) => answers.push(answer))
  await until(() => answers.length === 1)
  expect(answers).toEqual([null])
  await until(() => ended.mock.calls.length > 0)
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

describe('what the coordinators prove', () => {
  async function asked() {
    const played = await new Played().listen()
    const bench = await new Bench().enter(played.place)
    played.answer = gives(whole(1), facts(0))
    const following = bench.follow()
    await until(() => applied(played).length === 1)
    const confirmed: number[] = []
    const confirm = (): void => following.confirm('ab', ({ revision }) => void confirmed.push(revision))
    const numbers = (): number[] => played.heard.flatMap((one) => (one.kind === 'prove' ? [one.number] : []))
    return { played, bench, confirmed, confirm, numbers }
  }
  test('counts once it is in use: asked once, however often the lease process wants it', async () => {
    const { played, bench, confirmed, confirm, numbers } = await asked()
    confirm()
    confirm()
    await until(() => numbers().length === 1)
    played.say({ kind: 'proved', number: 1, revision: 2 }, facts(1))
    await until(() => bench.used.length === 2)
    expect(confirmed).toEqual([])
    played.say(change(1, 2))
    await until(() => confirmed.length === 1)
    expect([confirmed, numbers()]).toEqual([[2], [1]])
    confirm()
    await until(() => numbers().length === 2)
    played.say({ kind: 'proved', number: 2, revision: 2 })
    await until(() => confirmed.length === 2)
  })
  test('to an earlier question, or on an earlier connection, is none to this one', async () => {
    const { played, confirmed, confirm, numbers } = await asked()
    confirm()
    await until(() => numbers().length === 1)
    played.say({ kind: 'proved', number: 1, revision: null })
    await until(() => (confirm(), numbers().length === 2))
    played.say({ kind: 'proved', number: 1, revision: 1 })
    played.sockets.at(-1)?.terminate()
    await until(() => applied(played).length === 2)
    played.say({ kind: 'proved', number: 2, revision: 1 })
    await until(() => (confirm(), numbers().length === 3))
    expect(confirmed).toEqual([])
    played.say({ kind: 'proved', number: 3, revision: 1 })
    await until(() => confirmed.length === 1)
  })
})

test('the epoch that the lease process acts on is told with the revision, now and on each connection', async () => {
  const played = await new Played().listen()
  const bench = await new Bench().enter(played.place)
  played.answer = gives(whole(1), facts(0))
  const following = bench.follow()
  await until(() => applied(played).length === 1)
  following.acts(3)
  await until(() => applied(played).length === 2)
  played.sockets.at(-1)?.terminate()
  await until(() => applied(played).length === 3)
  expect(played.heard.filter(({ kind }) => kind === 'applied')).toEqual([
    { kind: 'applied', revision: 1, facts: 0 },
    { kind: 'applied', revision: 1, facts: 0, epoch: 3 },
    { kind: 'applied', revision: 1, facts: 0, epoch: 3 },
  ])
})
