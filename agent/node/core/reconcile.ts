/** From one look at the kernel to the operations that repair it. */
import type { Instant, Trouble } from '@lvsm/base'
import type { Config, NodeView } from '@lvsm/model'
import {
  audit,
  claim,
  type Desired,
  describeOperation,
  desired,
  diff,
  forget,
  interfaceFor,
  type Observed,
  type Operation,
  type OwnedRecord,
  sameRecord,
  type Situation,
  serviceKey,
  troublesOf,
  writeRecord,
} from '@lvsm/plan'
import type { Checks } from './checks.ts'
import type { Emit } from './events.ts'

/** One look that fails is everyday: the kernel changed under it. */
const UNREAD = 2

/** What the other parts of the core know when the table is planned. */
export type Circumstances = Pick<Situation, 'owned' | 'quiescing' | 'handover' | 'forgetting'>

export interface Reconciler {
  /** Files to read at the next look. */
  sysctls(): readonly string[]
  /** Plans, audits and asks for what is to be done. Returns what somebody else had changed. */
  look(observed: Observed, circumstances: Circumstances, now: Instant): readonly Operation[]
  /** The kernel could not be looked at. */
  unread(error: string): void
  /** The last look; null before the first. */
  observed(): Observed | null
  wanted(): Desired | null
  /** Operations of the last look; empty when the kernel is as it should be. */
  pending(): readonly Operation[]
  failed(failures: readonly { readonly operation: Operation; readonly error: string }[]): void
  troubles(): readonly Trouble[]
  /** The group that an operation is about; empty text when about none. */
  groupOf(operation: Operation): string
  /** Why the kernel is not prepared for a group; null when it is. */
  unprepared(group: string): string | null
  /** Which interface of the group's addresses is gone or carries nothing, as a sentence; null when none. */
  cutOff(group: string): string | null
}

export function createReconciler(
  config: Config,
  view: NodeView,
  checks: Checks,
  record: OwnedRecord,
  emit: Emit,
): Reconciler {
  let owned = record
  let seen: Observed | null = null
  let wanted: Desired | null = null
  let plan: readonly Operation[] = []
  let broken: readonly string[] = []
  let failures: readonly string[] = []
  let before = ''
  /** Groups that this node held at the last look. */
  let mine: ReadonlySet<string> = new Set()
  let unread = { times: 0, error: '' }

  const keep = (next: OwnedRecord): void => {
    if (sameRecord(owned, next)) return
    owned = next
    emit({ kind: 'record', text: writeRecord(owned) })
  }
  const held = (groups: ReadonlySet<string>): Set<string> =>
    new Set(
      view.directs
        .filter((group) => groups.has(group.name))
        .flatMap((group) => group.addresses.map((entry) => entry.address)),
    )

  const cutOff = (name: string): string | null => {
    if (!seen) return null
    const group = view.directs.find((entry) => entry.name === name)
    for (const { address, interface: named } of group?.addresses ?? []) {
      const link = named === null ? interfaceFor(seen, address) : seen.links.find((known) => known.name === named)
      if (!link) return `no interface for ${address}`
      if (!link.up) return `interface ${link.name} is down`
    }
    return null
  }

  return {
    cutOff,
    sysctls: () => wanted?.sysctls.map((entry) => entry.path) ?? [],
    observed: () => seen,
    wanted: () => wanted,
    pending: () => plan,
    unread(error) {
      unread = { times: unread.times + 1, error }
    },
    look(observed, circumstances, now) {
      unread = { times: 0, error: '' }
      seen = observed
      mine = circumstances.owned
      checks.begin(observed, now)
      checks.follow(observed, now)
      if (observed.services) keep(claim(forget(owned, config.services, observed.services), view.services))
      wanted = desired({ ...circumstances, view, serving: checks.serving(), lingering: checks.lingering() }, observed)
      // The first look cannot know which settings it needs: nothing is done before they were read.
      if (wanted.sysctls.some(({ path }) => !observed.sysctls.has(path))) {
        plan = []
        return []
      }
      const text = JSON.stringify(wanted)
      const undisturbed = before !== text || plan.length > 0
      before = text
      plan = diff(observed, wanted, owned)
      broken = audit(plan, { observed, owned, held: held(circumstances.owned) })
      if (plan.length === 0) failures = []
      else if (broken.length === 0) emit({ kind: 'apply', operations: plan })
      return undisturbed ? [] : plan
    },
    failed(list) {
      failures = list.map(({ operation, error }) => `cannot ${describeOperation(operation)}: ${error}`)
    },
    groupOf(operation) {
      const address =
        'service' in operation ? operation.service.address : 'address' in operation ? operation.address : undefined
      return config.groups.find((group) => group.addresses.some((entry) => entry.address === address))?.name ?? ''
    },
    troubles() {
      const audits = broken.map(
        (law): Trouble => ({
          code: 'plan-refused',
          severity: 'critical',
          message: `a plan was not carried out: ${law}`,
          hint: 'this is a defect of lvsm: please report it',
        }),
      )
      const blind: Trouble = {
        code: 'cannot-observe',
        severity: 'critical',
        message: `cannot read the kernel: ${unread.error}`,
        hint: 'it is tried again every second',
      }
      const faults = failures.map(
        (message): Trouble => ({
          code: 'kernel-refused',
          severity: 'critical',
          message,
          hint: 'it is tried again every second',
        }),
      )
      return [
        ...(seen && wanted ? troublesOf(view, wanted, seen, owned) : []),
        ...audits,
        ...faults,
        ...(unread.times > 0 ? [blind] : []),
      ]
    },
    unprepared(name) {
      if (!seen || !wanted || before === '') return 'the kernel was not read yet'
      // What was seen before is of yesterday: the table may be gone.
      if (unread.times >= UNREAD) return `the kernel cannot be read: ${unread.error}`
      const severed = cutOff(name)
      if (severed !== null) return severed
      const services = wanted.services.filter((service) => service.group === name)
      if (services.length > 0 && !seen.services) return 'this kernel has no IPVS'
      const unknown = checks.unknown().find((service) => services.some((entry) => entry.name === service))
      // An owner whose agent starts anew serves by the table that it found: nobody is better off for that.
      if (unknown !== undefined && !mine.has(name)) return `the realservers of service ${unknown} are not checked yet`
      // Destinations that come and go are everyday; what is missing altogether, or was refused, is not.
      const missing = plan.find(
        (operation) =>
          operation.kind === 'sysctl' ||
          (operation.kind === 'service-add' &&
            services.some((service) => serviceKey(service) === serviceKey(operation.service))),
      )
      return missing
        ? `still to do: ${describeOperation(missing)}`
        : (failures.find((failure) => !failure.includes('guard')) ?? null)
    },
  }
}
