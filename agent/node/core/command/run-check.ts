/** `lvsm check run`: on this node, or on the director that somebody names. */
import { suggest } from '@lvsm/model'
import { changeText } from '../changing.ts'
import { beginTrials, MOST_RUNS, MOST_TRIALS } from '../check/trials.ts'
import type { Member } from '../check/member.ts'
import type { NodeState } from '../state.ts'
import { directorsOf, isDirector } from '../entitled.ts'
import { isHere } from './here.ts'
import type { Asked } from './pending.ts'
import { refuse, reply } from './reply.ts'

export function onRunCheck(state: NodeState, asked: Asked & { readonly command: { readonly verb: 'runCheck' } }): void {
  const { command, replyTo } = asked
  const { name, on = state.node, explain } = command
  if (!isHere(state, on, command, asked)) return
  const members = [...state.checks.members.values()]
  const found = members.filter((member) => namesOf(member).includes(name))
  if (found.length === 0) return reply(state, replyTo, notThere(state, command, members))
  const checked = found.filter(({ service }) => service.check.type !== 'none')
  if (checked.length === 0) {
    const message = `nobody is asked for "${name}": its check has the type none`
    return reply(
      state,
      replyTo,
      refuse(
        'conflict',
        'not-checked',
        message,
        `to begin to: ${changeText(state, 'lvsm check set SERVICE type=tcp', 'type: tcp in its check')}`,
      ),
    )
  }
  if (checked.length > MOST_TRIALS) {
    const message = `"${name}" means ${checked.length} checks, and ${MOST_TRIALS} at most are run at once`
    return reply(state, replyTo, refuse('invalid', 'too-many-checks', message, 'name one of them: SERVICE/SERVER'))
  }
  if (state.trials.size >= MOST_RUNS) {
    const message = `${MOST_RUNS} checks are being run by hand here already`
    return reply(state, replyTo, refuse('conflict', 'too-many-checks', message, 'wait until they have ended'))
  }
  beginTrials(state, checked, explain, replyTo)
}

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
): ReturnType<typeof refuse> {
  if (members.length === 0) {
    const directors = directorsOf(state).filter((one) => one !== state.node)
    const message = `${state.node} makes no checks: it directs no group that has services`
    const again = `lvsm check run ${name}${explain ? ' --explain' : ''}`
    // Only a director passes a command on.
    const hint = isDirector(state, state.node)
      ? `another director does: ${again} --on ${directors[0] ?? 'DIRECTOR'}`
      : `directors do: run it on ${directors.join(' or ') || 'one'}: ${again}`
    return refuse('conflict', 'no-checks', message, hint)
  }
  const names = [...new Set(members.flatMap((member) => namesOf(member)))]
  return refuse('unknown', 'unknown-check', `there is no check "${name}"`, suggest(name, names, 'checks'))
}
