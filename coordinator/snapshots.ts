/** The whole state on its way to a coordinator that is too far behind for the log, and from a leader to this one. */
import type { Effect as RaftEffect, InstallSnapshot, NodeId, Snapshot } from '@lvsm/raft'
import { Arrivals } from './core/arrivals.ts'
import { type Coordinated, readText, type Result, textOf } from './core/machine.ts'
import type { LinksPort, StorePort } from './ports.ts'

export class Snapshots {
  readonly #id: NodeId
  readonly #store: StorePort<Coordinated, Result>
  readonly #links: LinksPort
  readonly #say: (text: string) => void
  readonly #arrived = new Arrivals<Coordinated>()

  constructor(id: NodeId, store: StorePort<Coordinated, Result>, links: LinksPort, say: (text: string) => void) {
    this.#id = id
    this.#store = store
    this.#links = links
    this.#say = say
  }

  send({ to, term, snapshot }: Extract<RaftEffect, { kind: 'send-snapshot' }>, sent: (ok: boolean) => void): void {
    const { index, term: lastIncludedTerm, membership } = snapshot
    const head = { kind: 'install-snapshot', from: this.#id, to, store: this.#store.identity, term } as const
    const message: InstallSnapshot = { ...head, lastIncludedIndex: index, lastIncludedTerm, membership }
    this.#store.read(({ lastApplied, machine }) => {
      // The core asks again, for what there is by then.
      if (lastApplied === index) this.#links.sendSnapshot(message, textOf(machine), sent)
      else sent(false)
    })
  }

  /** Whether it is one. */
  arrived({ from, lastIncludedIndex }: InstallSnapshot, text: string): boolean {
    const state = readText(text)
    if (!state) {
      this.#say(`coordinator ${from} sent a state that is not understood: install its version of lvsm here`)
      return false
    }
    this.#arrived.put(lastIncludedIndex, state)
    return true
  }

  /** For the write that installs it; null: it installs none. */
  take(install: Snapshot | null): Coordinated | null {
    return install && this.#arrived.take(install.index)
  }
  /** That write is done. */
  installed(install: Snapshot | null): void {
    if (install) this.#arrived.installed(install.index)
  }
}
