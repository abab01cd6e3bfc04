/** What a status says of groups, services, realservers and nodes, in the words of `lvsm status`. What nobody told is never good. */
import {
  type GroupReport,
  isTold,
  judge,
  type NodeReport,
  type NodeState,
  type RealserverReport,
  type ServiceReport,
  type Status,
  type TakerReport,
} from '@lvsm/protocol'
import { type Said, say, type Tone, worst } from './tones.ts'

const nodeOf = ({ nodes }: Status, name: string): NodeReport | undefined => nodes.find((node) => node.name === name)

const NODE_TONES: Readonly<Record<NodeState, Tone>> = {
  owner: 'good',
  standby: 'good',
  maintenance: 'off',
  serving: 'good',
  witness: 'good',
  idle: 'good',
  starting: 'warn',
  late: 'warn',
  troubled: 'bad',
  dead: 'bad',
  unknown: 'unknown',
}
export function nodeSaid({ state, standby, agent }: NodeReport): Said {
  const tone = NODE_TONES[state]
  const text = state === 'unknown' ? 'not known' : state
  if (tone !== 'good' && tone !== 'off') return say(tone, text)
  if (!agent) return say('unknown', `${text}, agent silent`)
  return standby && tone === 'good' ? say('off', `${text}, set to standby`) : say(tone, text)
}

export function groupSaid({ state, owner, wanted }: GroupReport): Said {
  if (state === 'unknown') return say('unknown', 'not known')
  if (state === 'stopped') return say('off', 'stopped')
  if (state === 'moving') return say('warn', 'moving')
  if (owner === null) return say('bad', 'nobody owns it')
  return wanted ? say('warn', 'to be stopped') : say('good', 'owned')
}

/** A group as its table shows it: one that is owned, and that nobody could take over, is a failure away from being lost. */
export function standingOf(status: Status, group: GroupReport): Said {
  const said = groupSaid(group)
  const tones = candidatesOf(status, group).map(({ tone }) => tone)
  if (said.tone !== 'good' || tones.length === 0 || tones.includes('good')) return said
  return tones.includes('unknown')
    ? say('unknown', 'owned; who could take over is not known')
    : say('warn', 'owned; nobody could take over')
}

export interface Candidate extends Said {
  readonly node: string
}
/** The other directors of a group, in the order in which they are asked, and whether each could take it over now. */
export const candidatesOf = (status: Status, { owner, directors, takers = [] }: GroupReport): Candidate[] =>
  directors
    .filter((name) => name !== owner)
    .map((name) => ({
      node: name,
      ...candidateSaid(
        nodeOf(status, name),
        takers.find(({ node }) => node === name),
      ),
    }))

/** `taker`: whether it could, in its own word; an older coordinator has none. */
function candidateSaid(node: NodeReport | undefined, taker: TakerReport | undefined): Said {
  if (!node) return say('unknown', 'not known')
  const { state, standby, agent } = node
  if (standby) return say('off', 'set to standby')
  if (NODE_TONES[state] !== 'good') return nodeSaid(node)
  if (!agent) return say('unknown', 'agent silent')
  if (taker && taker.could !== true) return say(taker.could === null ? 'unknown' : 'bad', taker.reason)
  return state === 'owner' || state === 'standby' ? say('good', 'could take over') : nodeSaid(node)
}

/** An operator's word comes before that of the checks. */
export function serverSaid({ healthy, state }: RealserverReport, told: boolean): Said {
  if (!told) return state === undefined ? say('unknown', 'not known') : say('unknown', `to be ${WANTED[state]}`)
  if (state !== undefined) return say('off', state)
  if (healthy === null) return say('unknown', 'unchecked')
  return healthy ? say('good', 'healthy') : say('bad', 'failed')
}
const WANTED: Readonly<Record<NonNullable<RealserverReport['state']>, string>> = {
  draining: 'drained',
  drained: 'drained',
  stopping: 'stopped',
  stopped: 'stopped',
}

/** Takes it new connections? */
export const isLive = ({ weight, healthy }: RealserverReport): boolean => weight > 0 && healthy !== false

/** The worst of its group and its realservers. */
export function serviceSaid(status: Status, service: ServiceReport): Said {
  const { realservers } = service
  const group = status.groups.find(({ name }) => name === service.group)
  const ownership = group ? groupSaid(group) : say('unknown', 'not known')
  if (ownership.tone !== 'good' && ownership.tone !== 'warn')
    return ownership.tone === 'unknown' ? ownership : say(ownership.tone, `group ${service.group}: ${ownership.text}`)
  if (realservers.length === 0) return say('bad', 'no realservers')
  const told = isTold(status, service)
  const said = realservers.map((server) => serverSaid(server, told))
  const tone = worst([ownership.tone, ...said.map((one) => one.tone)])
  if (tone === 'warn') return say(tone, `group ${service.group}: ${ownership.text}`)
  const [first] = said.filter((one) => one.tone === tone)
  const alike = said.filter((one) => one.text === first?.text).length
  return say(tone, alike === said.length ? (first?.text ?? '') : `${alike} ${first?.text ?? ''}`)
}

export interface Verdict extends Said {
  /** What is not known beside it. */
  readonly unknown: readonly string[]
}
export function verdictOf(status: Status): Verdict {
  const blind = status.groups.every(({ state }) => state === 'unknown') && !status.nodes.some(isHeard)
  if (blind)
    return {
      ...say('unknown', 'How the cluster is, is not known here: no agent tells it to this coordinator'),
      unknown: [],
    }
  const { health, unserved, unserving, unmovable, other, unknown } = judge(status)
  const faults = [...unserved, ...unserving, ...unmovable, ...other]
  if (faults.length > 0)
    return { ...say(health === 'not served' ? 'bad' : 'warn', `${health}: ${faults.join('; ')}`), unknown }
  return {
    ...(unknown.length > 0 ? say('unknown', 'healthy, as far as it is known') : say('good', 'healthy')),
    unknown,
  }
}
const isHeard = ({ agent, state }: NodeReport): boolean => agent && state !== 'unknown'
