/** A node asks to be a coordinator: over the real port for nodes, with a certificate of the cluster's. */
import { once } from 'node:events'
import type { Admission, Candidate } from '@lvsm/protocol'
import { makeAuthority } from '@lvsm/trust'
import { describe, expect, it } from 'vitest'
import { coordinator, type Identity, identityOf, stranger, visit } from '../links/fixture.ts'
import { JOINING } from '../../../agent/nodelink/dial.ts'
import { askAdmission } from './ask.ts'
import { openDoor } from './door.ts'

const CANDIDATE: Candidate = {
  kind: 'candidate',
  store: 'a database',
  key: 'a key',
  addresses: [{ host: '10.12.0.2', port: 7446 }],
}
const ACCEPTED: Admission = {
  kind: 'accepted',
  id: 9,
  certificate: 'a certificate',
  authorityKey: 'a secret',
  keys: [],
  members: [{ id: 1, addresses: [{ host: '10.12.0.1', port: 7446 }], key: 'ab'.repeat(32) }],
}

async function door(admit: (candidate: Candidate, node: string) => Promise<Admission>) {
  const [one, node] = [await coordinator(1), await identityOf('dir2')]
  const crashes: unknown[] = []
  openDoor(one.server, {
    nodeOf: (key) => (key === node.key ? 'dir2' : null),
    admit,
    crashed: (error) => crashes.push(error),
  })
  const ask = (identity: Identity = node, key = one.identity.key) =>
    askAdmission({ address: one.peer.addresses[0] ?? { host: '', port: 0 }, key, identity, candidate: CANDIDATE })
  return { one, node, ask, crashes }
}

describe('a node', () => {
  it('is told what becomes of it, by whom its certificate says that it is', async () => {
    const asked: unknown[] = []
    const { ask } = await door(async (...words) => {
      asked.push(words)
      return ACCEPTED
    })
    expect(await ask()).toEqual(ACCEPTED)
    expect(asked).toEqual([[CANDIDATE, 'dir2']])
  })
  it('is told why not', async () => {
    const refused: Admission = { kind: 'refused', refusals: [{ code: 'not-named', message: 'no', hint: 'yes' }] }
    const { ask } = await door(async () => refused)
    expect(await ask()).toEqual(refused)
  })
  it('is told of a fault over there, which is told there too', async () => {
    const { ask, crashes } = await door(() => Promise.reject(new Error('a defect')))
    expect(await ask()).toMatchObject({ kind: 'refused', refusals: [{ code: 'bug' }] })
    expect(crashes).toHaveLength(1)
  })
  it('whose key nobody knows is not listened to', async () => {
    const { one, ask } = await door(async () => ACCEPTED)
    expect(await ask(await identityOf('rs9'))).toEqual({
      kind: 'silent',
      reason: expect.stringMatching(/^it does not know this node's key/),
    })
    expect(one.counts.get('drop-connection-key')).toBe(1)
  })
  it('asks a few times at once at most, and others are answered', async () => {
    const { one, node, ask } = await door(async () => ACCEPTED)
    for (let times = 0; times < 4; times++) await visit(one, node, JOINING)
    expect(await ask()).toMatchObject({ kind: 'silent', reason: expect.stringMatching(/as many requests as it can/) })
  })
  it('says nothing to another coordinator than the one that it means', async () => {
    const asked: unknown[] = []
    const { ask, node } = await door(async (candidate) => {
      asked.push(candidate)
      return ACCEPTED
    })
    expect(await ask(node, 'ab'.repeat(32))).toMatchObject({ kind: 'silent', reason: expect.stringMatching(/key/) })
    const other = await makeAuthority('lab')
    expect(await ask({ ...node, authority: other.certificate })).toMatchObject({ kind: 'silent' })
    expect(asked).toEqual([])
  })
})

it('what is no asking is refused, and the connection ends', async () => {
  const { one, node } = await door(async () => ACCEPTED)
  for (const text of ['', '{}', '{"kind":"candidate"}', JSON.stringify({ ...ACCEPTED, v: 1 }), Buffer.from('x')]) {
    const socket = await visit(one, node, JOINING)
    const closed = once(socket, 'close')
    const answered = once(socket, 'message')
    socket.send(text)
    expect(String((await answered)[0])).toContain('not-understood')
    await closed
  }
  const long = stranger(one, node, JOINING)
  await once(long, 'open')
  const closed = once(long, 'close')
  long.send('x'.repeat(1 << 20))
  await closed
})
