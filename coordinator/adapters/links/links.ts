/**
 * Connections to the other coordinators. Each side dials and speaks on its own connection, so that the two never have to agree on
 * one; a peer is who its public key is in what `know` said last.
 */
import type { SecureContext } from 'node:tls'
import { type Addresses, decodeSpokenAddresses, encodePeerMessage, LONGEST_PEER_MESSAGE } from '@lvsm/protocol'
import type { InstallSnapshot } from '@lvsm/raft'
import { type WebSocket, WebSocketServer } from 'ws'
import type { LinksHeard, LinksPort, Peer, PeerMessage } from '../../ports.ts'
import { listenTo } from './accepted.ts'
import { dial, isAddress, MESSAGES, secureContext, SNAPSHOTS } from '../../../agent/nodelink/dial.ts'
import { Dialled, WHERE, WHO } from './dialled.ts'
import type { NodeServer, Visitor } from './node-server.ts'
import type { LinkContext } from './options.ts'
import { MAX_PAYLOAD, receiveState } from './snapshot-in.ts'
import { ANSWER_BYTES, sendState } from './snapshot-out.ts'

/** Everything that there is with one peer. */
interface Link {
  peer: Peer
  /** Where it said that it is, as it connected; tried before what its record says. */
  spoken: Addresses
  readonly dialled: Dialled
  /** Over which it speaks, and sends a snapshot: the newest of each. */
  messages: WebSocket | null
  arriving: WebSocket | null
  /** Over which it is sent one. */
  leaving: WebSocket | null
}

const upgrades = (maxPayload: number): WebSocketServer =>
  new WebSocketServer({ noServer: true, perMessageDeflate: false, autoPong: false, clientTracking: false, maxPayload })

export class Links implements LinksPort {
  readonly #context: LinkContext
  readonly #server: NodeServer
  readonly #heard: LinksHeard
  readonly #secure: SecureContext
  readonly #links = new Map<number, Link>()
  readonly #upgrades = { messages: upgrades(LONGEST_PEER_MESSAGE), arriving: upgrades(MAX_PAYLOAD) }
  #closed = false
  /** Ids up to this one were all given once. */
  #until = 0

  constructor(context: LinkContext, server: NodeServer, heard: LinksHeard) {
    this.#context = context
    this.#server = server
    this.#heard = heard
    this.#secure = secureContext(context.identity)
    server.serve(MESSAGES, (visitor) => this.#visited(visitor, 'messages'))
    server.serve(SNAPSHOTS, (visitor) => this.#visited(visitor, 'arriving'))
  }

  know(peers: readonly Peer[], until = 0): void {
    if (this.#closed) return
    this.#until = until
    const others = new Map<number, Peer>()
    for (const peer of peers)
      if (peer.id !== this.#context.id) others.set(peer.id, { ...peer, addresses: peer.addresses.filter(isAddress) })
    for (const [id, { peer }] of this.#links) if (others.get(id)?.key !== peer.key) this.#cut(id)
    for (const [id, peer] of others) {
      const link = this.#links.get(id)
      if (!link) this.#begin(peer)
      else if (JSON.stringify(link.peer.addresses) !== JSON.stringify(peer.addresses)) {
        link.peer = peer
        link.dialled.moved(whereIs(link))
      }
    }
  }

  send(message: PeerMessage): void {
    const { bufferBytes, reportBytes } = this.#context.options
    const most = message.kind === 'report' ? reportBytes : bufferBytes
    const sent = this.#links.get(message.to)?.dialled.send(() => encodePeerMessage(message), most)
    if (!sent) this.#context.told.count('peer-unsent')
  }

  sendSnapshot(message: InstallSnapshot, state: string, done: (ok: boolean) => void): void {
    void this.#sendSnapshot(message, state).then((ok) => {
      if (!ok) this.#context.told.count('snapshot-unsent')
      done(ok)
    })
  }

  close(closed: () => void): void {
    void this.end().then(closed)
  }
  /** The server ends with it. */
  async end(): Promise<void> {
    this.#closed = true
    for (const id of this.#links.keys()) this.#cut(id)
    await this.#server.close()
  }

  async #sendSnapshot(message: InstallSnapshot, state: string): Promise<boolean> {
    const link = this.#links.get(message.to)
    const address = link?.dialled.address
    // One at a time: what is under way goes on.
    if (!link || !address || link.leaving) return false
    const { connectMs, stallMs } = this.#context.options
    const { key } = link.peer
    const call = { address, key, secure: this.#secure, connectMs, maxPayload: ANSWER_BYTES }
    const socket = dial({ ...call, path: SNAPSHOTS })
    link.leaving = socket
    const ok = await sendState(socket, message, state, stallMs)
    link.leaving = null
    return ok
  }

  #begin(peer: Peer): void {
    const dialled = new Dialled(peer, this.#context, this.#secure, () => this.#heard.removed(peer.id))
    this.#links.set(peer.id, { peer, dialled, spoken: [], messages: null, arriving: null, leaving: null })
  }

  #cut(id: number): void {
    const link = this.#links.get(id)
    this.#links.delete(id)
    link?.dialled.end()
    for (const socket of [link?.messages, link?.arriving, link?.leaving]) socket?.terminate()
  }

  /** By what it says of itself: whoever lies is told nothing that is not so of that one. */
  #isGone(who: string | string[] | undefined): boolean {
    const id = typeof who === 'string' && /^\d{1,15}$/.test(who) ? Number(who) : Number.POSITIVE_INFINITY
    return id <= this.#until && id !== this.#context.id && !this.#links.has(id)
  }

  #visited({ request, socket: raw, head, key }: Visitor, what: 'messages' | 'arriving'): boolean | 'gone' {
    const id = [...this.#links.values()].find(({ peer }) => peer.key === key)?.peer.id
    if (id === undefined) return this.#isGone(request.headers[WHO]) && 'gone'
    this.#upgrades[what].handleUpgrade(request, raw, head, (socket) => {
      const link = this.#links.get(id)
      // It was removed meanwhile.
      if (link?.peer.key !== key) return socket.terminate()
      // The peer makes a new one only when it has given up the one before, whatever this side believes.
      link[what]?.terminate()
      link[what] = socket
      if (what === 'arriving') {
        return receiveState(socket, id, this.#context, (message, state) => this.#heard.snapshot(message, state))
      }
      if (hasMoved(link, request.headers[WHERE])) link.dialled.moved(whereIs(link))
      listenTo({ socket, raw, from: id }, this.#context, (message) => this.#heard.heard(message))
      link.dialled.nudge()
    })
    return true
  }
}

/** With what it said last of where it is: its record may be of before. */
function whereIs({ peer, spoken }: Link): Peer {
  const recorded = peer.addresses.filter(
    ({ host, port }) => !spoken.some((one) => one.host === host && one.port === port),
  )
  return { ...peer, addresses: [...spoken, ...recorded] }
}

/** Whether it says that it is where nobody knew. The peer itself says so: its key was shown, and is asked for there as well. */
function hasMoved(link: Link, said: string | string[] | undefined): boolean {
  const addresses = typeof said === 'string' ? decodeSpokenAddresses(said)?.filter(isAddress) : undefined
  if (!addresses || JSON.stringify(addresses) === JSON.stringify(link.spoken)) return false
  const before = JSON.stringify(whereIs(link).addresses)
  link.spoken = addresses
  return JSON.stringify(whereIs(link).addresses) !== before
}
