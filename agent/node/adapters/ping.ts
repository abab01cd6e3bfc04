/** Pings over one raw socket. An answer counts only when it brings back what this very process has sent. */
import { randomBytes } from 'node:crypto'
import type { Trouble } from '@lvsm/base'
import { type IcmpSocket, KernelError, openIcmp } from '@lvsm/kernel'
import { decodeEchoReply, describeErrno, echoRepliesTo, echoRequest } from '@lvsm/netlink'
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

/** In the network namespace of the process. The socket is opened with the first request. */
export function openPinger(events: PingEvents): Pinger {
  const token = randomBytes(TOKEN_BYTES)
  const id = token.readUInt16BE(0)
  let socket: IcmpSocket | null = null
  let denied = ''
  const deny = (trouble: Trouble | null): void => {
    if ((trouble?.message ?? '') === denied) return
    denied = trouble?.message ?? ''
    events.denied(trouble)
  }

  const heard = (packet: Uint8Array): void => {
    const decoded = decodeEchoReply(packet)
    if (!decoded.ok || decoded.value.id !== id || decoded.value.payload.length !== TOKEN_BYTES + 4) return
    const { source, sequence, payload } = decoded.value
    const round = Buffer.from(payload).readUInt32BE(TOKEN_BYTES)
    if (!token.equals(payload.subarray(0, TOKEN_BYTES)) || sequence !== (round & 0xffff)) return
    events.answered(source, round)
  }
  const send = (opened: IcmpSocket, round: number, { address, source }: PingTarget): number => {
    const payload = Buffer.alloc(TOKEN_BYTES + 4)
    token.copy(payload)
    payload.writeUInt32BE(round, TOKEN_BYTES)
    return opened.send(echoRequest({ source, destination: address, id, sequence: round & 0xffff, payload }), address)
  }
  const open = (): IcmpSocket | KernelError => {
    try {
      return openIcmp(echoRepliesTo(id), heard)
    } catch (error) {
      if (error instanceof KernelError) return error
      throw error
    }
  }

  return {
    ask(round, targets) {
      const opened = socket ?? open()
      if (opened instanceof KernelError) {
        deny(unopened(opened))
        return events.asked(
          round,
          targets.map(({ address }) => ({ address, error: opened.message })),
        )
      }
      socket = opened
      opened.read()
      const failed = targets
        .map((target) => ({ address: target.address, errno: send(opened, round, target) }))
        .filter(({ errno }) => errno !== 0)
      const wall = failed.find(({ errno }) => errno === EPERM)
      deny(wall ? dropped(wall.address) : null)
      events.asked(
        round,
        failed.map(({ address, errno }) => ({ address, error: sentence(errno) })),
      )
    },
    close: () => socket?.close(),
  }
}

const sentence = (errno: number): string =>
  errno === EPERM ? 'the packet filter of this host drops the request' : describeErrno(errno).message
