/**
 * A Linux for the kernel adapters: netlink and packet sockets over tables and interfaces in memory. Calls are answered at
 * once, what is heard comes with a later turn of the event loop, as in the real one. Answers can get lost, and calls fail.
 */
import {
  type Instruction,
  KernelError,
  NETLINK,
  type Netlink,
  type NetlinkEvents,
  type PacketOptions,
  type PacketSocket,
  type Reply,
  firstFailure,
} from '@lvsm/kernel'
import {
  acknowledgement,
  concat,
  encodeMessage,
  ERRNO,
  ETHERTYPE,
  FLAG,
  flagsOf,
  nftables as nft,
  readMessages,
  typeOf,
} from '@lvsm/netlink'
import type { Sockets } from '../../agent/lease/adapters/kernel/sockets.ts'
import { lets } from './bpf.ts'
import { type Answer, NfTables } from './nftables.ts'
import { ofFrame, Ways } from './packets.ts'
import { Rtnetlink } from './rtnetlink.ts'

/** What becomes of one call. */
export interface Disturbance {
  readonly errno: number
  /** The kernel carries it out all the same. */
  readonly done: boolean
  /** False: its answer got lost. */
  readonly answered: boolean
}
interface Call {
  readonly protocol: number
  readonly messages: readonly Uint8Array[]
}
interface Listener {
  readonly protocol: number
  readonly groups: readonly number[]
  readonly events: NetlinkEvents
  readonly filter: readonly Instruction[] | undefined
  open: boolean
}
interface Ear {
  readonly index: number
  readonly options: PacketOptions
  program: readonly Instruction[] | undefined
  heard: ((frame: Uint8Array, outgoing: boolean) => void) | undefined
  open: boolean
}

const [BATCH_BEGIN, GENERATION] = [0x10, 0xa0f]
const NF_SUBSYSTEM = 10
const NOTHING = new Uint8Array()
const code = (name: string): number => ERRNO[name] ?? 0

export class FakeLinux implements Sockets {
  readonly now: () => number
  readonly tables: NfTables
  readonly ways: Ways
  readonly route: Rtnetlink
  /** Frames that left, by interface. */
  readonly sent: { index: number; frame: Uint8Array }[] = []
  /** Every call, as it came. */
  readonly calls: Call[] = []
  readonly opened: { protocol: number; timeoutMs: number | undefined }[] = []
  /** Pairs of interfaces with a cable between them. */
  readonly cables = new Map<number, number>()
  readonly #listeners: Listener[] = []
  readonly ears: Ear[] = []
  /** Decides for each call what becomes of it; nothing for nearly all. */
  disturb: (call: Call) => Disturbance | undefined = () => undefined
  /** Is told of each call before it is carried out, and after. */
  before: () => void = () => undefined
  after: () => void = () => undefined

  /** Grace periods that are not over; where it is null, each is over when it is asked for. */
  graces: (() => void)[] | null = null

  constructor(now: () => number) {
    this.now = now
    this.tables = new NfTables({
      now,
      hasDevice: (name) => [...this.route.links.values()].some((link) => link.name === name),
      notify: (messages) => this.#tellTables(messages),
    })
    this.route = new Rtnetlink({ now, notify: (message, group) => this.#tell(NETLINK.route, group, message) })
    this.ways = new Ways(this.tables)
  }

  addLink(index: number, name: string, mac: string): void {
    this.route.links.set(index, { index, name, mac, up: true })
  }
  /** With all that hangs on it. */
  removeLink(index: number): void {
    const name = this.route.links.get(index)?.name
    this.route.links.delete(index)
    this.route.addresses = this.route.addresses.filter((one) => one.index !== index)
    if (name !== undefined) this.tables.loseDevice(name)
  }

  readonly barrier = (over: () => void): void => {
    if (this.graces) this.graces.push(over)
    else over()
  }

  readonly openNetlink = (protocol: number, { timeoutMs }: { timeoutMs?: number } = {}): Netlink => {
    this.opened.push({ protocol, timeoutMs })
    let open = true
    const request = (messages: readonly Uint8Array[]): Reply[] => {
      if (!open) throw new Error('a request on a closed socket')
      return this.#request({ protocol, messages })
    }
    return {
      fd: -1,
      request,
      apply: (messages) => firstFailure(request(messages)),
      dump: (message) => {
        if (!open) throw new Error('a dump on a closed socket')
        return this.#dump(protocol, message)
      },
      close: () => {
        open = false
      },
    }
  }

  #request(call: Call): Reply[] {
    const { protocol, messages } = call
    if (messages.length === 0) return []
    this.calls.push(call)
    this.before()
    const disturbance = this.disturb(call)
    const carried = disturbance && !disturbance.done ? null : this.#carryOut(protocol, messages)
    this.after()
    if (!disturbance)
      return (carried ?? []).map((one) => ({ ...acknowledgement(one.errno), answered: true, data: one.data }))
    const { errno, answered } = disturbance
    const wants = messages.map((message) => (flagsOf(message) & FLAG.ack) !== 0)
    return wants.map((wanted, at) => {
      const hit = wanted && (!answered || at === wants.indexOf(true))
      return { ...acknowledgement(hit ? errno : 0), answered: answered || !wanted, data: [] }
    })
  }

  #carryOut(protocol: number, messages: readonly Uint8Array[]): readonly Answer[] {
    this.route.tick()
    if (protocol === NETLINK.route) return messages.map((message) => this.route.ask(message))
    if (protocol !== NETLINK.netfilter) throw new Error(`unknown to the fake: protocol ${protocol}`)
    const [first] = messages
    if (!first || typeOf(first) !== BATCH_BEGIN) return messages.map((message) => this.tables.ask(message))
    const framed = nft.batch(messages.slice(1, -1))
    const ends = [framed[0], framed.at(-1)]
    if ([first, messages.at(-1)].some((end, at) => Buffer.compare(end ?? NOTHING, ends[at] ?? NOTHING) !== 0))
      throw new Error('unknown to the fake: a transaction in another frame')
    const none: Answer = { errno: 0, data: [] }
    return [none, ...this.tables.transact(messages.slice(1, -1)), none]
  }

  #dump(protocol: number, message: Uint8Array) {
    const call = { protocol, messages: [message] }
    this.calls.push(call)
    const disturbance = this.disturb(call)
    if (disturbance) throw new KernelError('netlink dump', disturbance.errno)
    this.route.tick()
    if (protocol === NETLINK.route) return this.route.dump(message)
    const found = this.tables.dump(message)
    if (!found) throw new KernelError('netlink dump', code('ENOENT'))
    return found
  }

  readonly watchNetlink = (
    protocol: number,
    groups: readonly number[],
    events: NetlinkEvents,
    filter?: readonly Instruction[],
  ) => {
    const listener: Listener = { protocol, groups, events, filter, open: true }
    this.#listeners.push(listener)
    return {
      unref: () => undefined,
      close: () => {
        listener.open = false
      },
    }
  }
  /** How many listen. */
  get listening(): number {
    return this.#listeners.filter(({ open }) => open).length
  }
  /** One datagram to those who listen. */
  #tell(protocol: number, group: number, datagram: Uint8Array): void {
    for (const one of this.#listeners) {
      if (one.protocol !== protocol || !one.groups.includes(group)) continue
      if (one.filter && !lets(one.filter, datagram)) continue
      setImmediate(() => {
        if (one.open) for (const message of readMessages(datagram).messages) one.events.heard(message)
      })
    }
  }
  #tellTables(messages: readonly Uint8Array[]): void {
    this.#tell(NETLINK.netfilter, nft.GROUP, concat(messages))
    this.#tell(NETLINK.netfilter, nft.GROUP, encodeMessage(GENERATION, 0, [Uint8Array.of(0, 0, 0, NF_SUBSYSTEM)]))
  }
  /** Who listens is told that something got lost. */
  overrun(protocol: number): void {
    for (const one of this.#listeners)
      if (one.protocol === protocol) setImmediate(() => one.open && one.events.lost(code('ENOBUFS')))
  }

  readonly openPacket = (index: number, options: PacketOptions = {}): PacketSocket => {
    // 0 is all interfaces.
    if (index !== 0 && !this.route.links.has(index))
      throw new KernelError('bind', code('ENODEV'), `packet socket, interface ${index}`)
    const ear: Ear = { index, options, program: options.filter, heard: undefined, open: true }
    this.ears.push(ear)
    const must = (): void => {
      if (!ear.open) throw new Error('a packet socket that is closed')
    }
    return {
      fd: -1,
      send: (frame) => {
        must()
        return this.#send(ear, frame)
      },
      onFrame: (heard) => {
        ear.heard = heard
        return { unref: () => undefined, close: () => undefined }
      },
      filter: (program) => {
        must()
        ear.program = program
      },
      ethernet: () => this.route.links.get(index)?.mac || null,
      close: () => {
        must()
        ear.open = false
      },
    }
  }

  #send(from: Ear, frame: Uint8Array): number {
    const link = this.route.links.get(from.index)
    if (!link) return code('ENXIO')
    if (!link.up) return code('ENETDOWN')
    if (!this.ways.raw(ofFrame(frame), link.name)) return code('ENOBUFS')
    this.sent.push({ index: from.index, frame })
    for (const ear of this.ears)
      if (ear.index === from.index && ear !== from && !ear.options.ignoreOutgoing) this.#hear(ear, frame, true)
    const other = this.cables.get(from.index)
    if (other !== undefined) this.arrive(other, frame)
    return 0
  }
  /** A frame comes in over an interface; packets for others are forwarded. */
  arrive(index: number, frame: Uint8Array): void {
    for (const ear of this.ears) if (ear.index === index || ear.index === 0) this.#hear(ear, frame, false)
    const packet = ofFrame(frame)
    if (packet.protocol === ETHERTYPE.arp) this.ways.arpIn(packet)
    else this.ways.through(packet)
  }
  /** The filter is asked as it comes, the socket is read later. */
  #hear(ear: Ear, frame: Uint8Array, outgoing: boolean): void {
    const { ethertype } = ear.options
    if (!ear.open || ethertype === undefined || ethertype !== ofFrame(frame).protocol) return
    if (ear.program && !lets(ear.program, frame)) return
    setImmediate(() => {
      if (ear.open) ear.heard?.(frame, outgoing)
    })
  }
}
