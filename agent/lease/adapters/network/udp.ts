/** Heartbeat datagrams over UDP unicast, one socket for each link of this node. */
import {
  type CounterName,
  type Datagram,
  type LeaseLink,
  type LeaseView,
  type Outgoing,
  keyIdOf,
  open,
  sealer,
} from '@lvsm/protocol'
import { createSocket, type Socket, type SocketType } from 'node:dgram'
import { type Family, familyOf } from '@lvsm/base'
import { linksFor } from '@lvsm/heartbeat'
import { bindUdp, keepToItself } from '@lvsm/kernel'
import type { Addressee } from '../../ports.ts'
import { Copies } from './dedup.ts'
import { keyring } from './keyring.ts'
import { Sources } from './sources.ts'

export interface UdpLinks {
  /** To peers, over those of the links that both nodes have and that are bound which their routes choose. Errors are counted. */
  send(outgoing: Outgoing, recipients: readonly Addressee[]): void
  /** The keys of this view count from now on; the sockets stay, and so does what waits in them. */
  rekey(view: LeaseView): void
  close(): void
}

export interface UdpEvents {
  received(datagram: Datagram, link: number): void
  /** A datagram was dropped, or a send failed: counted by reason, never logged one by one. */
  count(name: CounterName): void
  /** What was dropped came from an address of these nodes. */
  unbelieved?(nodes: readonly string[], dropped: { readonly counter: CounterName; readonly keyId: number }): void
  /** What was to go to a node did not leave: `over inside (10.12.0.12)`, and what the kernel answered. */
  unsent?(one: { readonly node: string; readonly way: string; readonly code: string }): void
  /**
   * A link cannot be bound: the others go on, it is tried again, and the operator is told once; the first time before
   * `openLinks` returns.
   */
  linkFailed(link: LeaseLink, error: NodeJS.ErrnoException): void
  linkBack(link: LeaseLink): void
}

/** An interface may come up later than this process, and who has the port may end. */
const RETRY_MS = 1000

/**
 * What waits in the kernel while this process is at work: some thousand heartbeats, a few tenths of a second of all that the
 * rules in front of the port let through. More would only be older when it is read.
 */
const BUFFER_BYTES = 4 << 20

/** Binds this node's links; a peer's datagram is taken from any of them. `before`: the view that was in use until now. */
export function openLinks(view: LeaseView, events: UdpEvents, before: LeaseView | null = null): UdpLinks {
  const own = view.nodes.find((node) => node.name === view.node)?.links ?? []
  let { signWith } = view
  let keys = keyring(view.keys, view.nodes)
  const sources = new Sources(view, before)
  const copies = new Copies()
  const heard = (bytes: Buffer, source: string, index: number): void => {
    if (!sources.knows(source, index)) return events.count('drop-source')
    const judgement = copies.judge(bytes, index)
    if (judgement !== 'new') return judgement === 'replay' ? events.count('drop-replay') : undefined
    const opened = open(bytes, view.cluster, keys)
    if (!opened.ok) {
      const counter: CounterName = `drop-${opened.reason}`
      events.unbelieved?.(sources.whoHas(source, index), { counter, keyId: keyIdOf(bytes) })
      return events.count(counter)
    }
    if (!sources.isOf(opened.datagram.from, source, index)) return events.count('drop-source')
    copies.note(bytes, index)
    events.received(opened.datagram, index)
  }
  const bound = own.map((link, index) => keepBound(link, (bytes, source) => heard(bytes, source, index), events))
  const peersOf = new Map(view.nodes.map((node) => [node.name, sharedLinks(own, node.links)]))
  const pass = ({ index, peer }: Shared, node: string, bytes: Uint8Array, failed = (): void => {}): void =>
    bound[index]?.socket()?.send(bytes, peer.port, peer.address, (error) => {
      if (!error) return
      notSent(events, node, (error as NodeJS.ErrnoException).code ?? 'error', peer)
      failed()
    })
  return {
    send(outgoing, recipients) {
      const seal = sealer(outgoing, view.cluster, signWith, keys)
      for (const { node, incarnation, route } of recipients) {
        const own = keys.signsTo(node)
        const bytes = seal(incarnation, own === null ? undefined : { keyId: own, peer: node })
        const shared = (peersOf.get(node) ?? []).filter(({ index }) => bound[index]?.socket())
        if (shared.length === 0) notSent(events, node, 'link-down')
        const chosen = linksFor(
          shared.map(({ index }) => index),
          route,
        )
        const over = shared.filter(({ index }) => chosen.includes(index))
        // What is said once has another link where the kernel has no way by this one; a heartbeat is to tell how its link is.
        const others = route.heartbeat || over.length > 1 ? [] : shared.filter((one) => !over.includes(one))
        for (const one of over)
          pass(one, node, bytes, () => {
            for (const other of others) pass(other, node, bytes)
          })
      }
    },
    rekey(later) {
      signWith = later.signWith
      keys = keyring(later.keys, later.nodes)
    },
    close() {
      for (const one of bound) one.close()
    },
  }
}

/** Counted, and told to whom. */
function notSent(events: UdpEvents, node: string, code: string, over?: LeaseLink): void {
  events.count(`send-${code}`)
  events.unsent?.({ node, way: over ? `over ${over.name} (${over.address})` : 'over any link', code })
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

function keepBound(link: LeaseLink, heard: (bytes: Buffer, source: string) => void, events: UdpEvents): Bound {
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
    const { type, lookup } = KINDS[familyOf(link.address)]
    socket = createSocket({ type, reuseAddr: false, lookup })
    socket.on('error', failed)
    socket.on('message', (bytes, { address }) => heard(bytes, address))
    socket.on('listening', () => {
      listening = true
      if (told) events.linkBack(link)
      told = false
    })
    try {
      const fd = bindUdp(link.address, link.port, BUFFER_BYTES)
      socket.bind({ fd, exclusive: true })
      keepToItself(fd)
    } catch (error) {
      failed(error as Error)
    }
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

type Lookup = (address: string, _: unknown, done: (error: null, address: string, family: number) => void) => void
/** Addresses are numbers already: a look-up for each datagram would only cost time. */
const KINDS = {
  ipv4: { type: 'udp4', lookup: (address, _, done) => done(null, address, 4) },
  ipv6: { type: 'udp6', lookup: (address, _, done) => done(null, address, 6) },
} as const satisfies Readonly<Record<Family, { readonly type: SocketType; readonly lookup: Lookup }>>
