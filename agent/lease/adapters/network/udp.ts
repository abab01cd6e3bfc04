/** Heartbeat datagrams over UDP unicast, one socket for each link of this node. */
import {
  type CounterName,
  type Datagram,
  type LeaseLink,
  type LeaseView,
  type Outgoing,
  open,
  sealer,
} from '@lvsm/protocol'
import { createSocket, type Socket } from 'node:dgram'
import { linksFor } from '@lvsm/heartbeat'
import type { Addressee } from '../../ports.ts'
import { Copies } from './dedup.ts'
import { keyring } from './keyring.ts'

export interface UdpLinks {
  /** To peers, over those of the links that both nodes have and that are bound which their routes choose. Errors are counted. */
  send(outgoing: Outgoing, recipients: readonly Addressee[]): void
  close(): void
}

export interface UdpEvents {
  received(datagram: Datagram, link: number): void
  /** A datagram was dropped, or a send failed: counted by reason, never logged one by one. */
  count(name: CounterName): void
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
  const heard = (bytes: Buffer, index: number): void => {
    const judgement = copies.judge(bytes, index)
    if (judgement !== 'new') return judgement === 'replay' ? events.count('drop-replay') : undefined
    const opened = open(bytes, view.cluster, keys)
    if (!opened.ok) return events.count(`drop-${opened.reason}`)
    copies.note(bytes, index)
    events.received(opened.datagram, index)
  }
  const bound = own.map((link, index) => keepBound(link, (bytes) => heard(bytes, index), events))
  const peersOf = new Map(view.nodes.map((node) => [node.name, sharedLinks(own, node.links)]))
  const sent = (error: Error | null): void => {
    if (error) events.count(`send-${(error as NodeJS.ErrnoException).code ?? 'error'}`)
  }
  return {
    send(outgoing, recipients) {
      const seal = sealer(outgoing, view.cluster, view.signWith, keys)
      for (const { node, incarnation, route } of recipients) {
        const bytes = seal(incarnation)
        const shared = (peersOf.get(node) ?? []).filter(({ index }) => bound[index]?.socket())
        if (shared.length === 0) events.count('send-link-down')
        const chosen = linksFor(
          shared.map(({ index }) => index),
          route,
        )
        for (const { index, peer } of shared)
          if (chosen.includes(index)) bound[index]?.socket()?.send(bytes, peer.port, peer.address, sent)
      }
    },
    close() {
      for (const one of bound) one.close()
    },
  }
}

interface Shared {
  readonly index: number
  readonly peer: LeaseLink
}
const sharedLinks = (own: readonly LeaseLink[], theirs: readonly LeaseLink[]): Shared[] =>
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
