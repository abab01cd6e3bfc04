/** Netlink over a socket: requests with an answer for each message, dumps, and events (man 7 netlink). */
import {
  type Acknowledgement,
  acknowledgement,
  concat,
  decodeAcknowledgement,
  ERRNO,
  FLAG,
  flagsOf,
  type Message,
  readMessages,
  stampSequence,
  TYPE,
  typeOf,
} from '@lvsm/netlink'
import { call, checked, KernelError, setOption } from './libc.ts'
import {
  attachFilter,
  type Instruction,
  MSG_DONTWAIT,
  openSocket,
  receive,
  setBuffers,
  setTimeouts,
  transmit,
  type Watch,
  watchSocket,
} from './socket.ts'

export const NETLINK = { route: 0, sockets: 4, netfilter: 12, generic: 16 } as const

const AF_NETLINK = 16
const SOL_NETLINK = 270
const OPTION = { join: 1, capAck: 10, extendedAck: 11, strictDump: 12 } as const
const BUFFER_BYTES = 8 << 20
const DUMP_ATTEMPTS = 8
/** First message of an nf_tables transaction, which must travel in one datagram. */
const BATCH_BEGIN = 0x10
/** Messages to a datagram otherwise: their answers fit the receive buffer. */
const CHUNK = 64
const EINTR = 4
const EAGAIN = 11
const ENOBUFS = 105
const ETIMEDOUT = 110

/** The kernel's answer to one message: errno 0 is success. */
export interface Reply extends Acknowledgement {
  /** False: no answer came, and the message may or may not have been carried out; errno says what became of the answer (EINTR: the kernel gave none). */
  readonly answered: boolean
  /** What a GET or an echo brought before the acknowledgement. */
  readonly data: readonly Message[]
}

export interface Netlink {
  readonly fd: number
  /**
   * Sends messages and waits for the answer to each, in order; those without NLM_F_ACK count as answered.
   * Never throws for what the kernel says. An nf_tables batch goes as one transaction: any error voids all of it.
   */
  request(messages: readonly Uint8Array[]): Reply[]
  /** As `request`; undefined when everything succeeded, else the first failure: one that the kernel answered, where there is one. */
  apply(messages: readonly Uint8Array[]): Reply | undefined
  /** All parts of a dump; begun anew when the kernel changed under it, so often at most. Throws KernelError. */
  dump(message: Uint8Array, attempts?: number): Message[]
  close(): void
}

/** Undefined when all went well; else a failure that the kernel answered, or the first one where it answered none. */
export function firstFailure(replies: readonly Reply[]): Reply | undefined {
  const failures = replies.filter(({ errno }) => errno !== 0)
  return failures.find(({ answered }) => answered) ?? failures[0]
}

function openNetlinkSocket(protocol: number, blocking: boolean): number {
  const fd = openSocket(AF_NETLINK, protocol, blocking)
  const address = Buffer.alloc(12)
  address.writeUInt16LE(AF_NETLINK)
  checked('bind', call.bind(fd, address, address.length), 'netlink')
  setBuffers(fd, BUFFER_BYTES)
  return fd
}

/** In the network namespace of the calling thread (see `inNamespace`). No call on it waits longer than `timeoutMs` for room or for the next part of a dump. */
export function openNetlink(protocol: number, { timeoutMs = 1000 }: { timeoutMs?: number } = {}): Netlink {
  const fd = openNetlinkSocket(protocol, true)
  setTimeouts(fd, timeoutMs)
  setOption(fd, SOL_NETLINK, OPTION.capAck, 1)
  setOption(fd, SOL_NETLINK, OPTION.extendedAck, 1)
  if (protocol === NETLINK.route) setOption(fd, SOL_NETLINK, OPTION.strictDump, 1)
  let sequence = 0
  const next = (): number => {
    sequence = sequence >= 0xffff_fff0 ? 1 : sequence + 1
    return sequence
  }
  const line: Line = { fd, next }
  return {
    fd,
    request: (messages) => request(line, messages),
    apply: (messages) => firstFailure(request(line, messages)),
    dump(message, attempts = DUMP_ATTEMPTS) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const parts = dumpOnce(line, message)
        if (parts) return parts
      }
      throw new KernelError('netlink dump', ERRNO.EAGAIN ?? EAGAIN, '(it changed under every attempt)')
    },
    close: () => void call.close(fd),
  }
}

/** A socket, and the sequence numbers of what is sent over it. */
interface Line {
  readonly fd: number
  next(): number
}

/**
 * One datagram, and the answers to what is in it. The kernel does what it is told within the call that sends it, so its answers are
 * there afterwards, or never come: it says nothing of a message whose handler was interrupted (netlink_rcv_skb, on EINTR), as where
 * a synchronisation daemon of IPVS is stopped before its thread ran for the first time.
 */
function exchange({ fd, next }: Line, messages: readonly Uint8Array[]): Reply[] {
  const indexOf = new Map<number, number>()
  messages.forEach((message, index) => {
    const number = next()
    stampSequence(message, number)
    indexOf.set(number, index)
  })
  const answers: (Acknowledgement | undefined)[] = messages.map((message) =>
    (flagsOf(message) & FLAG.ack) === 0 ? acknowledgement(0) : undefined,
  )
  const data: Message[][] = messages.map(() => [])
  let waiting = answers.filter((answer) => answer === undefined).length
  let failure = transmit(fd, concat(messages))
  let isOverrun = false
  let isVoid = false
  while (failure === 0 && (waiting > 0 || isOverrun || isVoid)) {
    const datagram = receive(fd, MSG_DONTWAIT)
    if (typeof datagram === 'number') {
      if (datagram === ENOBUFS) isOverrun = true
      else if (datagram === EAGAIN) failure = isOverrun ? ENOBUFS : EINTR
      else failure = datagram
      continue
    }
    for (const message of readMessages(datagram).messages) {
      const index = indexOf.get(message.sequence)
      if (index === undefined) continue
      if (message.type !== TYPE.error) {
        data[index]?.push(message)
        continue
      }
      const decoded = decodeAcknowledgement(message)
      const answer = decoded.ok ? decoded.value : acknowledgement(ERRNO.EPROTO ?? 71, decoded.error)
      if (answers[index] === undefined) waiting--
      answers[index] = answer
      // An error about the batch itself voids it; its messages may never get answers of their own.
      if (answer.errno !== 0 && typeOf(messages[index] as Uint8Array) === BATCH_BEGIN) isVoid = true
    }
  }
  const batchError = answers.find(
    (answer, index) => answer && answer.errno !== 0 && typeOf(messages[index] as Uint8Array) === BATCH_BEGIN,
  )
  return answers.map((answer, index) => ({
    ...(batchError ?? answer ?? acknowledgement(failure)),
    answered: batchError !== undefined || answer !== undefined,
    data: data[index] ?? [],
  }))
}

function request(line: Line, messages: readonly Uint8Array[]): Reply[] {
  if (messages.length === 0) return []
  if (typeOf(messages[0] as Uint8Array) === BATCH_BEGIN) return exchange(line, messages)
  const replies: Reply[] = []
  for (let i = 0; i < messages.length; i += CHUNK) replies.push(...exchange(line, messages.slice(i, i + CHUNK)))
  return replies
}

/** Undefined where the kernel changed under it. */
function dumpOnce({ fd, next }: Line, message: Uint8Array): Message[] | undefined {
  const number = next()
  stampSequence(message, number)
  const failure = transmit(fd, message)
  if (failure !== 0) throw new KernelError('netlink dump', failure)
  const parts: Message[] = []
  let interrupted = false
  for (;;) {
    const datagram = receive(fd, 0)
    if (typeof datagram === 'number') {
      if (datagram === ENOBUFS) interrupted = true
      else throw new KernelError('netlink dump', datagram === EAGAIN ? ETIMEDOUT : datagram)
      continue
    }
    for (const part of readMessages(datagram).messages) {
      if (part.sequence !== number) continue
      if ((part.flags & FLAG.dumpInterrupted) !== 0) interrupted = true
      if (part.type !== TYPE.done && part.type !== TYPE.error) {
        parts.push(part)
        continue
      }
      const end = decodeAcknowledgement(part)
      if (end.ok && end.value.errno !== 0) throw new KernelError('netlink dump', end.value.errno, end.value.detail)
      return interrupted ? undefined : parts
    }
  }
}

export interface NetlinkEvents {
  heard(message: Message): void
  /** Events were dropped (a full buffer): read the state anew. */
  lost(errno: number): void
}

/** Listens to multicast groups, on a socket of its own; `filter` drops in the kernel what nobody wants to hear. */
export function watchNetlink(
  protocol: number,
  groups: readonly number[],
  events: NetlinkEvents,
  filter?: readonly Instruction[],
): Watch {
  const fd = openNetlinkSocket(protocol, false)
  if (filter) attachFilter(fd, filter)
  for (const group of groups)
    checked('setsockopt', setOption(fd, SOL_NETLINK, OPTION.join, group), `NETLINK_ADD_MEMBERSHIP ${group}`)
  return watchSocket(fd, null, (outcome) => {
    if (typeof outcome === 'number') events.lost(outcome)
    else for (const message of readMessages(outcome).messages) events.heard(message)
  })
}
