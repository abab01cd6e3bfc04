/** For the tests of this room: coordinators on the loopback, each with its key, and what they heard, counted and told. */
import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { seededRandom, type Trouble } from '@lvsm/base'
import type { InstallSnapshot } from '@lvsm/raft'
import { type Authority, fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { expect, onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import type { Ask, Peer, PeerMessage } from '../../ports.ts'
import { type Address, type Call, dial, secureContext } from '../../../agent/nodelink/dial.ts'
import type { Links } from './links.ts'
import type { NodeServer } from './node-server.ts'
import { openLinks } from './open.ts'
import { type LinkOptions, linkOptions, type NodeIdentity } from './options.ts'

/** Short, and long enough for a machine that does other things too. */
export const FAST: LinkOptions = { ...linkOptions(400), connectMs: 3000, backoffMs: [20, 100], stallMs: 3000 }
export const soon = { timeout: 20_000, interval: 10 }
const HELLO = 'hello'
export const HOST = '127.0.0.1'

export const AUTHORITY = await makeAuthority('lab')
export interface Identity extends NodeIdentity {
  readonly key: string
}
export async function identityOf(name: string, authority: Authority = AUTHORITY): Promise<Identity> {
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(authority, { name, publicKey })
  return { privateKey, certificate, authority: AUTHORITY.certificate, key: fingerprintOfKey(publicKey) }
}

export interface Coordinator {
  readonly id: number
  readonly identity: Identity
  readonly links: Links
  readonly server: NodeServer
  /** Greetings aside. */
  readonly heard: PeerMessage[]
  readonly met: Set<string>
  readonly snapshots: { readonly message: InstallSnapshot; readonly state: string }[]
  readonly removedBy: number[]
  readonly counts: Map<string, number>
  readonly troubles: Map<string, Trouble>
  /** As others are to know it. */
  readonly peer: Peer
}
export interface Setting {
  readonly identity?: Identity
  readonly options?: Partial<LinkOptions>
  readonly port?: number
}
export async function coordinator(id: number, setting: Setting = {}): Promise<Coordinator> {
  const { identity = await identityOf(`n${id}`), options = {}, port = 0 } = setting
  const heard: PeerMessage[] = []
  const met = new Set<string>()
  const snapshots: { message: InstallSnapshot; state: string }[] = []
  const removedBy: number[] = []
  const counts = new Map<string, number>()
  const troubles = new Map<string, Trouble>()
  const opened = await openLinks({
    id,
    identity,
    options: { ...FAST, ...options },
    random: seededRandom(id),
    listen: [{ host: HOST, port }],
    heard: {
      heard: (message) => {
        if (message.kind === 'ask' && message.id.startsWith(HELLO)) met.add(message.id)
        else heard.push(message)
      },
      removed: (by) => removedBy.push(by),
      snapshot: (message, state) => snapshots.push({ message, state }),
    },
    told: {
      count: (counter) => counts.set(counter, (counts.get(counter) ?? 0) + 1),
      trouble: (about, trouble) => (trouble ? troubles.set(about, trouble) : troubles.delete(about)),
    },
  })
  if (!opened.ok) throw new Error(opened.refusal.message)
  const { links, server } = opened
  onTestFinished(() => links.end())
  const peer = { id, addresses: server.endpoints, key: identity.key }
  return { id, identity, links, server, heard, met, snapshots, removedBy, counts, troubles, peer }
}
/** All of them know each other. */
export function introduce(...all: readonly Coordinator[]): void {
  for (const { links } of all) links.know(all.map(({ peer }) => peer))
}

export const ask = (from: number, to: number, id: string, payload: string | null = null): Ask => ({
  kind: 'ask',
  from,
  to,
  id,
  payload,
})
/** Sends until one has arrived: there is no other sign that two are connected. */
export async function meet(from: Pick<Coordinator, 'id' | 'links'>, to: Coordinator): Promise<void> {
  const id = `${HELLO} ${Math.random()}`
  const hasCome = (): boolean => {
    from.links.send(ask(from.id, to.id, id))
    return to.met.has(id)
  }
  await expect.poll(hasCome, soon).toBe(true)
}

/** Somebody who dials by hand. */
export function stranger(to: Coordinator, identity: NodeIdentity, path: Call['path']): WebSocket {
  const [address] = to.peer.addresses as [Address]
  const call = { address, path, key: to.peer.key, secure: secureContext(identity), connectMs: 3000, maxPayload: 4096 }
  const socket = dial(call)
  socket.on('error', () => undefined)
  onTestFinished(() => socket.terminate())
  return socket
}
export async function visit(to: Coordinator, identity: NodeIdentity, path: Call['path']): Promise<WebSocket> {
  const socket = stranger(to, identity, path)
  await once(socket, 'open')
  return socket
}

export interface Line {
  readonly address: Address
  /** Bytes a second, both ways; 0: nothing passes, and nothing says so. */
  rate: number
  /** Bytes so far. */
  passed: number
}
const TICK_MS = 10
/** A line to a coordinator that may be slow, or dead without a word. */
export async function line(to: Address, rate = Number.POSITIVE_INFINITY): Promise<Line> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to)
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.setNoDelay(true).pause()
      from.on('error', () => into.destroy())
      from.on('close', () => into.destroy())
      const timer = setInterval(() => {
        const share = Math.min(made.rate / (1000 / TICK_MS), 1 << 20)
        const bytes: unknown = share > 0 ? (from.read(Math.min(share, from.readableLength) || 1) ?? null) : null
        if (!Buffer.isBuffer(bytes)) return
        made.passed += bytes.length
        into.write(bytes)
      }, TICK_MS)
      from.on('close', () => clearInterval(timer))
      from.on('readable', () => undefined)
      from.on('end', () => made.rate > 0 && into.end())
    }
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  const made: Line = {
    address: { host: HOST, port: typeof address === 'object' && address ? address.port : 0 },
    rate,
    passed: 0,
  }
  return made
}
