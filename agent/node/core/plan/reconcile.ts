/** From one look at the kernel to the operations that repair it: plan, audit, apply. */
import {
  audit,
  claim,
  describeOperation,
  desired,
  diff,
  forget,
  type Desired,
  isOfEntry,
  type Observed,
  type Operation,
  portion,
  rememberSettings,
  sameRecord,
  writeRecord,
} from '@lvsm/plan'
import { between } from '@lvsm/base'
import { isCheckMark, isMark, serviceKey } from '@lvsm/model'
import { drainingOf, followTable, isForgettingClients } from '../check/draining.ts'
import { servingOf } from '../check/members.ts'
import { noteFull } from '../check/full.ts'
import { notePorts } from '../check/ports-used.ts'
import { noteStandingIn } from '../check/standing-in.ts'
import { throughServices, turnsOf, turnsPlanned } from '../check/through.ts'
import { weightsOf } from '../check/weights.ts'
import { heldGroups } from '../lease.ts'
import { endLeaving } from '../leaving/leaving.ts'
import { handoverAddresses, forgettingGroups, plannedHandovers } from '../move/successor.ts'
import { quiescingGroups } from '../move/owner.ts'
import { publishSoon } from '../publish/publish.ts'
import type { NodeState } from '../state.ts'
import { noteRise } from '../sync-silence.ts'

/** Plans for what was seen, and asks for what is to be done. Returns what somebody else had changed. */
export function reconcile(state: NodeState, observed: Observed): readonly Operation[] {
  const { kernel } = state
  if (!state.config || !state.view) return []
  kernel.observed = observed
  followTable(state, observed)
  if (endLeaving(state)) publishSoon(state)
  const { view } = state
  noteFull(state, observed)
  notePorts(state, observed)
  noteRise(state)
  if (noteStandingIn(state)) publishSoon(state)
  if (observed.services) keepRecord(state, observed.services)
  const owned = heldGroups(state)
  const wanted = desired(
    {
      view,
      owned,
      serving: servingOf(state),
      draining: drainingOf(state),
      forgetting: isForgettingClients(state),
      weights: weightsOf(state),
      quiescing: quiescingGroups(state),
      handover: handoverAddresses(state),
      flushing: forgettingGroups(state),
      turns: turnsOf(state),
    },
    observed,
  )
  kernel.wanted = wanted
  plannedHandovers(state)
  // The first look cannot know which settings it needs: nothing is done before they were read.
  if (unreadSettings(state, observed)) {
    kernel.pending = []
    return []
  }
  // The next turn of a check is no other wish: what somebody changed meanwhile is to be seen.
  const text = JSON.stringify({
    ...wanted,
    services: wanted.services.filter((one) => !(isMark(one) && isCheckMark(one.fwmark))),
  })
  const undisturbed = kernel.wantedText !== text || kernel.pending.some((one) => !isOfEntry(one))
  if (kernel.wantedText !== text) kernel.acknowledged = new Set()
  kernel.wantedText = text
  kernel.pending = diff(observed, wanted, kernel.owned)
  turnsPlanned(state)
  keepSettings(state, observed, wanted)
  kernel.broken = audit(kernel.pending, {
    observed,
    owned: kernel.owned,
    held: heldAddresses(state, owned),
    marked: markedAddresses(state),
  })
  if (kernel.pending.length === 0) kernel.failures = []
  kernel.step = kernel.broken.length > 0 ? [] : portion(kernel.pending, kernel.failures)
  if (kernel.step.length > 0) state.effects.push({ kind: 'apply', operations: kernel.step })
  return undisturbed ? [] : kernel.pending.filter((one) => !isOfEntry(one))
}

/** Settings that the plan needs and the look did not bring. */
export const unreadSettings = ({ kernel }: NodeState, observed: Observed): boolean =>
  kernel.wanted?.sysctls.some(({ path }) => !observed.sysctls.has(path)) === true

/** Before a setting is written: else nobody knows what it was. */
function keepSettings({ kernel, effects }: NodeState, observed: Observed, wanted: Desired): void {
  const next = rememberSettings(kernel.owned, observed, wanted, kernel.pending)
  if (sameRecord(kernel.owned, next)) return
  kernel.owned = next
  effects.push({ kind: 'record', text: writeRecord(next) })
}

function keepRecord(state: NodeState, services: NonNullable<Observed['services']>): void {
  const { kernel, config, view } = state
  const ours = view?.services ?? []
  const next = claim(forget(kernel.owned, config?.services ?? [], services), [...ours, ...throughServices(ours)])
  if (sameRecord(kernel.owned, next)) return
  kernel.owned = next
  state.effects.push({ kind: 'record', text: writeRecord(next) })
}

/** VIPs of services on several ports. */
const markedAddresses = ({ view }: NodeState): Map<string, string> =>
  new Map(view?.services.flatMap((service) => (service.ports ? [[serviceKey(service), service.address] as const] : [])))

const heldAddresses = ({ view }: NodeState, groups: ReadonlySet<string>): Set<string> =>
  new Set(
    view?.directs
      .filter(({ name }) => groups.has(name))
      .flatMap(({ addresses }) => addresses.map(({ address }) => address)),
  )

/** What somebody changes again and again is told now and then: it must not push out of history and log what else happened. */
const TOLD_AGAIN_MS = 60_000

/** Of what is repaired, what was not told lately. */
export function untold({ kernel, now }: NodeState, repairs: ReadonlySet<Operation>): ReadonlySet<Operation> {
  const { toldAt } = kernel
  for (const [text, at] of toldAt) if (between(at, now) >= TOLD_AGAIN_MS) toldAt.delete(text)
  const news = new Set([...repairs].filter((operation) => !toldAt.has(describeOperation(operation))))
  for (const operation of news) toldAt.set(describeOperation(operation), now)
  return news
}

/** What is tried again every second is logged once. True when the kernel has just become as it should be. */
export function logPlan(state: NodeState, repairs: ReadonlySet<Operation>, news: ReadonlySet<Operation>): boolean {
  const { kernel } = state
  const before = kernel.logged
  const lines = new Map(
    kernel.pending
      .filter((operation) => !isOfEntry(operation))
      .map((operation) => [
        `${repairs.has(operation) ? 'repairs' : 'does'}: ${describeOperation(operation)}`,
        news.has(operation) || !repairs.has(operation),
      ]),
  )
  for (const [text, isNews] of lines) if (isNews && !before.has(text)) state.effects.push({ kind: 'log', text })
  kernel.logged = new Set(lines.keys())
  return before.size > 0 && lines.size === 0
}
