/** `lvsm check run`: on this node, on the director that somebody names, or on one that makes that check. */
import { suggest } from '@lvsm/model'
import type { Outcome } from '@lvsm/protocol'
import { changeText } from '../changing.ts'
import { beginTrials, MOST_RUNS, MOST_TRIALS } from '../check/trials.ts'
import type { Member } from '../check/member.ts'
import { askedFor } from '../check/sight.ts'
import type { NodeState } from '../state.ts'
import { directorsOf } from '../entitled.ts'
import { ownership } from '../lease.ts'
import { stateOf } from '../peers.ts'
import { forward } from './forward.ts'
import { isHere } from './here.ts'
import type { Asked } from './pending.ts'
import { refuse, reply } from './reply.ts'

export function onRunCheck(state: NodeState, asked: Asked & { readonly command: { readonly verb: 'runCheck' } }): void {
  const { command, replyTo, mayForward } = asked
  const { name, on, explain } = command
  if (!isHere(state, on ?? state.node, command, asked)) return
  const members = [...state.checks.members.values()]
  const named = members.filter((member) => namesOf(member).includes(name))
  const found = [...new Set(named.map(askedFor))]
  if (found.length === 0) {
    // Who names a node wants to know what that one finds.
    const maker = mayForward && on === undefined ? whoMakes(state, name) : undefined
    if (maker !== undefined) return forward(state, maker, { ...command, on: maker }, replyTo)
    return reply(state, replyTo, notThere(state, command, members))
  }
  const answer = whyNot(state, name, found)
  if (answer) return reply(state, replyTo, answer)
  beginTrials(state, found.filter(isAsked), explain, replyTo)
}

const isAsked = ({ service }: Pick<Member, 'service'>): boolean => service.check.type !== 'none'

/** Null: they can be run. */
function whyNot(state: NodeState, name: string, found: readonly Member[]): Outcome | null {
  const checked = found.filter(isAsked)
  if (checked.length === 0) {
    const message = `nobody is asked for "${name}": its check has the type none`
    const change = changeText(state, 'lvsm check set SERVICE type=tcp', 'type: tcp in its check')
    return refuse('conflict', 'not-checked', message, `to begin to: ${change}`)
  }
  if (checked.length > MOST_TRIALS) {
    const message = `"${name}" means ${checked.length} checks, and ${MOST_TRIALS} at most are run at once`
    return refuse('invalid', 'too-many-checks', message, 'name one of them: SERVICE/SERVER')
  }
  if (state.trials.size < MOST_RUNS) return null
  const message = `${MOST_RUNS} checks are being run by hand here already`
  return refuse('conflict', 'too-many-checks', message, 'wait until they have ended')
}

type Named = Pick<Member, 'service' | 'realserver'>
const configured = ({ config }: NodeState): readonly Named[] =>
  config?.services.flatMap((service) => service.realservers.map((realserver) => ({ service, realserver }))) ?? []

/**
 * The director that is asked for checks of that name which this node does not make: one that speaks before one that is silent, then
 * one that makes most of them, then an owner, whose verdict counts.
 */
function whoMakes(state: NodeState, name: string): string | undefined {
  const makers = new Map<string, number>()
  for (const one of configured(state)) {
    if (!namesOf(one).includes(name)) continue
    const group = state.config?.groups.find((entry) => entry.name === one.service.group)
    const owner = group && ownership(state, group.name)?.owner
    for (const director of group?.directors ?? [])
      makers.set(director, (makers.get(director) ?? 0) + (director === owner ? OWNS : 1))
  }
  makers.delete(state.node)
  const heard = (node: string): number => (stateOf(state, node) ? 1 : 0)
  const order = [...makers].toSorted(([one, made], [other, more]) => heard(other) - heard(one) || more - made)
  return order[0]?.[0]
}
/** Of directors that make as many, one that owns a group. */
const OWNS = 1.001

/** What a check answers to. */
export const namesOf = ({ service, realserver }: Pick<Member, 'service' | 'realserver'>): readonly string[] => [
  service.name,
  realserver.node,
  `${service.name}/${realserver.node}`,
]

function notThere(
  state: NodeState,
  { name, explain }: { readonly name: string; readonly explain: boolean },
  members: readonly Member[],
): Outcome {
  const all = configured(state)
  if (all.some((one) => namesOf(one).includes(name))) {
    const directors = directorsOf(state).filter((one) => one !== state.node)
    const message = `${state.node} ${members.length === 0 ? 'makes no checks: it directs no group that has services' : `does not make the check "${name}"`}`
    const again = `lvsm check run ${name}${explain ? ' --explain' : ''}`
    return refuse(
      'conflict',
      'no-checks',
      message,
      `directors do: run it on ${directors.join(' or ') || 'one'}: ${again}`,
    )
  }
  const names = [...new Set(all.flatMap((one) => namesOf(one)))]
  return refuse('unknown', 'unknown-check', `there is no check "${name}"`, suggest(name, names, 'checks'))
}
