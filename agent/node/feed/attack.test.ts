/**
 * A follower and coordinators under attack: commits, rollbacks, compaction, cuts, restarts of either side, a disk that is full,
 * messages that are lost, damaged, or overtaken by a new connection. Whatever happens, what the agent uses are revisions of the one
 * history, each whole, each newer than the last; and when it is quiet again, it has the newest.
 */
import { createHash } from 'node:crypto'
import {
  applyEntry,
  beginState,
  documentAt,
  MODEL_VERSION,
  newestOf,
  NO_FACTS,
  sameData,
  type State,
  writtenOf,
} from '@lvsm/changes'
import { seededRandom, type Random } from '@lvsm/base'
import { decodeFeedMessage, encodeFeedMessage, type Entry, type Facts, type FeedMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Publication } from '../../../coordinator/feed/publication.ts'
import { due, followed, NEW_SESSION, type Session } from '../../../coordinator/feed/session.ts'
import { coordinatorsOf } from '../../../coordinator/feed/source.ts'
import { DOCUMENT } from '../../../packages/changes/src/fixture.ts'
import { ask, type Effect, hear, kept, NOTHING_HELD, revisionOf, type Step } from './follower.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const RECORDS = new Map([[1, { name: 'dir1', addresses: [{ host: '192.0.2.1', port: 7446 }], key: 'ab'.repeat(32) }]])
const LIST = coordinatorsOf(RECORDS)
/** Revisions that are kept. */
const LIMIT = 4

/** The one history, as the log has it: each state that ever was committed. */
class Log {
  readonly states: State[] = [beginState(DOCUMENT, { at: 0, author: 'init', comment: '' }, MODEL_VERSION, LIMIT)]
  /** Number → the file, as whoever follows must have it. */
  readonly files = new Map<number, unknown>()
  constructor() {
    this.#remember()
  }
  get newest(): State {
    return this.states.at(-1) as State
  }
  commit(random: Random): void {
    const { state } = applyEntry(this.newest, entry(random, this.newest))
    this.states.push(state)
    this.#remember()
  }
  #remember(): void {
    const { history } = this.newest
    this.files.set(newestOf(history), JSON.parse(JSON.stringify(writtenOf(history.document, newestOf(history)))))
  }
}

function entry(random: Random, { history }: State): Entry {
  const head = { author: 'alice', at: 1, comment: '' }
  const kept = history.revisions.map(({ number }) => number)
  const roll = random.next()
  if (roll < 0.2) {
    const subject = { kind: 'server', node: 'rs1', service: null } as const
    const verb = random.next() < 0.5 ? 'drain' : 'enable'
    return { kind: 'intent', author: 'bob', at: 1, command: { model: 1, verb, subject, forMs: null, comment: '' } }
  }
  if (roll < 0.35) {
    const revision = kept[Math.floor(random.next() * kept.length)] ?? 1
    return { kind: 'change', ...head, base: null, command: { model: 1, verb: 'rollback', revision } }
  }
  const values = { weight: Math.floor(random.next() * 50) }
  const server = random.next() < 0.5 ? 'rs1' : 'rs2'
  const which = { service: 'http', server }
  return { kind: 'change', ...head, base: null, command: { model: 1, verb: 'set', noun: 'server', which, values } }
}

/** A coordinator: at some place of the log, which only goes forward; its memory of what was sent ends with it. */
class Coordinator {
  at = 0
  publication: Publication
  session: Session = NEW_SESSION
  readonly #log: Log
  constructor(log: Log) {
    this.#log = log
    this.publication = new Publication(log.states[0] as State, sha256, null)
  }
  advance(to: number, afresh = false): void {
    this.at = Math.max(this.at, Math.min(to, this.#log.states.length - 1))
    this.publication = new Publication(this.#log.states[this.at] as State, sha256, afresh ? null : this.publication)
  }
  take(): readonly FeedMessage[] {
    const view = { publication: this.publication, records: RECORDS, coordinators: LIST, leaderless: false }
    const { session, messages } = due(this.session, view)
    this.session = session
    return messages
  }
}

class Life {
  readonly log = new Log()
  readonly random: Random
  readonly coordinators: readonly Coordinator[] = [
    new Coordinator(this.log),
    new Coordinator(this.log),
    new Coordinator(this.log),
  ]
  follower = NOTHING_HELD
  /** On the disk. */
  disk: { held: (typeof NOTHING_HELD)['held']; facts: Facts | null } = { held: null, facts: null }
  isFull = false
  to = 0
  /** On the wire, to the agent; and what it said. */
  wire: string[] = []
  said: Extract<Effect, { kind: 'say' }>['message'][] = []
  used: number[] = []
  factNumbers: number[] = []
  troubles: string[] = []

  constructor(seed: number) {
    this.random = seededRandom(seed)
    this.connect()
  }
  get coordinator(): Coordinator {
    return this.coordinators[this.to] as Coordinator
  }
  connect(): void {
    this.to = Math.floor(this.random.next() * this.coordinators.length)
    this.wire = []
    this.said = []
    this.coordinator.session = NEW_SESSION
    this.take(ask(this.follower))
  }
  restart(): void {
    this.follower = { ...NOTHING_HELD, held: this.disk.held, facts: this.disk.facts }
    this.connect()
  }
  /** The coordinator reads what was said, and sends what is due. */
  serve(): void {
    const [message, ...rest] = this.said
    this.said = rest
    if (message?.kind === 'follow') this.coordinator.session = followed(message)
    this.wire.push(...this.coordinator.take().map(encodeFeedMessage))
  }
  deliver(text: string): void {
    const read = decodeFeedMessage(text)
    if (read.ok) this.take(hear(this.follower, read.message, sha256))
  }
  take({ follower, effects }: Step): void {
    this.follower = follower
    for (const effect of effects) if (!this.carryOut(effect)) return this.connect()
  }
  carryOut(effect: Effect): boolean {
    switch (effect.kind) {
      case 'keep': {
        if (this.isFull) return false
        this.disk = { ...this.disk, held: effect.held }
        this.follower = kept(this.follower, effect)
        this.use(effect.held.revision, effect.file)
        return true
      }
      case 'keep-facts':
        if (this.isFull) return false
        this.disk = { ...this.disk, facts: effect.facts }
        this.follower = kept(this.follower, effect)
        this.factNumbers.push(effect.facts.number)
        return true
      case 'say':
        this.said.push(effect.message)
        return true
      case 'leave':
      case 'refused':
        this.troubles.push(effect.trouble.code)
        return false
      default:
        return true
    }
  }
  use(revision: number, file: unknown): void {
    expect(sameData(file, this.log.files.get(revision))).toBe(true)
    expect(revision).toBeGreaterThan(this.used.at(-1) ?? 0)
    this.used.push(revision)
  }
}

/** A number of its content is another, its checksum is not. */
function damage(text: string, random: Random): string {
  const digits = [...text.matchAll(/"(weight|from|to)":(\d+)/g)]
  const hit = digits[Math.floor(random.next() * digits.length)]
  return hit ? text.replace(hit[0], `"${hit[1]}":${Number(hit[2]) + 1}`) : text
}

const DEEDS: readonly ((life: Life) => void)[] = [
  (life) => life.log.commit(life.random),
  (life) => life.log.commit(life.random),
  (life) => {
    const one = life.coordinators[Math.floor(life.random.next() * 3)]
    one?.advance(one.at + Math.ceil(life.random.next() * 6), life.random.next() < 0.2)
  },
  (life) => life.serve(),
  (life) => life.serve(),
  (life) => void (life.wire.length > 0 && life.deliver(life.wire.shift() as string)),
  (life) => void (life.wire.length > 0 && life.deliver(life.wire.shift() as string)),
  (life) => void (life.wire.length > 0 && life.deliver(damage(life.wire.shift() as string, life.random))),
  (life) => {
    if (life.random.next() < 0.3) life.connect()
  },
  (life) => {
    if (life.random.next() < 0.2) life.restart()
  },
  // Nothing is lost within a connection; a message that came twice, or a program that skips one, must be noticed all the same.
  (life) => {
    const roll = life.random.next()
    if (roll < 0.1) life.wire.shift()
    else if (roll < 0.2 && life.wire[0] !== undefined) life.wire.unshift(life.wire[0])
  },
  (life) => {
    life.isFull = life.random.next() < 0.2
  },
]

/** Nothing happens any more, and all that is on its way arrives. */
function settle(life: Life): void {
  life.isFull = false
  for (const one of life.coordinators) one.advance(Number.POSITIVE_INFINITY)
  life.connect()
  for (let turn = 0; turn < 20; turn++) {
    life.serve()
    while (life.wire.length > 0) life.deliver(life.wire.shift() as string)
  }
}

test('whatever happens, an agent uses revisions of the one history, forwards, and comes to the newest', () => {
  let [deltas, wholes, behind] = [0, 0, 0]
  for (let seed = 1; seed <= 40; seed++) {
    const life = new Life(seed)
    for (let turn = 0; turn < 200; turn++) {
      DEEDS[Math.floor(life.random.next() * DEEDS.length)]?.(life)
      for (const text of life.wire)
        [deltas, wholes] = [
          deltas + Number(text.includes('"kind":"change"')),
          wholes + Number(text.includes('"kind":"whole"')),
        ]
    }
    settle(life)
    const { history, facts } = life.log.newest
    expect([seed, revisionOf(life.follower)]).toEqual([seed, newestOf(history)])
    expect(documentAt(history, newestOf(history))).toEqual(life.follower.held?.document)
    // On its disk too, and in use.
    expect([life.disk.held?.revision, life.used.at(-1)]).toEqual([newestOf(history), newestOf(history)])
    expect(life.follower.facts ?? NO_FACTS).toEqual(facts)
    expect(life.follower.asked).toBe('nothing')
    expect(life.factNumbers).toEqual(life.factNumbers.toSorted((a, b) => a - b))
    behind += life.troubles.filter((code) => code === 'coordinator-behind').length
  }
  // It was an attack: each of the ways was taken.
  expect(Math.min(deltas, wholes, behind)).toBeGreaterThan(50)
})
