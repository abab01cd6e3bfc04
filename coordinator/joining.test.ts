/** The node's side of becoming a coordinator: what it makes, whom it asks, what it keeps of the answer. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Candidate, encodeFollowedCoordinators, encodeNodeIdentity } from '@lvsm/protocol'
import { JOINING } from '@lvsm/raft'
import { expect, onTestFinished, test } from 'vitest'
import { STRAIGHT } from '../agent/process/owner.ts'
import type { Asked, Asking } from './adapters/joining/ask.ts'
import { createStore } from './adapters/store/create.ts'
import { openStore } from './adapters/store/store.ts'
import { MACHINE, NOTHING } from './core/machine.ts'
import { databaseOf, readHeartbeatKeys, readHome } from './home.ts'
import { joinCoordinators, type Joining, type JoiningWorld } from './joining.ts'

const IDENTITY = {
  cluster: 'lab',
  node: 'dir2',
  certificate: 'the node',
  privateKey: 'a secret',
  authority: 'the authority',
  coordinators: [
    {
      addresses: [
        { host: '10.12.0.1', port: 7446 },
        { host: '10.11.0.1', port: 7446 },
      ],
      key: 'ab'.repeat(32),
    },
    { addresses: [{ host: '10.12.0.3', port: 7446 }], key: 'cd'.repeat(32) },
  ],
}
const KEYS = [{ id: 1, file: '/etc/lvsm/heartbeat.key', digits: 'ab'.repeat(32) }]
const API = [{ host: '10.12.0.2', port: 7445 }]
const MEMBERS = [{ id: 1, addresses: [{ host: '10.12.0.1', port: 7446 }], key: 'ab'.repeat(32) }]
const ACCEPTED: Asked = {
  kind: 'accepted',
  id: 9,
  certificate: 'mine',
  authorityKey: 'signs',
  keys: KEYS,
  members: MEMBERS,
}
const no = (code: string): Asked => ({ kind: 'refused', refusals: [{ code, message: `because ${code}`, hint: 'so' }] })
const silent: Asked = { kind: 'silent', reason: 'ECONNREFUSED' }

function machine(): Joining {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-joining-')))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const identity = join(directory, 'node.json')
  writeFileSync(identity, encodeNodeIdentity(IDENTITY), { mode: 0o600 })
  const stateDir = realpathSync(mkdtempSync(join(directory, 'state-')))
  return { stateDir, identity, listen: [{ host: '10.12.0.2', port: 7446 }], api: API }
}
/** Answers one after the other; the last for ever. */
function world(...answers: readonly Asked[]) {
  const [asked, said]: [Asking[], string[]] = [[], []]
  let pauses = 0
  const one: JoiningWorld = {
    ask: async (asking) => {
      asked.push(asking)
      return answers[Math.min(asked.length, answers.length) - 1] ?? silent
    },
    pause: async () => void pauses++,
    say: (text) => void said.push(text),
    asRoot: STRAIGHT,
  }
  return { ...one, asked, said, pauses: () => pauses }
}

test('it has a home for its user only: keys, the authority to sign with, and a database that knows nothing', async () => {
  const [one, others] = [machine(), world(ACCEPTED)]
  expect(await joinCoordinators(one, others)).toBeNull()
  for (const name of readdirSync(one.stateDir)) expect(statSync(join(one.stateDir, name)).mode & 0o077).toBe(0)
  const read = readHome(one.stateDir)
  if (!read.ok) throw new Error(read.refusal.message)
  const { self, certificate, authority, privateKey } = read.home
  expect(self).toMatchObject({ cluster: 'lab', id: 9, node: 'dir2', listen: one.listen, seeds: MEMBERS })
  expect({ certificate, authority }).toEqual({ certificate: 'mine', authority: 'the authority' })
  expect(privateKey).not.toBe(IDENTITY.privateKey)
  expect(readFileSync(join(one.stateDir, 'authority.key'), 'utf8')).toBe('signs')
  expect(readHeartbeatKeys(one.stateDir)).toEqual(KEYS)
  expect(self.api).toEqual(API)
  const opened = await openStore({ path: databaseOf(one.stateDir), machine: MACHINE })
  if (!opened.ok) throw new Error(opened.refusal.message)
  const { identity, content } = opened.store
  await opened.store.close()
  expect(content).toMatchObject({ entries: [], lastApplied: 0 })
  const candidate: Partial<Candidate> = { store: identity, addresses: one.listen, api: API }
  expect(others.asked).toEqual([expect.objectContaining({ candidate: expect.objectContaining(candidate) })])
})

test('each coordinator is asked, over each address, until one that leads takes it in', async () => {
  const others = world(silent, silent, no('not-leader'), silent, no('not-leader'), no('change-under-way'), ACCEPTED)
  expect(await joinCoordinators(machine(), others)).toBeNull()
  const hosts = others.asked.map(({ address }) => address.host)
  // Who answered is not asked again over another address.
  expect(hosts).toEqual('10.12.0.1 10.11.0.1 10.12.0.3 10.12.0.1 10.11.0.1 10.12.0.3 10.12.0.1'.split(' '))
  expect(others.asked.map(({ key }) => key.slice(0, 2)).slice(0, 3)).toEqual(['ab', 'ab', 'cd'])
  expect(others.pauses()).toBe(2)
  expect(others.said[0]).toBe('not yet: 10.12.0.1:7446: ECONNREFUSED')
})

test('those that its agent heard of last are asked first: those of its identity may be long gone, or the one that was here', async () => {
  const follow = (one: Joining, text: string) =>
    writeFileSync(join(one.identity, '..', 'coordinators.json'), text, { mode: 0o600 })
  const hosts = ({ asked }: { asked: readonly Asking[] }) => asked.map(({ address }) => address.host)
  const list = [
    { id: 8, name: 'dir8', addresses: [{ host: '10.12.0.8', port: 7446 }], key: 'ef'.repeat(32) },
    { id: 3, name: 'rs1', addresses: [{ host: '10.12.0.33', port: 7446 }], key: 'cd'.repeat(32) },
  ]
  const one = machine()
  follow(one, encodeFollowedCoordinators(list))
  const others = world(silent, silent, silent, silent, ACCEPTED)
  expect(await joinCoordinators(one, others)).toBeNull()
  expect(hosts(others)).toEqual('10.12.0.8 10.12.0.33 10.12.0.1 10.11.0.1 10.12.0.8'.split(' '))
  expect(others.asked.map(({ key }) => key.slice(0, 2))).toEqual(['ef', 'cd', 'ab', 'ab', 'ef'])
  const damaged = machine()
  follow(damaged, encodeFollowedCoordinators(list).replace('10.12.0.8', '10.12.0.9'))
  const first = world(ACCEPTED)
  expect(await joinCoordinators(damaged, first)).toBeNull()
  expect(hosts(first)).toEqual(['10.12.0.1'])
})

test('a refusal that does not pass ends it; it may begin again, with the same database and key', async () => {
  const one = machine()
  const first = world(no('not-named'))
  expect(await joinCoordinators(one, first)).toMatchObject({
    exit: 'refused',
    faults: [expect.stringMatching(/because not-named.*\n.*so/s)],
  })
  expect(first.asked).toHaveLength(1)
  expect(readHome(one.stateDir).ok).toBe(false)
  const second = world(ACCEPTED)
  expect(await joinCoordinators(one, second)).toBeNull()
  expect(second.asked[0]?.candidate).toEqual(first.asked[0]?.candidate)
  const third = world(ACCEPTED)
  expect(await joinCoordinators(one, third)).toMatchObject({
    faults: [expect.stringMatching(/has a coordinator already/)],
  })
  expect(third.asked).toEqual([])
})

test('what a home needs is there before it is one: who it is comes last', async () => {
  const one = machine()
  // Where the keys of the heartbeats cannot be written, it is no coordinator, and may ask again.
  mkdirSync(join(one.stateDir, 'heartbeat-keys.json'))
  await expect(joinCoordinators(one, world(ACCEPTED))).rejects.toThrow(/heartbeat-keys/)
  expect(readHome(one.stateDir).ok).toBe(false)
  rmSync(join(one.stateDir, 'heartbeat-keys.json'), { recursive: true })
  expect(await joinCoordinators(one, world(ACCEPTED))).toBeNull()
  expect(readHeartbeatKeys(one.stateDir)).toEqual(KEYS)
})

test('a database of somebody who took part already is not used again', async () => {
  const one = machine()
  const stored = { ...JOINING, entries: [{ index: 1, term: 1, kind: 'noop' as const }] }
  expect(createStore(databaseOf(one.stateDir), MACHINE, () => ({ stored, state: NOTHING }))).toBeNull()
  const others = world(ACCEPTED)
  expect(await joinCoordinators(one, others)).toMatchObject({
    faults: [expect.stringMatching(/has a coordinator already/)],
  })
  expect(others.asked).toEqual([])
})

test('nobody who answers is the fault of the world, with every reason', async () => {
  const [one, others] = [machine(), world(silent)]
  const unready = await joinCoordinators(one, others)
  expect(unready?.exit).toBe('world')
  expect(unready?.faults.join()).toMatch(/10\.12\.0\.1:7446: ECONNREFUSED.*10\.12\.0\.3:7446/s)
  // Told once, as long as it stays the same.
  expect(others.said).toHaveLength(3)
})

test.each<[string, (one: Joining) => void, RegExp]>([
  ['there is no identity', (one) => rmSync(one.identity), /node\.json: .*\n.*lvsm join TOKEN/s],
  ['the identity is damaged', (one) => writeFileSync(one.identity, '{'), /is damaged, or of a newer lvsm/],
  [
    'others may read it',
    (one) => rmSync(one.identity) ?? writeFileSync(one.identity, encodeNodeIdentity(IDENTITY), { mode: 0o644 }),
    /others/,
  ],
])('where %s nothing is asked, and nothing made', async (_, spoil, fault) => {
  const [one, others] = [machine(), world(ACCEPTED)]
  spoil(one)
  expect((await joinCoordinators(one, others))?.faults.join('\n')).toMatch(fault)
  expect(others.asked).toEqual([])
  expect(existsSync(databaseOf(one.stateDir))).toBe(false)
})
