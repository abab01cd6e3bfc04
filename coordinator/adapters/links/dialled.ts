/** The connection over which this coordinator speaks to one other: made again and again, asked for signs of life. */
import { randomBetween } from '@lvsm/base'
import { encodeSpokenAddresses, LONGEST_PEER_MESSAGE } from '@lvsm/protocol'
import type { SecureContext } from 'node:tls'
import type { WebSocket } from 'ws'
import type { Peer } from '../../ports.ts'
import { type Address, dial, MESSAGES, WRONG_KEY } from '../../../agent/nodelink/dial.ts'
import { faultOf } from '../../../agent/nodelink/faults.ts'
import { STRANGER } from '@lvsm/protocol'
import { askForSigns } from '../../../agent/nodelink/signs.ts'
import type { LinkContext } from './options.ts'

/** Nothing is said on it by the other side: what that has to say goes over its own. */
const MAX_PAYLOAD = 1024
/** Rounds through all addresses before anybody is told. */
const QUIET_ROUNDS = 2

/** Signs of life after which a connection is one: others may be made and lost again without a pause. */
const STEADY = 2

/** Header: whose id it is that dials. */
export const WHO = 'lvsm-coordinator'
/** Header: where that one listens for nodes. */
export const WHERE = 'lvsm-addresses'
const REMOVED = 'it says that this coordinator was removed'
const HINTS: ReadonlyMap<string, string> = new Map([
  [WRONG_KEY, 'it was set up anew, or another machine has its address: let it join again'],
  [STRANGER, 'if it is to be a coordinator, let it join again: lvsm coordinators join'],
])

type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'dialling'; readonly socket: WebSocket }
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly address: Address }

export class Dialled {
  readonly #context: LinkContext
  readonly #secure: SecureContext
  readonly #removed: () => void
  #peer: Peer
  #phase: Phase = { kind: 'idle' }
  /** Of the peer's addresses: the next to be tried. */
  #next = 0
  /** Rounds through all of them since the peer was heard. */
  #rounds = 0
  /** Somebody was told that it cannot be reached. */
  #isTold = false
  /** Why the last connection ended. */
  #reason = ''

  /** `removed`: the peer says that this coordinator was. */
  constructor(peer: Peer, context: LinkContext, secure: SecureContext, removed: () => void) {
    this.#peer = peer
    this.#context = context
    this.#secure = secure
    this.#removed = removed
    this.#dial()
  }

  /** Over which address it is connected. */
  get address(): Address | null {
    return this.#phase.kind === 'open' ? this.#phase.address : null
  }

  /** False: it is lost. `most`: bytes that may wait before it. */
  send(text: () => string, most: number): boolean {
    if (this.#phase.kind !== 'open') return false
    const { socket } = this.#phase
    if (socket.bufferedAmount >= most) return false
    const bytes = Buffer.from(text())
    if (bytes.length > LONGEST_PEER_MESSAGE) return false
    socket.send(bytes, { binary: false })
    return true
  }

  /** A connection over an address that it still has goes on. */
  moved(peer: Peer): void {
    this.#peer = peer
    const present = this.address
    const has = peer.addresses.some(({ host, port }) => host === present?.host && port === present.port)
    if (present && has) return
    this.#next = 0
    this.#rounds = 0
    this.#leave()
    this.#dial()
  }

  /** The peer is there, as its own connection shows: there is nothing to wait for. */
  nudge(): void {
    if (this.#phase.kind !== 'waiting') return
    this.#leave()
    this.#dial()
  }

  end(): void {
    this.#leave()
    this.#context.told.trouble(this.#about, null)
  }

  get #about(): string {
    return `peer ${this.#peer.id}`
  }

  #dial(): void {
    const { addresses, key } = this.#peer
    const address = addresses[this.#next % addresses.length]
    if (!address) return
    const { id, options, listen = [] } = this.#context
    const spoken = encodeSpokenAddresses(listen)
    const call = { address, path: MESSAGES, key, secure: this.#secure, connectMs: options.connectMs } as const
    const socket = dial({
      ...call,
      maxPayload: MAX_PAYLOAD,
      headers: { [WHO]: String(id), ...(spoken ? { [WHERE]: spoken } : {}) },
    })
    this.#phase = { kind: 'dialling', socket }
    this.#reason = 'the connection was closed'
    socket.on('error', (error) => {
      if (!this.#isNow(socket)) return
      this.#reason = reasonOf(error)
      if (this.#reason === REMOVED) this.#removed()
    })
    socket.on('open', () => this.#opened(socket, address))
    socket.on('close', () => this.#isNow(socket) && this.#lost(address))
    socket.on('message', () => this.#context.told.count('drop-peer-malformed'))
  }

  #isNow(socket: WebSocket): boolean {
    return 'socket' in this.#phase && this.#phase.socket === socket
  }

  #opened(socket: WebSocket, address: Address): void {
    if (!this.#isNow(socket)) return socket.terminate()
    let signs = 0
    askForSigns(socket, this.#context.options, {
      sign: () => {
        signs += 1
        if (signs === STEADY) this.#heard(socket)
      },
      lost: () => {
        this.#context.told.count('peer-lost')
        this.#reason = 'it fell silent'
        socket.terminate()
      },
    })
    this.#phase = { kind: 'open', socket, address }
  }

  #heard(socket: WebSocket): void {
    if (!this.#isNow(socket)) return
    if (this.#isTold) this.#context.told.trouble(this.#about, null)
    this.#isTold = false
    this.#rounds = 0
  }

  #lost(address: Address): void {
    this.#leave()
    this.#next = (this.#next + 1) % this.#peer.addresses.length
    if (this.#next !== 0) return this.#dial()
    this.#rounds += 1
    if (this.#rounds > QUIET_ROUNDS) this.#tell(address)
    const [first, last] = this.#context.options.backoffMs
    const pause = Math.min(first * 2 ** (this.#rounds - 1), last)
    const timer = setTimeout(() => this.#dial(), randomBetween(this.#context.random, pause / 2, pause))
    this.#phase = { kind: 'waiting', timer }
  }

  #tell({ host, port }: Address): void {
    this.#isTold = true
    this.#context.told.trouble(this.#about, {
      code: 'peer-unreachable',
      severity: 'warning',
      message: `coordinator ${this.#peer.id} cannot be reached; last tried ${host}:${port}: ${this.#reason}`,
      hint:
        HINTS.get(this.#reason) ?? 'look whether lvsm-coordinator runs there, and whether its port for nodes is open',
    })
  }

  /** Whatever is under way ends, and nothing more is heard of it. */
  #leave(): void {
    const phase = this.#phase
    this.#phase = { kind: 'idle' }
    if (phase.kind === 'waiting') clearTimeout(phase.timer)
    if ('socket' in phase) phase.socket.terminate()
  }
}

const reasonOf = (error: Error): string => (error.message.endsWith('410') ? REMOVED : faultOf(error))
