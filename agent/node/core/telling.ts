/** What this node says about itself: to its lease process, and through it to the other reconcilers. */
import { after, type Instant, type Trouble } from '@lvsm/base'
import { agreementDigests, ownershipView } from '@lvsm/model'
import { interfaceFor, type Observed } from '@lvsm/plan'
import type { Desk } from './desk.ts'
import type { History } from './history.ts'
import { cut, REASON, writeState, writeTables } from './packing.ts'
import { ownTable } from './report.ts'
import { type Saying, sayState } from './sentence.ts'
import type { DestReport } from './words.ts'

/** Own events younger than this are told again with every state: a lost datagram loses none. */
const RETELL_MS = 10_000

export type Ready = Readonly<Record<string, string>>

export interface Telling {
  /** The ownership view, when it changed or the lease process is new. */
  view(observed: Observed): void
  /** The lease process is new, or gone: it knows nothing. */
  forget(): void
  /** Readiness of each group; `all`: also what did not change. */
  ready(all: boolean): void
  /** Group → why this node could not take it now; empty text: it could. */
  readiness(): Ready
  saying(troubles: readonly Trouble[]): Saying
  /** Is there more to say than was told last? */
  news(troubles: readonly Trouble[]): boolean
  tell(troubles: readonly Trouble[], now: Instant): void
}

export function createTelling(
  desk: Desk,
  secrets: ReadonlyMap<number, string>,
  history: History,
  wall: (at: Instant) => string,
): Telling {
  const { config, view, emit, reconciler, pings } = desk
  const agreement = agreementDigests(config)
  /** Interfaces of the addresses in the view that was sent; null: none was. */
  let sentView: string | null = null
  let said = ''
  let readiness: Ready = {}
  /** Group → how many of its ping nodes this node reached when it last said so. */
  const told = new Map<string, number>()

  function ready(all: boolean): void {
    const next = Object.fromEntries(view.directs.map((group) => [group.name, reconciler.unprepared(group.name) ?? '']))
    for (const [group, why] of Object.entries(next)) {
      const changed = readiness[group] !== why
      if (changed && (readiness[group] === '' || why === ''))
        emit({
          kind: 'log',
          text: `${group}: ${why === '' ? 'this node could take it' : `this node could not take it: ${why}`}`,
        })
      const reaches = pings.reaches(group)
      if (sentView !== null && (all || changed || told.get(group) !== reaches))
        emit({
          kind: 'ready',
          group,
          ready: why === '',
          cutOff: reconciler.cutOff(group) !== null,
          reaches,
          reason: why === '' ? 'the kernel is prepared' : cut(why, REASON),
        })
      told.set(group, reaches)
    }
    readiness = next
  }
  const saying = (troubles: readonly Trouble[]): Saying =>
    sayState({ view, status: desk.status(), observed: reconciler.observed(), troubles, ready: readiness })

  return {
    view(observed) {
      const addresses = config.groups.flatMap((group) => group.addresses)
      const interfaceOf = (address: string): number => {
        const named = addresses.find((entry) => entry.address === address)?.interface ?? null
        return (
          (named === null ? interfaceFor(observed, address) : observed.links.find((link) => link.name === named))
            ?.index ?? 0
        )
      }
      // Nothing else of it changes while this process lives.
      const indexes = addresses.map(({ address }) => interfaceOf(address)).join()
      if (indexes === sentView) return
      sentView = indexes
      emit({ kind: 'view', view: ownershipView(config, secrets, interfaceOf) })
      ready(true)
    },
    forget() {
      sentView = null
    },
    ready,
    readiness: () => readiness,
    saying,
    news(troubles) {
      const { state, reason } = saying(troubles)
      return `${state} ${reason}` !== said
    },
    tell(troubles, now) {
      ready(true)
      const { state, reason } = saying(troubles)
      said = `${state} ${reason}`
      const status = desk.status()
      if (!status) return
      const events = history.own(config.node, wall(after(now, -RETELL_MS)))
      const words = writeState({
        w: 'state',
        revision: config.revision,
        agreement,
        state,
        reason,
        standby: status.standby,
        ready: readiness,
        pings: pings.reached(),
        troubles,
        events,
      })
      const mine = new Set(status.groups.filter((group) => group.role === 'owner').map((group) => group.name))
      const tables = view.services
        .filter((service) => mine.has(service.group))
        .map((service): [string, DestReport[]] => [
          service.name,
          ownTable({ observed: reconciler.observed(), checks: desk.checks }, service),
        ])
      for (const text of [...words, ...writeTables(new Map(tables))]) emit({ kind: 'word', to: null, text })
    },
  }
}
