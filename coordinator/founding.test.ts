/** A cluster's configuration begins: whole, or not at all. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { renderDocument } from '@lvsm/changes'
import { decodeNodeIdentity, decodeOwnHalves, OWN_HALVES } from '@lvsm/protocol'
import { fingerprintOf, fingerprintOfKey } from '@lvsm/trust'
import { expect, onTestFinished, test } from 'vitest'
import { DOCUMENT } from '../packages/changes/src/fixture.ts'
import { Passwords } from './adapters/api/passwords.ts'
import { openStore } from './adapters/store/store.ts'
import { MACHINE } from './core/machine.ts'
import { firstUser } from './first-user.ts'
import { found, type Founding } from './founding.ts'
import { databaseOf, readAuthority, readHeartbeatKeys, readHome } from './home.ts'

const DIGITS = '9b'.repeat(32)
function founding(text = renderDocument(DOCUMENT, 1)): Founding {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-founding-')))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'lvsm.yaml')
  writeFileSync(file, text.replace('/etc/lvsm/key', 'heartbeat.key'))
  writeFileSync(join(directory, 'heartbeat.key'), `${DIGITS}\n`, { mode: 0o600 })
  const stateDir = realpathSync(mkdtempSync(join(directory, 'state-')))
  const listen = [{ host: '192.0.2.11', port: 7446 }]
  const identity = join(directory, 'agent', 'node.json')
  const api = [{ host: '192.0.2.11', port: 7445 }]
  return { stateDir, file, node: 'dir1', listen, api, identity, admin: null, author: 'alice', at: 1234 }
}

test('there are keys for root only, and a database whose log begins with the file', async () => {
  const one = founding()
  expect(await found(one)).toBeNull()
  for (const name of readdirSync(one.stateDir)) expect(statSync(join(one.stateDir, name)).mode & 0o077).toBe(0)
  const read = readHome(one.stateDir)
  if (!read.ok) throw new Error(read.refusal.message)
  expect(read.home.self).toMatchObject({
    cluster: DOCUMENT.cluster,
    id: 1,
    node: 'dir1',
    listen: one.listen,
    api: one.api,
  })
  expect(readHeartbeatKeys(one.stateDir)).toEqual([{ id: 1, file: 'heartbeat.key', digits: DIGITS }])
  expect(readAuthority(one.stateDir, read.home.authority)?.privateKey).toMatch(/PRIVATE KEY/)
  const opened = await openStore({ path: databaseOf(one.stateDir), machine: MACHINE })
  if (!opened.ok) throw new Error(opened.refusal.message)
  const [first] = opened.store.content.entries
  const { members, configured } = MACHINE.apply(
    opened.store.content.machine,
    first ?? { kind: 'noop', index: 1, term: 1 },
  ).state
  const { api } = one
  expect(members.get(1)).toEqual({
    name: 'dir1',
    addresses: one.listen,
    key: fingerprintOf(read.home.certificate),
    api,
  })
  const identity = decodeNodeIdentity(readFileSync(one.identity, 'utf8'))
  if (!identity) throw new Error('no identity')
  // Its own key, which the log knows; and the coordinator's, which it is to ask.
  const key = fingerprintOf(identity.certificate)
  expect(key).not.toBe(fingerprintOf(read.home.certificate))
  expect(fingerprintOfKey(identity.privateKey)).toBe(key)
  // Its heartbeat key signs from the beginning.
  const [half] = decodeOwnHalves(readFileSync(join(dirname(one.identity), OWN_HALVES), 'utf8')) ?? []
  const keys = [{ id: 1, public: half?.public, since: 1 }]
  const heartbeat = { keys, signWith: 1, since: 1, shared: false }
  expect(configured?.enrolled).toMatchObject({
    nodes: [{ name: 'dir1', key, at: 1234, token: null, heartbeat }],
    ring: 1,
  })
  expect(identity).toMatchObject({
    cluster: DOCUMENT.cluster,
    node: 'dir1',
    authority: read.home.authority,
    coordinators: [{ addresses: one.listen, key: members.get(1)?.key }],
  })
  expect(statSync(one.identity).mode & 0o777).toBe(0o600)
  await opened.store.close()
})

test('the first user is an administrator, whose password is that of the first line, and nowhere as it is', async () => {
  const cost = { n: 16, r: 1, p: 1 }
  const admin = await firstUser('admin', 'correct horse\nnot this\n', new Passwords(cost))
  if ('faults' in admin) throw new Error(admin.faults.join())
  const one = { ...founding(), admin }
  expect(await found(one)).toBeNull()
  const opened = await openStore({ path: databaseOf(one.stateDir), machine: MACHINE })
  if (!opened.ok) throw new Error(opened.refusal.message)
  const [first] = opened.store.content.entries
  const { configured } = MACHINE.apply(opened.store.content.machine, first ?? { kind: 'noop', index: 1, term: 1 }).state
  const [user] = configured?.people.users ?? []
  expect(user).toMatchObject({ name: 'admin', role: 'admin', author: 'alice', at: 1234 })
  expect(await new Passwords(cost).verify('correct horse', user?.password ?? null)).toBe(true)
  expect(readFileSync(databaseOf(one.stateDir)).includes('correct horse')).toBe(false)
  await opened.store.close()
})
test.each(['', 'short\nbut longer below', 'x'.repeat(1025)])('a password of the wrong length is none', async (text) =>
  expect(await firstUser('admin', text)).toMatchObject({
    exit: 'refused',
    faults: [expect.stringMatching(/8 to 1024 characters/)],
  }),
)

test('an identity of another cluster stays as it is; one of a founding that ended half-way does not', async () => {
  const [one, other] = [founding(), founding()]
  await found(other)
  const kept = readFileSync(other.identity, 'utf8')
  const refused = await found({ ...one, identity: other.identity })
  expect(refused?.faults.join('\n')).toMatch(/is there already: this node is in a cluster.*\n.*remove it/)
  expect(readFileSync(other.identity, 'utf8')).toBe(kept)
  expect(readdirSync(one.stateDir)).toEqual([])
  rmSync(databaseOf(other.stateDir))
  writeFileSync(join(other.stateDir, 'beginning'), '')
  expect(await found(other)).toBeNull()
  expect(existsSync(join(other.stateDir, 'beginning'))).toBe(false)
  expect(readFileSync(other.identity, 'utf8')).not.toBe(kept)
})

test('where a database was moved away, the keys of that cluster and the identity stay as they are', async () => {
  const one = founding()
  await found(one)
  const text = (): string[] =>
    [...readdirSync(one.stateDir).map((name) => join(one.stateDir, name)), one.identity].map((path) =>
      readFileSync(path, 'utf8'),
    )
  renameSync(databaseOf(one.stateDir), `${one.identity}.db`)
  const before = text()
  const refused = await found(one)
  expect(refused?.faults.join('\n')).toMatch(
    /authority\.key is there, and .*coordinator\.db is not[^]*put the database back/,
  )
  expect(text()).toEqual(before)
  // Without its identity, too.
  rmSync(one.identity)
  expect((await found(one))?.exit).toBe('refused')
  expect(existsSync(one.identity)).toBe(false)
})

test('where the database cannot be made there is no identity either, and it begins when it can', async () => {
  const one = founding()
  // As on a full disk: the last of what is written.
  const inTheWay = `${databaseOf(one.stateDir)}.new`
  mkdirSync(inTheWay)
  await expect(found(one)).rejects.toThrow(/directory/i)
  expect(existsSync(one.identity)).toBe(false)
  rmSync(inTheWay, { recursive: true })
  expect(await found(one)).toBeNull()
  expect(existsSync(one.identity)).toBe(true)
})

test.each<[string, Partial<Founding>, string, RegExp]>([
  ['a file with faults', {}, 'cluster: [', /lvsm\.yaml:\d+:\d+/],
  ['a file that has no such node', { node: 'dir9' }, renderDocument(DOCUMENT, 1), /no node dir9.*\n.*it has .*dir1/],
  ['a name that every object has', { node: 'constructor' }, renderDocument(DOCUMENT, 1), /no node constructor/],
  ['a file that is not there', { file: '/nonexistent/lvsm.yaml' }, '', /no such file/],
])('%s begins nothing', async (_, change, text, fault) => {
  const one = { ...founding(text), ...change }
  const refused = await found(one)
  expect(refused?.exit).toBe('refused')
  expect(refused?.faults.join('\n')).toMatch(fault)
  expect(refused?.faults.join('\n')).toMatch(/nothing was changed/)
  expect(readdirSync(one.stateDir)).toEqual([])
})

test.each<[string, (key: string) => void, RegExp]>([
  ['is not there', (key) => rmSync(key), /keys\[0\]\.file.*no such file/],
  ['others may read', (key) => chmodSync(key, 0o644), /others may use the secret/],
  ['is none', (key) => writeFileSync(key, 'abc'), /hexadecimal digits/],
])('a key of the heartbeat that %s begins nothing', async (_, spoil, fault) => {
  const one = founding()
  spoil(join(one.file, '..', 'heartbeat.key'))
  const refused = await found(one)
  expect(refused?.faults.join('\n')).toMatch(fault)
  expect(refused?.faults.join('\n')).not.toMatch(/9b9b|abc/)
  expect(readdirSync(one.stateDir)).toEqual([])
})

test('where one is, nothing is touched', async () => {
  const one = founding()
  await found(one)
  const before = statSync(join(one.stateDir, 'node.key')).mtimeMs
  expect((await found(one))?.faults.join('\n')).toMatch(/is there already.*\n.*--state-dir/)
  expect(statSync(join(one.stateDir, 'node.key')).mtimeMs).toBe(before)
})

test('a home that lacks a file, or shows its key to others, is refused', async () => {
  const one = founding()
  expect(readHome(one.stateDir)).toMatchObject({
    ok: false,
    refusal: { code: 'no-coordinator', hint: expect.stringMatching(/lvsm init/) },
  })
  await found(one)
  const json = join(one.stateDir, 'coordinator.json')
  expect(existsSync(json)).toBe(true)
  writeFileSync(json, '{"v":9,"least":9}')
  expect(readHome(one.stateDir)).toMatchObject({
    ok: false,
    refusal: { message: expect.stringMatching(/damaged, or of a newer/) },
  })
})
