/** What a status says of groups, services, realservers and nodes, in the words of `lvsm status`. What nobody told is never good. */
import {
  type AnswerLine,
  answersOf,
  coordinatorFaults,
  deadPaths,
  type CoordinatorsReport,
  type GroupReport,
  headOf,
  type Health,
  isTold,
  judge,
  type NodeReport,
  type NodeState,
  nodeWord,
  NOT_SERVING,
  type RealserverReport,
  servedOf,
  type ServerWord,
  serverWord,
  type ServiceReport,
  shortFault,
  shownWord,
  type Status,
  takesNew,
  type TakerReport,
  whyUnserving,
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
/** What is to be known beside the word: `nodeNotes`. */
export function nodeSaid(node: NodeReport): Said {
  const word = nodeWord(node)
  const tone = NODE_TONES[word]
  if (tone !== 'good' && tone !== 'off') return say(tone, word)
  if (!node.agent) return say('unknown', word)
  return say(node.standby ? 'off' : tone, word)
}

/** In the table of nodes: beside its own word, whether a service sends it connections. */
export const shownNode = (node: NodeReport, status: Status): Said =>
  whyUnserving(node, status) === null ? nodeSaid(node) : say('bad', NOT_SERVING)

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
  if (standby) return say('off', 'under maintenance')
  if (state === 'dead' || state === 'late') return nodeSaid(node)
  if (taker?.could === false) return say('bad', taker.reason)
  if (taker?.could === null) return say('unknown', taker.reason)
  if (!agent) return say('unknown', 'no word from its agent')
  if (state === 'unknown') return nodeSaid(node)
  if (taker) return but === undefined ? say('good', 'could take over') : say('warn', `ready; but ${but}`)
  return state === 'owner' || state === 'standby' ? say('good', 'could take over') : nodeSaid(node)
}

const SERVER_TONES: Readonly<Record<ServerWord, Tone>> = {
  ...{ draining: 'off', drained: 'off', stopping: 'off', stopped: 'off' },
  ...{ 'failed, kept': 'bad', failed: 'bad' },
  ...{ full: 'warn', degraded: 'warn', 'stands in': 'warn' },
  ...{ 'in reserve': 'good', healthy: 'good', 'not checked': 'unknown' },
}
export function serverSaid(server: RealserverReport, told: boolean): Said {
  const { basis } = server
  if (!told) return say('unknown', shownWord(server, told))
  const word = serverWord(server)
  // Nobody is meant to know more of one that no check asks.
  return say(word === 'not checked' && basis === 'no-check' ? 'off' : SERVER_TONES[word], word)
}
/** Takes it new connections? */
export const isLive = (server: RealserverReport): boolean => takesNew(server)

/** The worst of its group and its realservers; and no better than the head of the status has it. */
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
  const [path] = told ? deadPaths(status, service) : []
  if (path && tone !== 'bad') return say('bad', path.message)
  if (tone === 'warn' && ownership.tone === 'warn') return say(tone, `group ${service.group}: ${ownership.text}`)
  const [first] = said.filter((one) => one.tone === tone)
  const alike = said.filter((one) => one.text === first?.text).length
  const text = alike === said.length ? (first?.text ?? '') : `${alike} ${first?.text ?? ''}`
  const isServed = servedOf(service, status)[0]?.[1]
  return isServed === false && tone !== 'bad' ? say('bad', `not served: ${text}`) : say(tone, text)
}

export interface Verdict extends Said {
  /** The lines of `lvsm status` below it: questions of which the answer is not yes. */
  readonly answers: readonly AnswerLine[]
}
/** `coordinators`: what the one that answers says of itself and of the others; null: nobody asked. */
export function verdictOf(status: Status, coordinators: CoordinatorsReport | null = null): Verdict {
  const verdict = judge(status, coordinators ? coordinatorFaults(coordinators).map(shortFault) : [])
  const { health } = verdict
  const beside = headOf(status, verdict).map(({ text }) => text)
  return { ...say(TONE_OF[health], [health, ...beside].join('; ')), answers: answersOf(verdict) }
}
const TONE_OF: Readonly<Record<Health, Tone>> = {
  healthy: 'good',
  degraded: 'warn',
  'not served': 'bad',
  'not known': 'unknown',
}
