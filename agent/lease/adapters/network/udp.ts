/** Heartbeat datagrams over UDP unicast, one socket for each link of this node. */
import { createSocket, type Socket } from 'node:dgram'
import type { LeaseLink, LeaseView } from '@lvsm/lease'
import { type Datagram, open, type Outgoing, sealer } from '@lvsm/wire'
import { Copies } from './copies.ts'
import { keyring } from './keyring.ts'

export interface Recipient {
  readonly node: string
  readonly incarnation: string | null
}
export interface UdpLinks {
  /**
   * To peers, over the links that both nodes have and that are bound: over all of them, or over one. Beats of their own
   * take turns, so that each link is tried; anything else goes where the peer was heard last. Errors are counted; the
   * next beat tries again.
   */
  send(outgoing: Outgoing, recipients: readonly Recipient[]): void
  close(): void
}

export interface UdpEvents {
  received(datagram: Datagram, link: number): void
  /** A datagram was dropped, or a send failed: counted by reason, never logged one by one. */
  count(reason: string): void
  /**
   * A link cannot be bound: the others go on, it is tried again, and the operator is told once; the first time before
   * `openLinks` returns.
   */
  linkFailed(link: LeaseLink, error: NodeJS.ErrnoException): void
  linkBack(link: LeaseLink): void
}

/** An interface may come up later than this process, and who has the port may end. */
const RETRY_MS = 1000

/** Binds this node's links; a peer's datagram is taken from any of them. */
export function openLinks(view: LeaseView, events: UdpEvents): UdpLinks {
  const own = view.nodes.find((node) => node.name === view.node)?.links ?? []
  const keys = keyring(view.keys)
  const copies = new Copies()
  /** By which of our links each node was heard last. */
  const lastLink = new Map<string, number>()
  const received = (datagram: Datagram, index: number): void => {
    lastLink.set(datagram.from, index)
    events.received(datagram, index)
  }
  const heard = (bytes: Buffer, index: number): void => {
    const judgement = copies.judge(bytes, index)
    if (judgement !== 'new') return judgement === 'replay' ? events.count('drop-replay') : undefined
    const opened = open(bytes, view.cluster, keys)
    if (!opened.ok) return events.count(`drop-${opened.reason}`)
    copies.note(bytes, index)
    received(opened.datagram, index)
  }
  const bound = own.map((link, index) => keepBound(link, (bytes) => heard(bytes, index), events))
  const routes = new Map(view.nodes.map((node) => [node.name, sharedLinks(own, node.links)]))
  /** Of each peer: a count for all would send every second beat to the same. */
  const turns = new Map<string, number>()
  const oneOf = (node: string, shared: readonly Route[], beat: boolean): Route[] => {
    const heard = beat ? undefined : shared.find(({ index }) => index === lastLink.get(node))
    if (heard) return [heard]
    const turn = (turns.get(node) ?? 0) + 1
    turns.set(node, turn)
    return shared.slice(turn % shared.length, (turn % shared.length) + 1)
  }
  const sent = (error: Error | null): void => {
    if (error) events.count(`send-${(error as NodeJS.ErrnoException).code ?? 'error'}`)
  }
  return {
    send(outgoing, recipients) {
      const seal = sealer(outgoing, view.cluster, view.signWith, keys)
      const beat = outgoing.message.kind === 'beat'
      for (const { node, incarnation } of recipients) {
        const bytes = seal(incarnation)
        const shared = (routes.get(node) ?? []).filter(({ index }) => bound[index]?.socket())
        if (shared.length === 0) events.count('send-link-down')
        const chosen = outgoing.spread === 'all' ? shared : oneOf(node, shared, beat)
        for (const { index, peer } of chosen) bound[index]?.socket()?.send(bytes, peer.port, peer.address, sent)
      }
    },
    close() {
      for (const one of bound) one.close()
    },
  }
}

interface Route {
  readonly index: number
  readonly peer: LeaseLink
}
const sharedLinks = (own: readonly LeaseLink[], theirs: readonly LeaseLink[]): Route[] =>
  own.flatMap((link, index) => theirs.filter((peer) => peer.name === link.name).map((peer) => ({ index, peer })))

interface Bound {
  /** Undefined while the link cannot be bound. */
  socket(): Socket | undefined
  close(): void
}

function keepBound(link: LeaseLink, heard: (bytes: Buffer) => void, events: UdpEvents): Bound {
  let socket: Socket | undefined
  let listening = false
  let told = false
  let retry: NodeJS.Timeout | undefined
  const failed = (error: Error): void => {
    if (!socket) return
    socket.close()
    socket = undefined
    listening = false
    if (!told) events.linkFailed(link, error)
    told = true
    retry = setTimeout(bind, RETRY_MS)
  }
  const bind = (): void => {
    socket = createSocket({ type: 'udp4', reuseAddr: false, lookup })
    socket.on('error', failed)
    socket.on('message', heard)
    socket.on('listening', () => {
      listening = true
      if (told) events.linkBack(link)
      told = false
    })
    socket.bind({ port: link.port, address: link.address, exclusive: true })
  }
  bind()
  return {
    socket: () => (listening ? socket : undefined),
    close() {
      clearTimeout(retry)
      socket?.close()
      socket = undefined
    },
  }
}

/** Addresses are numbers already: a look-up for each datagram would only cost time. */
function lookup(address: string, _: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, 4)
}
