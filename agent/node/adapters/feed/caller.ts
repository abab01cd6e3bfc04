/**
 * The connection to one coordinator at a time: dialled one after the other, asked for signs of life, and left for the next one when
 * it falls silent or is of no use. Between two rounds through all of them is a pause, which doubles; in it one that has nothing new, and
 * said so, is told what there is to tell.
 */
import { type Random, randomBetween } from '@lvsm/base'
import { encodeFeedMessage, type FollowerMessage, LONGEST_FEED_MESSAGE } from '@lvsm/protocol'
import type { SecureContext } from 'node:tls'
import { type Address, type Credentials, dial, FEED, isAddress, secureContext } from '../../../nodelink/dial.ts'
import { faultOf, isRefused } from '../../../nodelink/faults.ts'
import { textOf } from '../../../nodelink/frames.ts'
import { askForSigns, type ProbeOptions, type Raw } from '../../../nodelink/signs.ts'

export interface CallerOptions extends ProbeOptions {
  /** From the first packet until it is connected. Milliseconds, as all of these. */
  readonly connectMs: number
  /** What was asked has to be answered within so long, whatever else comes. */
  readonly answerMs: number
  /** Between two rounds: from the first to the last, spread; to the longest where somebody was there and of no use. */
  readonly backoffMs: readonly [first: number, last: number, longest: number]
}
export const CALLER_OPTIONS: CallerOptions = {
  probeMs: 2000,
  missedProbes: 3,
  connectMs: 2000,
  answerMs: 120_000,
  backoffMs: [100, 1000, 15_000],
}
/** Bytes: a UTF-16 unit is three of UTF-8 at most. */
const MAX_PAYLOAD = 3 * LONGEST_FEED_MESSAGE

export interface Place {
  readonly address: Address
  /** Who has to answer. */
  readonly key: string
}
export interface CallerHeard {
  /** All that there are now, looked at before each round. */
  places(): readonly Place[]
  /** Connected: whatever is to be said first is said now. */
  opened(): void
  heard(text: string): void
  /** That connection has ended. */
  closed(): void
  /** A round through all of them is over, and none of them could be followed; why the last could not. */
  silent(reason: string): void
}

export class Caller {
  readonly #secure: SecureContext
  readonly #heard: CallerHeard
  readonly #random: Random
  readonly #options: CallerOptions
  #left: readonly Place[] = []
  #socket: ReturnType<typeof dial> | null = null
  #place: Place | null = null
  #timer: NodeJS.Timeout | undefined
  #answer: NodeJS.Timeout | undefined
  #rounds = 0
  #reason = ''
  /** In this round somebody was there. */
  #wasThere = false
  /** And refused what was asked: where nobody else does better, it hears at least what this node says. */
  #refusing: Place | null = null
  #pausing = false
  #closed = false

  constructor(credentials: Credentials, heard: CallerHeard, random: Random, options = CALLER_OPTIONS) {
    this.#secure = secureContext(credentials)
    this.#heard = heard
    this.#random = random
    this.#options = options
    this.#timer = setTimeout(() => this.#round(), 0)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#answer)
    this.#socket?.terminate()
  }
  /** False: nobody is connected. */
  say(message: FollowerMessage): boolean {
    const socket = this.#socket
    if (!socket || socket.readyState !== socket.OPEN) return false
    socket.send(encodeFeedMessage(message))
    if (message.kind !== 'follow') return true
    clearTimeout(this.#answer)
    this.#answer = setTimeout(() => this.leave('it gives no answer'), this.#options.answerMs)
    return true
  }
  /** Null: none now. */
  get followed(): Place | null {
    const socket = this.#socket
    return socket && socket.readyState === socket.OPEN ? this.#place : null
  }
  /** What was asked for is here. */
  satisfied(): void {
    clearTimeout(this.#answer)
    this.#rounds = 0
  }
  /** It has nothing for this node now: others are asked, and where there are none it stays until they are asked again. */
  refused(reason: string): void {
    this.#reason = reason
    clearTimeout(this.#answer)
    if (this.#pausing) return
    if (this.#left.length === 0) return this.#pause()
    this.#refusing = this.#place
    this.#socket?.terminate()
  }
  /** The next one is asked. */
  leave(reason: string): void {
    this.#reason = reason
    this.#socket?.terminate()
  }

  #round(): void {
    this.#pausing = false
    this.#refusing = null
    this.#end()
    this.#left = shuffled(
      this.#heard.places().filter(({ address }) => isAddress(address)),
      this.#random,
    )
    this.#wasThere = false
    this.#next()
  }
  #next(): void {
    const [place = this.#refusing, ...rest] = this.#left
    if (this.#left.length === 0) this.#refusing = null
    this.#left = rest
    if (place) this.#dial(place)
    else this.#pause()
  }
  /** The connection that there is. */
  #end(): void {
    const socket = this.#socket
    this.#socket = null
    clearTimeout(this.#answer)
    if (!socket) return
    socket.terminate()
    this.#heard.closed()
  }
  #pause(): void {
    this.#pausing = true
    if (this.#reason === '') this.#reason = 'it is not known where they are'
    this.#heard.silent(this.#reason)
    const [first, last, longest] = this.#options.backoffMs
    const pause = Math.min(first * 2 ** Math.min(this.#rounds, 20), this.#wasThere ? longest : last)
    this.#rounds += 1
    this.#timer = setTimeout(() => this.#round(), randomBetween(this.#random, pause / 2, pause))
  }

  #dial(place: Place): void {
    const { address, key } = place
    this.#place = place
    const { connectMs } = this.#options
    const secure = this.#secure
    const socket = dial({ address, path: FEED, key, secure, connectMs, maxPayload: MAX_PAYLOAD })
    this.#socket = socket
    const where = `${address.host}:${address.port}`
    let raw: Pick<Raw, 'bytesRead'> | undefined
    this.#reason = `${where}: the connection was closed`
    socket.on('upgrade', (response) => {
      raw = response.socket
    })
    socket.on('error', (error) => {
      this.#reason = `${where}: ${faultOf(error)}`
      if (isRefused(error)) this.#wasThere = true
    })
    socket.on('open', () => {
      if (this.#closed || this.#socket !== socket) return
      this.#wasThere = true
      askForSigns(socket, this.#options, { sign: () => undefined, lost: () => this.leave(`${where} fell silent`) }, raw)
      this.#heard.opened()
    })
    socket.on('message', (data, isBinary) => {
      if (this.#socket === socket && socket.readyState === socket.OPEN) this.#heard.heard(isBinary ? '' : textOf(data))
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      clearTimeout(this.#answer)
      this.#socket = null
      this.#heard.closed()
      if (!this.#closed && !this.#pausing) this.#next()
    })
  }
}

function shuffled(places: readonly Place[], random: Random): Place[] {
  return places
    .map((place) => ({ place, at: random.next() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ place }) => place)
}
