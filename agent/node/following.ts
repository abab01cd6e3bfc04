/** An agent whose configuration is what the coordinators have. */
import { randomBytes } from 'node:crypto'
import { instant, seededRandom, type Trouble } from '@lvsm/base'
import { decodeFeedMessage, type Facts, type NodeIdentity } from '@lvsm/protocol'
import { Caller, CALLER_OPTIONS, type Place } from './adapters/feed/caller.ts'
import { keep, readKept, sha256 } from './adapters/feed/kept.ts'
import { keepHalves, ownHalves, unsaid } from './adapters/pair-keys.ts'
import { appliedWord, ask, type Effect, type Follower, hear, kept, revisionOf, type Step } from './feed/follower.ts'
import { Reporter } from './feed/reporter.ts'
import { keysUnwritten, silent } from './feed/troubles.ts'
import type { Coordinators, Followed } from './ports.ts'
import { Questions } from './questions.ts'

export interface FollowingOptions {
  readonly identity: NodeIdentity
  readonly stateDir: string
  say(text: string): void
  /** Null where it ended. */
  begin(coordinators: Coordinators): Followed | null
}

/** So often it is looked whether this node has a heartbeat key that the others have not heard of. */
const LOOK_MS = 5000

/** Starts with what was kept, whether a coordinator answers or not; the first time there is nothing to start with, and it waits. */
export class Following implements Coordinators {
  readonly #options: FollowingOptions
  readonly #caller: Caller
  readonly #reporter = new Reporter()
  readonly #questions = new Questions((question) => this.#caller.say(question))
  #reporting: NodeJS.Timeout | undefined
  #follower: Follower
  #followed: Followed | null = null
  /** The revision that is used; 0: none. */
  #used = 0
  /** Those that are acted on; null: none were heard of. */
  #facts: Facts | null = null
  /** Number of the ring whose keys the lease process accepts; 0: none. */
  #ring = 0
  readonly #timer: NodeJS.Timeout
  #complaint = ''
  #asked = 0
  /** What was asked on this connection and is not in use yet; `revision` null: not answered yet. */
  #proof: { readonly done: (revision: number) => void; revision: number | null } | null = null
  /** That the lease process acts on; 0: not known. */
  #epoch = 0
  /** Why one that was asked since could not be followed. */
  #left: Trouble | null = null

  constructor(options: FollowingOptions, callerOptions = CALLER_OPTIONS) {
    this.#options = options
    this.#follower = readKept(options.stateDir)
    this.#caller = new Caller(
      options.identity,
      {
        places: () => {
          this.#left = null
          return this.#known()
        },
        opened: () => this.#opened(),
        closed: () => this.#closed(),
        heard: (text) => this.#heard(text),
        silent: (reason) => this.#trouble(this.#left ?? silent(reason, revisionOf(this.#follower))),
      },
      seededRandom(randomBytes(4).readUInt32BE()),
      callerOptions,
    )
    this.#timer = setInterval(() => this.#sayKey(), LOOK_MS).unref()
    // Before anybody has answered, or even was asked.
    if (this.#follower.held) this.#use(`revision ${revisionOf(this.#follower)}`)
    else options.say('waits for its first configuration')
  }

  close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#reporting)
    this.#caller.close()
  }
  /** Where they are: the one that is followed now first. */
  places(): Place[] {
    const now = this.#caller.followed
    const others = this.#known().filter(({ key, address }) => key !== now?.key || address !== now.address)
    return [...(now ? [now] : []), ...others]
  }

  confirm(...[incarnation, done]: Parameters<Coordinators['confirm']>): void {
    if (this.#proof?.revision === null) return
    this.#proof = { done: (revision) => done({ kind: 'confirmed', incarnation, revision }), revision: null }
    this.#asked += 1
    this.#caller.say({ kind: 'prove', number: this.#asked })
  }

  acts(epoch: number): void {
    this.#epoch = epoch
    this.#sayApplied()
  }
  #sayApplied(): void {
    if (this.#used === 0) return
    this.#caller.say(appliedWord(this.#used, { epoch: this.#epoch, ring: this.#ring, facts: this.#facts }))
  }

  /** The lease process accepts the keys of this ring. */
  usesRing(ring: number): void {
    if (ring === this.#ring) return
    this.#ring = ring
    this.#sayApplied()
  }
  report(own: Parameters<Coordinators['report']>[0]): void {
    this.#reporter.take(own)
    this.#tell()
  }
  readonly ask: Coordinators['ask'] = (what, done, after) => void this.#questions.ask(what, after).then(done)

  /** As they said themselves; before that, as it was said when this node came in. */
  #known(): Place[] {
    const known = this.#follower.coordinators ?? []
    const { coordinators } = this.#options.identity
    const all = known.length > 0 ? known : coordinators
    return all.flatMap(({ addresses, key }) => addresses.map((address) => ({ address, key })))
  }
  #opened(): void {
    // What was asked on another connection is not answered any more.
    this.#proof = null
    // Said anew by this one.
    this.#followed?.note({ kind: 'coordinators', troubles: [] })
    this.#take(ask(this.#follower))
    this.#sayApplied()
    this.#reporter.opened()
    this.#tell()
  }
  #closed(): void {
    this.#followed?.note({ kind: 'met', number: null })
    this.#reporter.closed()
    this.#questions.closed()
  }
  #heard(text: string): void {
    const read = decodeFeedMessage(text)
    // Of a kind that a later version has: what is needed comes as what this one knows too.
    if (read.ok && read.message.kind === 'reported') {
      this.#reporter.answered(read.message)
      this.#tell()
    } else if (read.ok && read.message.kind === 'cluster') this.#questions.answered(read.message)
    else if (read.ok && read.message.kind === 'troubles')
      this.#followed?.note({ kind: 'coordinators', troubles: read.message.list })
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
      case 'refused':
        return this.#leave(effect)
      case 'current':
        this.#caller.satisfied()
        this.#left = null
        this.#followed?.note({ kind: 'met', number: this.#follower.facts?.number ?? 0 })
        this.#trouble(effect.trouble)
        this.#sayKey()
        return true
      case 'proved':
        this.#proved(effect)
        return true
      default: {
        const trouble = keep(this.#options.stateDir, effect, this.#follower)
        if (trouble) return this.#leave({ kind: 'leave', trouble })
        this.#follower = kept(this.#follower, effect)
        if (effect.kind === 'keep') this.#use(`revision ${effect.held.revision}`)
        if (effect.kind === 'keep-facts') this.#use('what operators want has changed')
        if (effect.kind === 'keep-keys') this.#use(`heartbeat keys ${effect.ring.number}`)
        return true
      }
    }
  }
  #proved({ number, revision }: Extract<Effect, { kind: 'proved' }>): void {
    if (this.#proof === null || number !== this.#asked) return
    if (revision === null) this.#proof = null
    else this.#proof.revision = revision
    this.#confirm()
  }
  /** What is proved counts once it is in use. */
  #confirm(): void {
    const { done, revision = null } = this.#proof ?? {}
    if (!done || revision === null || revision > this.#used) return
    this.#proof = null
    done(revision)
  }
  #leave({ kind, trouble }: Extract<Effect, { kind: 'leave' | 'refused' }>): false {
    this.#left = trouble
    if (kind === 'leave') this.#caller.leave(trouble.message)
    else this.#caller.refused(trouble.message)
    return false
  }

  /** What is on the disk now. */
  #use(reason: string): void {
    const revision = revisionOf(this.#follower)
    if (revision === 0) return
    if (this.#followed) {
      if (!this.#followed.reload(reason)) return
    } else {
      this.#followed = this.#options.begin(this)
      if (!this.#followed) return
    }
    const { facts } = this.#follower
    const isNews = this.#used !== revision || this.#facts !== facts
    ;[this.#used, this.#facts] = [revision, facts]
    this.#confirm()
    if (isNews) this.#sayApplied()
  }

  /** What the coordinators do not know yet; again and again until they do. */
  #sayKey(): void {
    const { stateDir, identity } = this.#options
    const { keys } = this.#follower
    try {
      const halves = ownHalves(stateDir)
      const news = unsaid(halves, keys, identity.node)
      if (news) this.#caller.say({ kind: 'key', ...news })
      else if (keys) keepHalves(stateDir, halves, keys, identity.node)
      this.#followed?.note({ kind: 'trouble', source: 'keys', trouble: null })
    } catch (error) {
      const trouble = keysUnwritten(stateDir, (error as Error).message)
      this.#followed?.note({ kind: 'trouble', source: 'keys', trouble })
    }
  }
  /** What is due of the report, now or later. */
  #tell(): void {
    clearTimeout(this.#reporting)
    const now = instant(performance.now())
    const report = this.#reporter.next(now)
    if (report) return void this.#caller.say({ kind: 'report', ...report })
    const dueAt = this.#reporter.dueAt()
    if (dueAt !== null) this.#reporting = setTimeout(() => this.#tell(), Math.ceil(dueAt - now))
  }
  #trouble(trouble: Trouble | null): void {
    this.#followed?.note({ kind: 'trouble', source: 'follow', trouble })
    const text = trouble?.message ?? ''
    if (trouble && text !== this.#complaint) this.#options.say(`${text}\n  → ${trouble.hint}`)
    this.#complaint = text
  }
}
