/**
 * A coordinator that is elsewhere than its record says: its home has what it listens on (`lvsm coordinators address`), and it tells the
 * others until the log has it. They dial it there from its first word on (`adapters/links`); who comes later, and the agents, find it by its record.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Refusal, Trouble } from '@lvsm/base'
import type { CoordinatorHome, MemberRecord } from '@lvsm/protocol'
import type { Configuration } from './configuration.ts'

/** Between two tries; a leader may be there by then. */
const AGAIN_MS = 3000

export interface AnnouncingParts {
  readonly home: Pick<CoordinatorHome, 'id' | 'node' | 'listen' | 'api'>
  readonly configuration: Pick<Configuration, 'status' | 'write' | 'follow'>
  /** Null: it has what it says. */
  trouble(trouble: Trouble | null): void
  say(text: string): void
  /** Milliseconds. */
  wallClock(): number
}

export class Announcing {
  readonly #parts: AnnouncingParts
  readonly #leave: () => void
  readonly #timer: NodeJS.Timeout
  #asking = false
  #closed = false

  constructor(parts: AnnouncingParts, againMs = AGAIN_MS) {
    this.#parts = parts
    this.#leave = parts.configuration.follow(() => this.#look())
    this.#timer = setInterval(() => this.#look(), againMs)
    this.#look()
  }
  close(): void {
    this.#closed = true
    this.#leave()
    clearInterval(this.#timer)
  }

  #look(): void {
    const record = this.#record()
    // One that joins reads the log up to itself first.
    if (this.#asking || this.#closed || !record) return
    if (isThere(this.#parts.home, record)) return this.#parts.trouble(null)
    this.#asking = true
    void this.#announce(record).finally(() => {
      this.#asking = false
    })
  }

  async #announce({ key }: MemberRecord): Promise<void> {
    const { home, configuration, trouble, say, wallClock } = this.#parts
    const { id, node, listen: addresses, api } = home
    const written = await configuration.write({
      ...{ kind: 'coordinator-address', at: wallClock(), id, key, addresses },
      ...(api ? { api } : {}),
    })
    if (this.#closed || written.kind === 'unknown') return
    const [refusal] =
      written.kind === 'refused'
        ? [written.refusal]
        : written.outcome.kind === 'refused'
          ? written.outcome.refusals
          : []
    if (refusal) return trouble(unannounced(node, refusal))
    trouble(null)
    say('the coordinators know where this one is now')
  }

  #record(): MemberRecord | undefined {
    return this.#parts.configuration.status().members.get(this.#parts.home.id)
  }
}

const isThere = ({ listen, api }: AnnouncingParts['home'], record: MemberRecord): boolean =>
  isDeepStrictEqual([listen, api ?? []], [record.addresses, record.api ?? []])

const unannounced = (node: string, { message, hint }: Refusal): Trouble => ({
  code: 'coordinator-elsewhere',
  severity: 'warning',
  object: `node ${node}`,
  message: `lvsm-coordinator of ${node} is elsewhere than its record says, and that stays: ${message}`,
  ...(hint === undefined ? {} : { hint }),
})
