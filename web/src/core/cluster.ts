/** What a status says of groups, services, realservers and nodes, in the words of `lvsm status`. What nobody told is never good. */
import { spanText } from '@lvsm/base'
import {
  type AnswerLine,
  answersOf,
  checkWord,
  type GroupReport,
  type Health,
  isFull,
  isTold,
  judge,
  type NodeReport,
  type NodeState,
  type RealserverReport,
  type ServiceReport,
  type Status,
  takesNew,
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

/** A group as its table shows it: one that is owned, and could not move, is a failure away from being lost. */
export function standingOf(status: Status, group: GroupReport): Said {
  const said = groupSaid(group)
  if (said.tone !== 'good') return said
  const { movable, faults } = judge(status)
  const could = movable.get(group.name)
  if (could === null) return say('unknown', 'owned; who could take over is not known')
  return could === false ? say('warn', `owned; ${faults.groups.get(group.name) ?? 'nobody could take over'}`) : said
}

export interface Candidate extends Said {
  readonly node: string
}
/** The other directors of a group, in the order in which they are asked, and whether each could take it over now. */
export function candidatesOf(status: Status, { name: group, owner, directors, takers = [] }: GroupReport): Candidate[] {
  const { movable, faults } = judge(status)
  // It is ready, and the votes that it needs would not be there; or it would serve otherwise.
  const but = movable.get(group) === false ? faults.groups.get(group) : undefined
  return directors
    .filter((name) => name !== owner)
    .map((name) => ({
      node: name,
      ...candidateSaid(
        nodeOf(status, name),
        takers.find(({ node }) => node === name),
        but,
      ),
    }))
}

/** Its own word, as the head of the status takes it; an older coordinator has none. `but`: what would keep one that is ready from it. */
function candidateSaid(node: NodeReport | undefined, taker: TakerReport | undefined, but: string | undefined): Said {
  if (!node) return say('unknown', 'not known')
  const { state, standby, agent } = node
  if (standby) return say('off', 'set to standby')
  if (state === 'dead' || state === 'late') return nodeSaid(node)
  if (taker?.could === false) return say('bad', taker.reason)
  if (taker?.could === null) return say('unknown', taker.reason)
  if (!agent || state === 'unknown') return nodeSaid(node)
  if (taker) return but === undefined ? say('good', 'could take over') : say('warn', `ready; but ${but}`)
  return state === 'owner' || state === 'standby' ? say('good', 'could take over') : nodeSaid(node)
}

/** An operator's word comes before that of the checks. */
export function serverSaid(server: RealserverReport, told: boolean): Said {
  const { healthy, state, weight, degraded } = server
  if (!told) return state === undefined ? say('unknown', 'not known') : say('unknown', `to be ${WANTED[state]}`)
  if (state !== undefined) return say('off', state)
  if (healthy === false) return say('bad', weight > 0 ? 'failed, kept' : 'failed')
  if (isFull(server)) return say('warn', 'full')
  if (degraded === true && healthy === true) return say('warn', 'degraded')
  const word = checkWord(server)
  // Nobody is meant to know more of one that no check asks.
  return say(word === 'healthy' ? 'good' : server.basis === 'no-check' ? 'off' : 'unknown', word)
}
const WANTED: Readonly<Record<NonNullable<RealserverReport['state']>, string>> = {
  draining: 'drained',
  drained: 'drained',
  stopping: 'stopped',
  stopped: 'stopped',
}

/** Why it is as it is; of one that is drained or stopped by whom, and how far that is. */
export function serverWhy(server: RealserverReport, told: boolean): string {
  const { wanted, reason } = server
  return wanted ? `${wanted.intent} by ${wanted.author}${leftOf(server, told)}; ${reason}` : reason
}
/** `, 12 established, done in about 4 min`, as `lvsm status` has it. */
function leftOf({ state, active, doneInMs }: RealserverReport, told: boolean): string {
  if (state !== 'draining' && state !== 'stopping') return ''
  if (!told) return ', not known how many are established'
  const left = `, ${active} established`
  if (doneInMs === undefined || active === 0) return left
  return `${left}, ${doneInMs === null ? 'not known when they are done' : `done in about ${spanText(doneInMs)}`}`
}

/** Takes it new connections? */
export const isLive = (server: RealserverReport): boolean => takesNew(server)

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
  if (tone === 'warn' && ownership.tone === 'warn') return say(tone, `group ${service.group}: ${ownership.text}`)
  const [first] = said.filter((one) => one.tone === tone)
  const alike = said.filter((one) => one.text === first?.text).length
  return say(tone, alike === said.length ? (first?.text ?? '') : `${alike} ${first?.text ?? ''}`)
}

export interface Verdict extends Said {
  /** The lines of `lvsm status` below it: questions of which the answer is not yes. */
  readonly answers: readonly AnswerLine[]
}
export function verdictOf(status: Status): Verdict {
  const blind = status.groups.every(({ state }) => state === 'unknown') && !status.nodes.some(isHeard)
  if (blind)
    return {
      ...say('unknown', 'How the cluster is, is not known here: no agent tells it to this coordinator'),
      answers: [],
    }
  const verdict = judge(status)
  const { health, other, warnings } = verdict
  const counted = warnings === 0 ? [] : [`${warnings} warning${warnings === 1 ? '' : 's'}`]
  return { ...say(TONE_OF[health], [health, ...other, ...counted].join('; ')), answers: answersOf(verdict) }
}
const TONE_OF: Readonly<Record<Health, Tone>> = {
  healthy: 'good',
  degraded: 'warn',
  'not served': 'bad',
  'not known': 'unknown',
}
const isHeard = ({ agent, state }: NodeReport): boolean => agent && state !== 'unknown'
