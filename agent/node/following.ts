/** An agent whose configuration is what the coordinators have. */
import { randomBytes } from 'node:crypto'
import { instant, seededRandom, type Trouble } from '@lvsm/base'
import { decodeFeedMessage, type NodeIdentity } from '@lvsm/protocol'
import { Caller, CALLER_OPTIONS, type Place } from './adapters/feed/caller.ts'
import { keep, readKept, sha256 } from './adapters/feed/kept.ts'
import { ask, type Effect, type Follower, hear, kept, revisionOf, type Step } from './feed/follower.ts'
import { Reporter } from './feed/reporter.ts'
import { silent } from './feed/troubles.ts'
import { type Coordinators, Questions } from './questions.ts'

/** What runs on a configuration, and may get another. */
export interface Followed {
  /** False: it cannot be used here, and the one before stays. */
  reload(reason: string): boolean
  note(source: 'follow', trouble: Trouble | null): void
}
export interface FollowingOptions {
  readonly identity: NodeIdentity
  readonly stateDir: string
  say(text: string): void
  /** Null where it ended. */
  begin(coordinators: Coordinators): Followed | null
}

/**
 * Starts with what was kept, whether a coordinator answers or not; the first time of all there is nothing to start with, and it
 * waits.
 */
export class Following {
  readonly #options: FollowingOptions
  readonly #caller: Caller
  readonly #reporter = new Reporter()
  readonly #questions = new Questions((question) => this.#caller.say(question))
  #reporting: NodeJS.Timeout | undefined
  #follower: Follower
  #followed: Followed | null = null
  /** The revision that is used; 0: none. */
  #used = 0
  #complaint = ''
  /** Why one that was asked since could not be followed. */
  #left: Trouble | null = null

  constructor(options: FollowingOptions, callerOptions = CALLER_OPTIONS) {
    this.#options = options
    this.#follower = readKept(options.stateDir)
    this.#caller = new Caller(
      options.identity,
      {
        places: () => this.#places(),
        opened: () => this.#opened(),
        closed: () => this.#closed(),
        heard: (text) => this.#heard(text),
        silent: (reason) => this.#trouble(this.#left ?? silent(reason, revisionOf(this.#follower))),
      },
      seededRandom(randomBytes(4).readUInt32BE()),
      callerOptions,
    )
    // Before anybody has answered, or even was asked.
    if (this.#follower.held) this.#use(`revision ${revisionOf(this.#follower)}`)
    else options.say('waits for its first configuration')
  }

  close(): void {
    clearTimeout(this.#reporting)
    this.#caller.close()
  }

  /** As they said themselves; before that, as it was said when this node came in. */
  #places(): Place[] {
    const known = this.#follower.coordinators ?? []
    const { coordinators } = this.#options.identity
    const all = known.length > 0 ? known : coordinators
    this.#left = null
    return all.flatMap(({ addresses, key }) => addresses.map((address) => ({ address, key })))
  }
  #opened(): void {
    this.#take(ask(this.#follower))
    if (this.#used > 0) this.#caller.say({ kind: 'applied', revision: this.#used })
    this.#reporter.opened()
    this.#report()
  }
  #closed(): void {
    this.#reporter.closed()
    this.#questions.closed()
  }
  #heard(text: string): void {
    const read = decodeFeedMessage(text)
    // Of a kind that a later version has: what is needed comes as what this one knows too.
    if (read.ok && read.message.kind === 'reported') {
      this.#reporter.answered(read.message)
      this.#report()
    } else if (read.ok && read.message.kind === 'cluster') this.#questions.answered(read.message)
    else if (read.ok) this.#take(hear(this.#follower, read.message, sha256))
    else if (read.reason !== 'unknown-kind') this.#caller.leave('it says what this version does not understand')
  }

  #take({ follower, effects }: Step): void {
    this.#follower = follower
    for (const effect of effects) if (!this.#carryOut(effect)) return
  }
  /** False: what comes behind it is not true. */
  #carryOut(effect: Effect): boolean {
    switch (effect.kind) {
      case 'say':
        this.#caller.say(effect.message)
        return true
      case 'leave':
        return this.#leave(effect.trouble)
      case 'current':
        this.#caller.satisfied()
        this.#left = null
        this.#trouble(effect.trouble)
        return true
      default: {
        const trouble = keep(this.#options.stateDir, effect, this.#follower)
        if (trouble) return this.#leave(trouble)
        this.#follower = kept(this.#follower, effect)
        if (effect.kind === 'keep') this.#use(`revision ${effect.held.revision}`)
        if (effect.kind === 'keep-facts') this.#use('what operators want has changed')
        return true
      }
    }
  }
  #leave(trouble: Trouble): false {
    this.#left = trouble
    this.#caller.leave(trouble.message)
    return false
  }

  /** What is on the disk now. */
  #use(reason: string): void {
    const revision = revisionOf(this.#follower)
    if (revision === 0) return
    if (this.#followed) {
      if (!this.#followed.reload(reason)) return
    } else {
      this.#followed = this.#options.begin({
        report: (own) => {
          this.#reporter.take(own)
          this.#report()
        },
        ask: (what) => this.#questions.ask(what),
      })
      if (!this.#followed) return
    }
    const isNews = this.#used !== revision
    this.#used = revision
    if (isNews) this.#caller.say({ kind: 'applied', revision })
  }
  /** What is due of it, now or later. */
  #report(): void {
    clearTimeout(this.#reporting)
    const now = instant(performance.now())
    const report = this.#reporter.next(now)
    if (report) return this.#caller.say({ kind: 'report', ...report })
    const dueAt = this.#reporter.dueAt()
    if (dueAt !== null) this.#reporting = setTimeout(() => this.#report(), Math.ceil(dueAt - now))
  }
  #trouble(trouble: Trouble | null): void {
    this.#followed?.note('follow', trouble)
    const text = trouble?.message ?? ''
    if (trouble && text !== this.#complaint) this.#options.say(`${text}\n  → ${trouble.hint}`)
    this.#complaint = text
  }
}
