/**
 * Agents that follow the configuration, each over a WebSocket at the port for nodes. Who is there is known by the public key of its
 * certificate, as long as the cluster knows that; of one node's connections the newest counts.
 */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { instant } from '@lvsm/base'
import {
  type CounterName,
  decodeFollowerMessage,
  encodeFeedMessage,
  type FeedMessage,
  LONGEST_FOLLOWER_MESSAGE,
  type NodeProgress,
  type Unread,
} from '@lvsm/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { FEED } from '../../../agent/nodelink/dial.ts'
import { textOf } from '../../../agent/nodelink/frames.ts'
import { giveSigns, type ProbeOptions, type Raw } from '../../../agent/nodelink/signs.ts'
import { type AppliedRevision, AppliedRevisions } from '../../feed/applied.ts'
import { Publication } from '../../feed/publication.ts'
import { due, followed, NEW_SESSION, type Session, type View } from '../../feed/session.ts'
import { coordinatorsOf, type FeedSource } from '../../feed/source.ts'
import { Answers, type FeedHeard } from './answers.ts'
import { Frames } from './frames.ts'
import { Reading } from './reading.ts'

export interface FeedOptions extends ProbeOptions {
  /** Without a leader for so long, it sends its followers to others. Milliseconds. */
  readonly leaderlessMs: number
}
export const FEED_OPTIONS: FeedOptions = { probeMs: 2000, missedProbes: 3, leaderlessMs: 5000 }

/** The port for nodes. */
interface Door {
  serve(
    path: string,
    take: (visitor: { request: IncomingMessage; socket: Raw; head: Buffer; key: string }) => boolean,
  ): void
}
interface Follower {
  readonly node: string
  readonly key: string
  readonly socket: WebSocket
  session: Session
  /** What of the coordinators' troubles it was told last; null: nothing, since it said what it has. */
  troubles: FeedMessage | null
  /** To what it said and asked. */
  readonly answers: Answers
  /** Something is on its way: what is due next is worked out when that has left. */
  sending: boolean
  /** It asked for a proof, which is not there yet. */
  proving: boolean
}

const IDLE = { troubles: null, sending: false, proving: false } as const
const UNREAD: Readonly<Record<Unread, CounterName>> = {
  malformed: 'drop-feed-malformed',
  'unknown-kind': 'drop-feed-unknown-kind',
  newer: 'drop-feed-newer',
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Without what was not said. */
const progressOf = (name: string, { revision, epoch, ring, facts }: AppliedRevision): NodeProgress => ({
  name,
  revision,
  ...(epoch === undefined ? {} : { epoch }),
  ...(ring === undefined ? {} : { ring }),
  ...(facts === undefined ? {} : { facts }),
})

/** What it asks of the coordinator. */
export interface ProvenSource extends FeedSource {
  /** The newest revision, by a read that is proved current from the call on; null: that cannot be said now. */
  newest(): Promise<number | null>
}

export class Feed {
  readonly #source: ProvenSource
  readonly #told: FeedHeard
  readonly #options: FeedOptions
  readonly #followers = new Map<string, Follower>()
  readonly #applied = new AppliedRevisions()
  readonly #reading = new Reading<Follower>((follower, text) => {
    if (follower.socket.readyState === follower.socket.OPEN) this.#heard(follower, text)
  })
  readonly #frames = new Frames()
  readonly #timer: NodeJS.Timeout
  readonly #leave: () => void
  readonly #upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    clientTracking: false,
    maxPayload: LONGEST_FOLLOWER_MESSAGE,
  })
  #view: View | null = null
  #names: ReadonlyMap<string, string> = new Map()
  #troubles: Extract<FeedMessage, { kind: 'troubles' }> = { kind: 'troubles', list: [] }
  #ledAt = performance.now()
  #closed = false

  constructor(source: ProvenSource, door: Door, heard: FeedHeard, options = FEED_OPTIONS) {
    this.#source = source
    this.#told = heard
    this.#options = options
    this.#look()
    this.#leave = source.follow(() => this.#changed())
    this.#timer = setInterval(() => this.#watch(), Math.min(1000, options.leaderlessMs / 2))
    door.serve(FEED, ({ request, socket: raw, head, key }) => {
      const node = this.#names.get(key)
      if (node === undefined || this.#closed) return false
      this.#upgrades.handleUpgrade(request, raw, head, (socket) => this.#enter(node, key, socket, raw))
      return true
    })
  }

  /** Node → what its agent uses. */
  applied(): ReturnType<AppliedRevisions['all']> {
    return this.#applied.all()
  }
  /** The same of those that follow here now, to be told to others. */
  progress(): NodeProgress[] {
    return [...this.#applied.all()].flatMap(([name, applied]) =>
      this.#followers.has(name) ? [progressOf(name, applied)] : [],
    )
  }
  /** Nodes whose agents follow here now. */
  following(): readonly string[] {
    return [...this.#followers.keys()]
  }
  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#reading.close()
    this.#leave()
    for (const { socket } of this.#followers.values()) socket.terminate()
  }

  #enter(node: string, key: string, socket: WebSocket, raw: Raw): void {
    // It was removed meanwhile.
    if (this.#names.get(key) !== node || this.#closed) return socket.terminate()
    // An agent makes a new one only when it has given up the one before, whatever this side believes.
    this.#followers.get(node)?.socket.terminate()
    const answers = new Answers(node, this.#told)
    const follower: Follower = { node, key, socket, session: NEW_SESSION, answers, ...IDLE }
    this.#followers.set(node, follower)
    giveSigns(socket, raw, this.#options, () => socket.terminate())
    socket.on('close', () => {
      this.#reading.gone(follower)
      if (this.#followers.get(node) === follower) this.#followers.delete(node)
    })
    socket.on('error', () => this.#told.count('drop-feed-malformed'))
    socket.on('message', (data, isBinary) => {
      if (socket.readyState === socket.OPEN) this.#reading.came(follower, isBinary ? '' : textOf(data))
    })
  }

  #heard(follower: Follower, text: string): void {
    const read = decodeFollowerMessage(text)
    if (!read.ok) return this.#told.count(UNREAD[read.reason])
    const { message } = read
    if (message.kind === 'applied') return this.#applied.note(follower.node, message, instant(performance.now()))
    if (message.kind === 'key') return this.#told.offered(follower.node, message)
    if (message.kind === 'prove') return void this.#prove(follower, message.number)
    if (message.kind === 'report' || message.kind === 'question') {
      follower.answers.hear(message)
      return this.#serve(follower)
    }
    follower.session = followed(message)
    follower.troubles = null
    this.#serve(follower)
  }

  /** Agents ask once at a time: what comes meanwhile is no question of theirs. */
  async #prove(follower: Follower, number: number): Promise<void> {
    if (follower.proving) return
    follower.proving = true
    const revision = await this.#source.newest()
    follower.proving = false
    const { socket } = follower
    if (socket.readyState === socket.OPEN) socket.send(encodeFeedMessage({ kind: 'proved', number, revision }))
  }

  #serve(follower: Follower): void {
    const { socket } = follower
    if (follower.sending || !this.#view || socket.readyState !== socket.OPEN) return
    const { session, messages: news } = due(follower.session, this.#view)
    const isKnown = follower.troubles === this.#troubles || (!follower.troubles && this.#troubles.list.length === 0)
    const troubles = isKnown ? [] : [this.#troubles]
    const messages = [...news, ...follower.answers.take(), ...troubles]
    follower.session = session
    follower.troubles = this.#troubles
    let left = messages.length
    follower.sending = left > 0
    for (const message of messages)
      socket.send(this.#frames.of(message), { binary: false }, () => {
        left -= 1
        if (left > 0) return
        follower.sending = false
        this.#serve(follower)
      })
  }
  #changed(): void {
    this.#look()
    for (const follower of this.#followers.values()) {
      if (this.#names.get(follower.key) === follower.node) this.#serve(follower)
      else follower.socket.terminate()
    }
  }
  #look(): void {
    const state = this.#source.known()
    if (!state) return
    const { publication, coordinators = null, records = null, leaderless = false } = this.#view ?? {}
    const now = this.#source.records()
    this.#view = {
      publication: new Publication(state, sha256, publication ?? null),
      records: now,
      coordinators: coordinators && records === now ? coordinators : coordinatorsOf(now),
      leaderless,
    }
    this.#names = new Map(state.enrolled.nodes.map(({ name, key }) => [key, name]))
    this.#applied.keep(new Set(this.#names.values()))
  }
  #watch(): void {
    this.#watchTroubles()
    this.#watchLeader()
  }
  #watchTroubles(): void {
    const list = this.#told.troubles()
    if (JSON.stringify(list) === JSON.stringify(this.#troubles.list)) return
    this.#troubles = { kind: 'troubles', list }
    for (const follower of this.#followers.values()) this.#serve(follower)
  }
  #watchLeader(): void {
    const now = performance.now()
    if (this.#source.hasLeader()) this.#ledAt = now
    const leaderless = now - this.#ledAt >= this.#options.leaderlessMs
    if (!this.#view || this.#view.leaderless === leaderless) return
    this.#view = { ...this.#view, leaderless }
    for (const follower of this.#followers.values()) this.#serve(follower)
  }
}
