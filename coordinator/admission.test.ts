/** Who becomes a coordinator: with a real one that leads. */
import { encodeEntry, type Candidate, type Entry } from '@lvsm/protocol'
import { fingerprintOf, fingerprintOfKey, makeAuthority, makeKeyPair } from '@lvsm/trust'
import { afterEach, expect, test, vi } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { Hub, Place, SOON } from '../test/kit/coordinators.ts'
import { admit } from './admission.ts'

const places: Place[] = []
afterEach(async () => {
  for (const place of places.splice(0)) {
    await place.stop()
    place.remove()
  }
})
const AUTHORITY = await makeAuthority('lab')
const KEYS = [{ id: 1, file: '/etc/lvsm/heartbeat.key', digits: 'ab'.repeat(32) }]
const SECRETS = { signer: AUTHORITY, keys: KEYS }
const API = [{ host: '10.12.0.2', port: 7445 }]
const { publicKey } = makeKeyPair()
const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  kind: 'candidate',
  store: 'store-2',
  key: publicKey,
  addresses: [{ host: '10.12.0.2', port: 7446 }],
  ...more,
})
const named: Entry = {
  kind: 'change',
  author: 'alice',
  at: 1,
  comment: '',
  base: null,
  command: { verb: 'set', noun: 'node', which: { node: 'rs1' }, values: { coordinator: true }, model: 1 },
}

async function leading(...commands: readonly Entry[]): Promise<Place> {
  const place = new Place('dir1', new Hub())
  places.push(place)
  await (await place.found(...commands.map(encodeEntry))).start()
  await vi.waitUntil(async () => (await place.coordinator.read()).kind === 'state', SOON)
  return place
}
const codes = async (...[one, node, place, signer = AUTHORITY]: [Candidate, string, Place, typeof AUTHORITY?]) => {
  const answer = await admit(one, node, place.coordinator, { signer, keys: [] })
  return answer.kind === 'refused' ? answer.refusals.map(({ code }) => code).join() : answer.kind
}

test('a director becomes a member, as a learner, and is told who the others are; asking again is the same', async () => {
  const place = await leading()
  const answer = await admit(candidate({ api: API }), 'dir2', place.coordinator, SECRETS)
  if (answer.kind !== 'accepted') throw new Error(JSON.stringify(answer))
  expect(answer.authorityKey).toBe(AUTHORITY.privateKey)
  expect(answer.keys).toEqual(KEYS)
  expect(place.coordinator.records().get(answer.id)?.api).toEqual(API)
  expect(fingerprintOf(answer.certificate)).toBe(fingerprintOfKey(publicKey))
  expect(answer.members).toEqual([{ id: 1, addresses: [{ host: '192.0.2.1', port: 7446 }], key: 'ab'.repeat(32) }])
  const { membership } = place.coordinator.status().raft
  expect(membership.members).toContainEqual({ id: answer.id, store: 'store-2', role: 'learner' })
  expect(place.coordinator.status().members.get(answer.id)?.name).toBe('dir2')
  expect(await admit(candidate({ api: API }), 'dir2', place.coordinator, SECRETS)).toMatchObject({
    kind: 'accepted',
    id: answer.id,
  })
  expect(place.coordinator.members()).toHaveLength(2)
})

test('one that is not to be one stays outside, and nothing is changed', async () => {
  const place = await leading()
  expect(await codes(candidate(), 'rs9', place)).toBe('unknown-node')
  expect(await codes(candidate(), 'rs1', place)).toBe('not-named')
  expect(await codes(candidate({ key: 'no key' }), 'dir2', place)).toBe('bad-key')
  expect(await codes(candidate(), 'dir1', place)).toBe('name-taken')
  const answer = await admit(candidate(), 'dir2', place.coordinator, { signer: null, keys: [] })
  expect(answer).toMatchObject({ refusals: [{ code: 'no-authority-key' }] })
  expect(place.coordinator.members()).toHaveLength(1)
})

test('a realserver that an operator named may; a second database or key of one that is there is another', async () => {
  const place = await leading(named)
  expect(await codes(candidate(), 'rs1', place)).toBe('accepted')
  expect(await codes(candidate({ store: 'store-3' }), 'rs1', place)).toBe('name-taken')
  expect(await codes(candidate({ key: makeKeyPair().publicKey }), 'rs1', place)).toBe('name-taken')
  expect(await codes(candidate(), 'dir2', place)).toBe('name-taken')
  // Of a machine that takes the place of a lost one.
  const answer = await admit(candidate({ store: 'store-3' }), 'rs1', place.coordinator, SECRETS)
  expect(answer).toMatchObject({ refusals: [{ hint: expect.stringContaining('lvsm coordinators remove rs1') }] })
})

const newest = () => {
  const configuration = new MemoryConfiguration()
  return { read: () => configuration.read() }
}

test('one that is behind asks the others first: what it has itself says nothing of an operator who has just named the node', async () => {
  const place = await leading()
  const old = place.coordinator.known()
  const place2 = await leading(named)
  const { coordinator } = place2
  const behind = {
    known: () => old,
    read: () => coordinator.read(),
    members: () => coordinator.members(),
    add: (...added: Parameters<typeof coordinator.add>) => coordinator.add(...added),
  }
  expect(await admit(candidate(), 'rs1', behind, SECRETS)).toMatchObject({ kind: 'accepted' })
  const refusal = { code: 'no-leader', message: 'nobody leads', hint: 'wait' }
  const alone = { ...behind, read: async () => ({ kind: 'refused', refusal }) as const }
  expect(await admit(candidate(), 'rs9', alone, SECRETS)).toMatchObject({ refusals: [{ code: 'no-leader' }] })
})

test('one that asks again before its first asking is done is told to ask again, and not that it is another', async () => {
  const { read } = newest()
  const nobody = async (): Promise<never> => expect.fail('nobody is added twice')
  const asked = { id: 7, store: 'store-2', record: null }
  // Of the log, and not committed yet.
  const appended = { read, members: () => [asked], add: nobody }
  expect(await admit(candidate(), 'dir2', appended, SECRETS)).toMatchObject({ refusals: [{ code: 'unknown' }] })
  // Another coordinator took it in, and this one has not heard of it.
  const refusal = { code: 'already-member', message: 'this node is member 7 already', hint: 'use that id' }
  const behind = { read, members: () => [], add: async () => ({ kind: 'refused', refusal }) as const }
  expect(await admit(candidate(), 'dir2', behind, SECRETS)).toMatchObject({ refusals: [{ code: 'unknown' }] })
})

test('what the others answered is told as it is: a refusal of theirs, or that nobody knows', async () => {
  const { read } = newest()
  const refusal = { code: 'not-leader', message: 'no', hint: 'another' }
  for (const [answer, told] of [
    [{ kind: 'unknown' }, { code: 'unknown', hint: 'asking again is safe' }],
    [{ kind: 'refused', refusal }, refusal],
  ] as const) {
    const others = { read, members: () => [], add: async () => answer }
    expect(await admit(candidate(), 'dir2', others, SECRETS)).toMatchObject({ kind: 'refused', refusals: [told] })
  }
})
