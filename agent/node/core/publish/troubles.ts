/** Everything that is in the way now, from every part; what begins and what is over is logged once. */
import { between, type Trouble } from '@lvsm/base'
import { agreementDigests, disagreements } from '@lvsm/model'
import { troublesOf } from '@lvsm/plan'
import { pingTroubles } from '../check/pings.ts'
import { leaseFault } from '../lease.ts'
import { stateOf } from '../peers.ts'
import { describeFailure } from '../plan/readiness.ts'
import { log, type NodeState } from '../state.ts'
import { dropTroubles } from './drops.ts'

/** Of the adapters, under a name of their own; null: over. */
export function report(state: NodeState, source: string, trouble: Trouble | null): void {
  if (trouble) state.reported.set(source, trouble)
  else state.reported.delete(source)
}

export const troubles = (state: NodeState): readonly Trouble[] => [
  ...leaseTroubles(state),
  ...state.reported.values(),
  ...kernelTroubles(state),
  ...pingTroubles(state.pings),
  ...strangers(state),
  ...dropTroubles(state),
]

function leaseTroubles(state: NodeState): Trouble[] {
  const fault = leaseFault(state)
  if (fault === null) return [...(state.lease.status?.troubles ?? [])]
  const message = `the lease process does not answer: ${fault}`
  const hint = 'start lvsm-lease, or look at its log; without it this node takes nothing over'
  return [{ code: 'no-lease-process', severity: 'critical', message, hint }]
}

function kernelTroubles({ kernel, view }: NodeState): Trouble[] {
  const { observed, wanted, owned, broken, failures, unread } = kernel
  const laws = broken.map(
    (law): Trouble => ({
      code: 'plan-refused',
      severity: 'critical',
      message: `a plan was not carried out: ${law}`,
      hint: 'this is a defect of lvsm: please report it',
    }),
  )
  const refusals = failures.map(
    ({ operation, message }): Trouble => ({
      code: 'kernel-refused',
      severity: 'critical',
      message: describeFailure(operation, message),
      hint: 'it is tried again every second',
    }),
  )
  const blind: Trouble = {
    code: 'cannot-observe',
    severity: 'critical',
    message: `cannot read the kernel: ${unread.error}`,
    hint: 'it is tried again every second',
  }
  const found = view && observed && wanted ? troublesOf(view, wanted, observed, owned) : []
  return [...found, ...laws, ...refusals, ...(unread.times > 0 ? [blind] : [])]
}

/** Nodes that do not agree with this one, and on what. */
function strangers(state: NodeState): Trouble[] {
  const { config } = state
  if (!config) return []
  const agreement = agreementDigests(config)
  return config.nodes.flatMap(({ name }): Trouble[] => {
    const word = stateOf(state, name)
    const subjects = word ? disagreements(agreement, word.agreement) : []
    if (!word || subjects.length === 0) return []
    const message = `${name} runs revision ${word.revision} with other ${subjects.join(', ')} than revision ${config.revision} here`
    return [{ code: 'disagreement', severity: 'warning', message, hint: 'give every node the same configuration' }]
  })
}

/** Of one kind: a node that says something else each time has troubles come and go without end. */
const LOGGED = { perMs: 60_000, lines: 20 } as const

function logLine(state: NodeState, code: string, text: string): void {
  const { logged } = state.published
  const known = logged.get(code)
  const present = known && between(known.since, state.now) < LOGGED.perMs ? known : { since: state.now, lines: 0 }
  logged.set(code, { ...present, lines: present.lines + 1 })
  if (present.lines < LOGGED.lines) log(state, text)
  else if (present.lines === LOGGED.lines) log(state, `${text}; more of this kind (${code}) is not logged for a minute`)
}

export function logTroubles(state: NodeState, present: readonly Trouble[]): void {
  const now = new Map(present.map((trouble) => [`${trouble.code} ${trouble.message}`, trouble]))
  const before = state.published.troubles
  for (const [key, { code, severity, message, hint }] of now)
    if (!before.has(key)) logLine(state, code, `${severity}: ${message}${hint ? ` (${hint})` : ''}`)
  for (const [key, { code, message }] of before) if (!now.has(key)) logLine(state, code, `over: ${message}`)
  state.published.troubles = now
}
