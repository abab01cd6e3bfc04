/** Whoever changes the configuration, once a second where nothing else is said, through any coordinator, and remembers what was acknowledged. */
import { type Random } from '@lvsm/base'
import { COMMAND_MODEL } from '@lvsm/changes'
import { setTimeout as sleep } from 'node:timers/promises'
import { tryAsk } from '../../packages/cli/src/config/ask.ts'
import { Failure } from '../../packages/cli/src/failure.ts'
import type { Acknowledged } from './kept.ts'

const EVERY_MS = 1000

/** Whom it asks, and whose weight it changes. */
export interface Written {
  /** Of all coordinators. */
  readonly sockets: readonly string[]
  readonly service: string
  readonly server: string
  /** Milliseconds for which it waits for an answer: one that is still there, and stands still, gives none. */
  readonly timeoutMs?: number
}

export class Writer {
  readonly #name: string
  readonly #written: Written
  readonly #random: Random
  readonly acknowledged: Acknowledged[] = []
  /** Neither done nor refused, as far as it was told. */
  unknown = 0
  count = 0
  /** Milliseconds from one change to the next. */
  everyMs = EVERY_MS
  #ends = false
  #work: Promise<void> = Promise.resolve()

  /** `name` is in no other writer's comments. */
  constructor(name: string, written: Written, random: Random) {
    this.#name = name
    this.#written = written
    this.#random = random
  }
  start(): void {
    this.#work = this.#write()
  }
  async stop(): Promise<void> {
    this.#ends = true
    await this.#work
  }

  async #write(): Promise<void> {
    while (!this.#ends) {
      const began = performance.now()
      await this.#change(++this.count)
      await sleep(Math.max(0, this.everyMs - (performance.now() - began)))
    }
  }

  /** One that did not hear of it is asked no more: it may be done yet. One that refuses did nothing, and the next is asked. */
  async #change(number: number): Promise<void> {
    const comment = `${this.#name} ${number}`
    const { service, server, timeoutMs } = this.#written
    const which = { service, server }
    const values = { weight: 1 + (number % 100) }
    const command = { verb: 'set', noun: 'server', which, values, model: COMMAND_MODEL } as const
    for (const socket of this.#shuffled()) {
      try {
        const body = { change: { command }, comment, base: null }
        const told = await tryAsk([socket], { route: 'change', body }, timeoutMs)
        if (told.kind === 'refused') continue
        if (told.value.outcome === 'unknown') this.unknown += 1
        else if (told.value.revision !== null) this.acknowledged.push({ comment, revision: told.value.revision })
        return
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        if (error.exit !== 'unknown') continue
        this.unknown += 1
        return
      }
    }
  }

  #shuffled(): string[] {
    const { sockets } = this.#written
    const keys = new Map(sockets.map((socket) => [socket, this.#random.next()]))
    return sockets.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
  }
}
