/** Pings over one raw socket of each family. An answer counts only when it brings back what this very process has sent. */
import { randomBytes } from 'node:crypto'
import { type Family, familyOf, type Trouble } from '@lvsm/base'
import { type IcmpSocket, KernelError, openIcmp, openIcmp6 } from '@lvsm/kernel'
import {
  decodeEchoReply,
  decodeEchoReply6,
  describeErrno,
  type Echo,
  echoReplies6To,
  echoRepliesTo,
  echoRequest,
  echoRequest6,
} from '@lvsm/netlink'
import type { PingTarget } from '../ports.ts'

const TOKEN_BYTES = 16
const EPERM = 1

export interface PingEvents {
  answered(address: string, round: number): void
  /** All of this round were sent but these, each with the reason. */
  asked(round: number, unsent: readonly { readonly address: string; readonly error: string }[]): void
  /** This process may not ping; null: it may. */
  denied(trouble: Trouble | null): void
}
export interface Pinger {
  /** Tells of every answer that has arrived, then sends one request to each. Never waits. */
  ask(round: number, targets: readonly PingTarget[]): void
  close(): void
}

const cannotPing = (message: string, hint: string): Trouble => ({
  code: 'cannot-ping',
  severity: 'warning',
  message: `cannot ping: ${message}`,
  hint,
})
const unopened = ({ errno, message }: KernelError): Trouble =>
  errno === EPERM
    ? cannotPing(
        'this process may not open a raw socket (CAP_NET_RAW is missing)',
        'run it as root, or as the systemd unit; in a container add the capability NET_RAW',
      )
    : cannotPing(message, 'it is tried again every second')
const dropped = (address: string): Trouble =>
  cannotPing(
    `the packet filter of this host drops requests to ${address}`,
    'accept echo requests in its output chain: nft list ruleset',
  )

type Heard = (source: string, echo: Pick<Echo, 'id' | 'sequence' | 'payload'>) => void
const openOf = (family: Family, id: number, heard: Heard): IcmpSocket =>
  family === 'ipv4'
    ? openIcmp(echoRepliesTo(id), (packet) => {
        const decoded = decodeEchoReply(packet)
        if (decoded.ok) heard(decoded.value.source, decoded.value)
      })
    : openIcmp6(echoReplies6To(id), (message, source) => {
        const decoded = decodeEchoReply6(message)
        if (decoded.ok) heard(source, decoded.value)
      })

function packetTo({ address, source }: PingTarget, token: Buffer, round: number): Uint8Array {
  const payload = Buffer.alloc(TOKEN_BYTES + 4)
  token.copy(payload)
  payload.writeUInt32BE(round, TOKEN_BYTES)
  const echo = { id: token.readUInt16BE(0), sequence: round & 0xffff, payload }
  // Of IPv6 the kernel chooses the source: a VIP never is one there by itself.
  return familyOf(address) === 'ipv4' ? echoRequest({ ...echo, source, destination: address }) : echoRequest6(echo)
}

/** In the network namespace of the process. Each socket is opened with the first request of its family. */
export function openPinger(events: PingEvents): Pinger {
  const token = randomBytes(TOKEN_BYTES)
  const id = token.readUInt16BE(0)
  const sockets = new Map<Family, IcmpSocket>()
  let denied = ''
  const deny = (trouble: Trouble | null): void => {
    if ((trouble?.message ?? '') === denied) return
    denied = trouble?.message ?? ''
    events.denied(trouble)
  }

  const heard: Heard = (source, { id: whose, sequence, payload }) => {
    if (whose !== id || payload.length !== TOKEN_BYTES + 4) return
    const round = Buffer.from(payload).readUInt32BE(TOKEN_BYTES)
    if (!token.equals(payload.subarray(0, TOKEN_BYTES)) || sequence !== (round & 0xffff)) return
    events.answered(source, round)
  }
  const socketOf = (family: Family): IcmpSocket | KernelError => {
    const known = sockets.get(family)
    if (known) return known
    try {
      const socket = openOf(family, id, heard)
      sockets.set(family, socket)
      return socket
    } catch (error) {
      if (error instanceof KernelError) return error
      throw error
    }
  }

  return {
    ask(round, targets) {
      const families = new Set(targets.map(({ address }) => familyOf(address)))
      const opened = new Map([...families].map((family) => [family, socketOf(family)] as const))
      for (const socket of sockets.values()) socket.read()
      const unsent: { readonly address: string; readonly error: string }[] = []
      let why: Trouble | null = null
      for (const target of targets) {
        const { address } = target
        const socket = opened.get(familyOf(address))
        if (!socket) continue
        if (socket instanceof KernelError) {
          why ??= unopened(socket)
          unsent.push({ address, error: socket.message })
          continue
        }
        const errno = socket.send(packetTo(target, token, round), address)
        if (errno === EPERM) why ??= dropped(address)
        if (errno !== 0) unsent.push({ address, error: sentence(errno) })
      }
      deny(why)
      events.asked(round, unsent)
    },
    close() {
      for (const socket of sockets.values()) socket.close()
    },
  }
}

const sentence = (errno: number): string =>
  errno === EPERM ? 'the packet filter of this host drops the request' : describeErrno(errno).message
