/** Everything that is in the way now, from every part; what begins and what is over is logged once. */
import { between, type Trouble } from '@lvsm/base'
import { type NodeView, serviceKey, specText } from '@lvsm/model'
import { type LogTags, saidAndStep } from '@lvsm/protocol'
import { type Desired, isSyncOperation, type Observed, type OwnedRecord, troublesOf } from '@lvsm/plan'
import { alertTroubles } from '../alerts/reach.ts'
import { certificateTroubles } from './certificates.ts'
import { flappingTroubles } from '../check/holds.ts'
import { pingTroubles } from '../check/pings.ts'
import { turnTroubles } from '../check/through.ts'
import { fullTroubles } from '../check/full.ts'
import { portTroubles } from '../check/ports-used.ts'
import { quorumTroubles } from '../check/standing-in.ts'
import { changeText } from '../changing.ts'
import { clockTroubles } from '../clocks.ts'
import { mtuTroubles } from '../mtus.ts'
import { differingTroubles } from '../differing.ts'
import { disagreementTroubles } from '../disagreement.ts'
import { hearingTroubles } from '../hearing.ts'
import type { Failure } from '../events.ts'
import { takingTroubles } from '../history/owner-changes.ts'
import { sameOf } from '../history/same.ts'
import { hookTroubles } from '../hooks/hooks.ts'
import { leaseStatus } from '../lease.ts'
import { leavingTroubles } from '../leaving/told.ts'
import { nowhereTroubles } from '../observe/nowhere-told.ts'
import { socketTroubles } from '../observe/sockets.ts'
import { unseenTroubles } from '../check/sights.ts'
import { unknownTroubles } from '../check/unknowns.ts'
import { dropRuleTroubles } from '../observe/drop-rules.ts'
import { neighbourTroubles } from '../observe/neighbours.ts'
import { goneTroubles } from '../observe/own-addresses.ts'
import { severityByClients } from '../observe/owners-word.ts'
import { pathTroubles } from '../observe/paths-told.ts'
import { strayTroubles } from '../observe/strays.ts'
import { answerTroubles } from '../observe/answers.ts'
import { wayTroubles } from '../observe/ways.ts'
import { fightTroubles } from '../plan/fights.ts'
import { perReason } from '../plan/refusals.ts'
import { quietTroubles } from '../rates/quiet.ts'
import { log, type NodeState } from '../state.ts'
import { silenceTroubles } from '../sync-silence.ts'
import { syncTroubles } from '../synchronised.ts'
import { vitalTroubles } from '../vitals/vitals.ts'
import { dropTroubles } from './drops.ts'
import { leaseTroubles } from './lease-told.ts'
import { mendedTroubles } from './mended.ts'
import { onePerCause } from './one-cause.ts'
import { unbelievedTroubles } from './unbelieved.ts'
import { untilMended } from './until-mended.ts'

/** Of the adapters, under a name of their own; null: over. */
export function report(state: NodeState, source: string, trouble: Trouble | null): void {
  if (trouble) state.reported.set(source, trouble)
  else state.reported.delete(source)
}

export const troubles = (state: NodeState): readonly Trouble[] =>
  untilMended(state, foundNow(state)).map((trouble) => ({ ...trouble, ...sinceOf(state, trouble) }))

const foundNow = (state: NodeState): readonly Trouble[] =>
  onePerCause(state, [
    ...leaseTroubles(state),
    ...silentAgents(state),
    ...absentCoordinator(state),
    ...state.reported.values(),
    ...kernelTroubles(state),
    ...fightTroubles(state),
    ...flappingTroubles(state),
    ...pathTroubles(state),
    ...quietTroubles(state),
    ...neighbourTroubles(state),
    ...goneTroubles(state),
    ...wayTroubles(state),
    ...answerTroubles(state),
    ...strayTroubles(state),
    ...mtuTroubles(state),
    ...vitalTroubles(state),
    ...socketTroubles(state, (arrival, how) => severityByClients(state, arrival, how)),
    ...nowhereTroubles(state),
    ...unseenTroubles(state),
    ...turnTroubles(state),
    ...quorumTroubles(state),
    ...fullTroubles(state),
    ...leavingTroubles(state),
    ...portTroubles(state),
    ...unknownTroubles(state),
    ...pingTroubles(state.pings),
    ...certificateTroubles(state),
    ...differingTroubles(state),
    ...disagreementTroubles(state),
    ...unbelievedTroubles(state),
    ...hearingTroubles(state),
    ...clockTroubles(state),
    ...dropTroubles(state),
    ...dropRuleTroubles(state),
    ...takingTroubles(state),
    ...syncTroubles(state),
    ...silenceTroubles(state),
    ...alertTroubles(state),
    ...hookTroubles(state),
  ])

/** For people, and for other nodes. */
export const withMended = (state: NodeState, present: readonly Trouble[]): readonly Trouble[] => [
  ...present,
  ...mendedTroubles(state),
]

/** To the second: where it is one text as long as it lasts, nobody is told of it anew. */
function sinceOf({ history, wall }: NodeState, trouble: Trouble): { since?: string } {
  const lasting = history.lasting.get(sameOf(trouble))
  return lasting ? { since: `${wall(lasting.since).slice(0, 19)}Z` } : {}
}

/** Who starts anew is there again by then. Milliseconds. */
const STARTS_MS = 5000

function absentCoordinator({ absent, now, node }: NodeState): Trouble[] {
  const gone = absent.get('lvsm-coordinator')
  if (!gone || between(gone.at, now) < STARTS_MS) return []
  const { said, step } = saidAndStep(gone.why)
  const message = `lvsm-coordinator of ${node} is not there: ${said}`
  const mend = step ?? 'mend what it says'
  const hint = `${mend}; then systemctl restart lvsm-coordinator; its log: journalctl -u lvsm-coordinator`
  return [{ code: 'coordinator-absent', severity: 'warning', object: `node ${node}`, message, hint }]
}

/**
 * Of other nodes, as their lease processes say it: each that hears it tells it in the same words. What to run is this node's own word:
 * a command that another one names is shown as its word, never as advice.
 */
const silentAgents = (state: NodeState): Trouble[] =>
  (leaseStatus(state)?.peers ?? []).flatMap(({ name, life, agentless }): Trouble[] => {
    if (agentless === undefined || life !== 'alive') return []
    const { said, step } = saidAndStep(agentless)
    const message = `lvsm-agent of ${name} is not at work: ${said}`
    const evidence = step === null ? {} : { evidence: `${name} says what mends it, unverified: ${step}` }
    const hint = `on ${name}: systemctl status lvsm-agent; journalctl -u lvsm-agent; mend what they say, then systemctl restart lvsm-agent`
    return [{ code: 'agent-silent', severity: 'critical', object: `node ${name}`, message, ...evidence, hint }]
  })

const refused = (failures: readonly Failure[]): Trouble[] =>
  perReason(failures).map(({ message, evidence }) => ({
    ...{ code: 'kernel-refused', severity: 'critical', message, ...evidence },
    hint: 'it is tried again every second',
  }))

/** One service that this kernel cannot have as it is written; null: it is something else that failed. */
function moduleMissing(state: NodeState, { operation, message, missing }: Failure): Trouble | null {
  if (missing === undefined || !('spec' in operation)) return null
  const key = serviceKey(operation.service)
  const name = state.view?.services.find((service) => serviceKey(service) === key)?.name ?? key
  return {
    code: 'module-missing',
    severity: 'critical',
    object: `service ${name}`,
    message: `${operation.kind === 'service-add' ? 'service' : 'the change of service'} ${name} (${key}) is not there: the kernel does not know ${specText(operation.spec)}`,
    evidence: message,
    hint: `load it on this node: modprobe ${missing.join(' ')}; all other services are served; where there is no such module: ${changeText(state, `lvsm service set ${name} scheduler=wlc`, `scheduler: wlc for ${name}`)}`,
  }
}

type Found = { readonly by: readonly unknown[]; readonly found: readonly Trouble[] }
const foundIn = new WeakMap<Observed, Found>()
/** Asked many times between two looks, none of which ever changes: a large table is gone over once. */
function inTheKernel(view: NodeView, wanted: Desired, observed: Observed, owned: OwnedRecord): readonly Trouble[] {
  const by = [view, wanted, owned]
  const last = foundIn.get(observed)
  if (last && by.every((one, at) => one === last.by[at])) return last.found
  const found = troublesOf(view, wanted, observed, owned)
  foundIn.set(observed, { by, found })
  return found
}

function kernelTroubles(state: NodeState): Trouble[] {
  const { kernel, view } = state
  const { observed, wanted, owned, broken, failures, unread } = kernel
  const laws = broken.map(
    (law): Trouble => ({
      code: 'plan-refused',
      severity: 'critical',
      message: `a plan was not carried out: ${law}`,
      hint: 'this is a defect of lvsm: please report it',
    }),
  )
  const those = failures.filter(({ operation }) => !isSyncOperation(operation))
  const missing = those.flatMap((failure) => moduleMissing(state, failure) ?? [])
  const others = those.filter((failure) => moduleMissing(state, failure) === null)
  const refusals = [...missing, ...refused(others)]
  const blind: Trouble = {
    code: 'cannot-observe',
    severity: 'critical',
    message: `cannot read the kernel: ${unread.error}`,
    hint: 'it is tried again every second',
  }
  const found = view && observed && wanted ? inTheKernel(view, wanted, observed, owned) : []
  return [...found, ...laws, ...refusals, ...(unread.times > 0 ? [blind] : [])]
}

/** Of one kind: a node that says something else each time has troubles come and go without end. */
const LOGGED = { perMs: 60_000, lines: 20 } as const

function logLine(
  state: NodeState,
  { code, object }: Trouble,
  text: string,
  how: Pick<LogTags, 'event' | 'severity'>,
): void {
  const tags = { ...how, code, node: state.node, ...aboutOf(state, object) }
  const { logged } = state.published
  const known = logged.get(code)
  const present = known && between(known.since, state.now) < LOGGED.perMs ? known : { since: state.now, lines: 0 }
  logged.set(code, { ...present, lines: present.lines + 1 })
  if (present.lines < LOGGED.lines) log(state, text, tags)
  else if (present.lines === LOGGED.lines)
    log(state, `${text}; more of this kind (${code}) is not logged for a minute`, tags)
}

/** A group, a service, or in the words of the trouble. */
function aboutOf({ config }: NodeState, object = ''): Pick<LogTags, 'group' | 'service' | 'object'> {
  const [kind, name = ''] = object.split(' ', 2)
  if (kind === 'group') return { group: name }
  if (kind !== 'service') return { object }
  return { service: name, group: config?.services.find((one) => one.name === name)?.group ?? '' }
}

export function logTroubles(state: NodeState, present: readonly Trouble[]): void {
  const now = new Map(present.map((trouble) => [sameOf(trouble), trouble]))
  const before = state.published.troubles
  for (const [key, trouble] of now) {
    const { severity, message, hint } = trouble
    const text = `${severity}: ${message}${hint ? ` (${hint})` : ''}`
    const known = before.get(key)
    const isWorse = severity === 'critical' && known?.severity === 'warning'
    if (!known || isWorse) logLine(state, trouble, text, { event: 'trouble', severity })
  }
  for (const [key, trouble] of before)
    if (!now.has(key)) logLine(state, trouble, `over: ${trouble.message}`, { event: 'over', severity: 'info' })
  state.published.troubles = now
}
