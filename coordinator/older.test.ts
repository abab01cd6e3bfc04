/** An agent of this version with a coordinator of one that knows no reports, and takes no longer word than 4096 bytes. */
import { createHash } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeFollowerMessage, encodeFeedMessage, type OwnReport } from '@lvsm/protocol'
import { fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { CALLER_OPTIONS } from '../agent/node/adapters/feed/caller.ts'
import { Following } from '../agent/node/following.ts'
import type { Coordinators } from '../agent/node/ports.ts'
import { FEED } from '../agent/nodelink/dial.ts'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { enrolled } from '../test/kit/enrolled.ts'
import { NodeServer } from './adapters/links/node-server.ts'
import { Publication } from './feed/publication.ts'
import { due, followed } from './feed/session.ts'
import { coordinatorsOf } from './feed/source.ts'

const AUTHORITY = await makeAuthority('lab')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function older() {
  const configuration = new MemoryConfiguration()
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(AUTHORITY, { name: 'dir1', publicKey })
  const told = { count: () => undefined, trouble: () => undefined }
  const identity = { certificate, privateKey, authority: AUTHORITY.certificate }
  const server = new NodeServer(identity, told, { waiting: [64, 16], open: [2048, 32] })
  onTestFinished(() => server.close())
  await server.listen([{ host: '127.0.0.1', port: 0 }])
  const record = { name: 'dir1', addresses: server.endpoints, key: fingerprintOfKey(publicKey) }
  const records = new Map([[1, record]])
  const upgrades = new WebSocketServer({ noServer: true, maxPayload: 4096 })
  const seen = { visits: 0, unknown: 0, applied: 0 }
  server.serve(FEED, ({ request, socket: raw, head }) => {
    seen.visits += 1
    upgrades.handleUpgrade(request, raw, head, (socket) => {
      socket.on('error', () => socket.terminate())
      socket.on('message', (data) => {
        const read = decodeFollowerMessage(String(data))
        const state = configuration.known()
        if (!read.ok || !state) return
        const { message } = read
        if (message.kind === 'applied') seen.applied = message.revision
        if (message.kind === 'report' || message.kind === 'question') seen.unknown += 1
        if (message.kind !== 'follow') return
        const publication = new Publication(state, sha256, null)
        const view = { publication, records, coordinators: coordinatorsOf(records), leaderless: false }
        for (const one of due(followed(message), view).messages) socket.send(encodeFeedMessage(one))
      })
    })
    return true
  })
  return { seen, node: await enrolled(configuration, AUTHORITY, 'lab', 'rs1', [record]) }
}

test('it is followed as before: the agent tells it in few words that it could report, and no more', async () => {
  const { seen, node } = await older()
  const stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-older-')))
  let coordinators: Coordinators | null = null
  const begin = (known: Coordinators) => {
    coordinators = known
    return { reload: () => true, note: () => undefined }
  }
  const options = { ...CALLER_OPTIONS, probeMs: 300 }
  const following = new Following({ identity: node, stateDir, say: () => undefined, begin }, options)
  onTestFinished(() => {
    following.close()
    rmSync(stateDir, { recursive: true, force: true })
  })
  const own = (turn: number): OwnReport => ({
    boot: 'a',
    self: { revision: 1, state: 'idle', reason: `turn ${turn} ${'x'.repeat(200)}`, standby: false, versions: {} },
    lease: null,
    troubles: Array.from({ length: 50 }, (_, at) => ({ code: `t${at}`, severity: 'info', message: 'x'.repeat(200) })),
    pings: {},
    ready: {},
    counters: {},
    dark: {},
    shut: {},
    blind: {},
    established: {},
    rates: null,
    tables: {},
    events: [],
  })
  await vi.waitUntil(() => seen.applied === 1, { timeout: 30_000 })
  const until = performance.now() + 2000
  let turn = 0
  await vi.waitUntil(
    () => {
      coordinators?.report(own(++turn))
      return performance.now() > until
    },
    { timeout: 30_000 },
  )
  expect(seen).toEqual({ visits: 1, unknown: 1, applied: 1 })
  // Who asks this node hears soon that nobody knows.
  expect(await new Promise((done) => coordinators?.ask('status', done))).toBeNull()
})
