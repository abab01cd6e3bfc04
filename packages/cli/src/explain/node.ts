/** What a node does, and why it does no more. */
import {
  deadStep,
  failedSince,
  type HistoryEvent,
  isOfNode,
  type NodeReport,
  type NodeTrouble,
  servesText,
  type Status,
  together,
  troubleKind,
  whyUnserving,
  wordsText,
} from '@lvsm/protocol'
import { timeText } from '../wanted-text.ts'
import { checkSteps, serverTexts } from './server.ts'
import { afterOwner, type Explained, type Known, nextSteps } from './subject.ts'

export function explainNode(known: Known, name: string): Explained {
  const { status, events } = known
  const node = status.nodes.find((one) => one.name === name)
  if (!node) return { what: `there is no node ${name}`, since: null, why: '', change: [] }
  const last = newestOf(events, name)
  const servers = serverTexts(known, name)
  const unserving = whyUnserving(node, status)
  return {
    what: [whatOf(node, status), ...servers].join('; '),
    since: unserving === null ? sinceOf(node, events, status.troubles) : outSince(known, name),
    why: [
      unserving ?? node.reason,
      node.words ? wordsText(node.words, timeText) : '',
      last ? `its last event: ${lastText(last)}` : '',
    ]
      .filter((text) => text !== '')
      .join('; '),
    change: changeOf(node, status),
  }
}

/** What is wrong now is said before it, and what is over is no reason of anything. */
const OF_TROUBLES: ReadonlySet<string> = new Set(['trouble', 'over'])
/** By its own wall clock, since that was set last: what is found out later is listed later. */
function newestOf(events: readonly HistoryEvent[], name: string): HistoryEvent | undefined {
  const own = events.filter(({ node, kind }) => node === name && !OF_TROUBLES.has(kind))
  const since = own.slice(
    Math.max(
      0,
      own.findLastIndex(({ kind }) => kind === 'clock'),
    ),
  )
  return since.reduce<HistoryEvent | undefined>(
    (newest, one) => (newest && newest.at > one.at ? newest : one),
    undefined,
  )
}

/** A reason may begin with the kind itself: `over after 35 s: …`. */
const lastText = ({ kind, reason }: HistoryEvent): string =>
  reason.startsWith(`${kind} `) ? reason : `${kind}, ${reason}`

/** The last of its services failed then; null: nobody remembers of each of them. */
function outSince({ status, events }: Known, name: string): string | null {
  const failed = status.services
    .filter(({ realservers }) => realservers.some((one) => one.node === name))
    .map((service) => failedSince(events, name, service.name))
  return failed.reduce((last, one) => (last === null || one === null || one < last ? last : one), failed[0] ?? null)
}

/**
 * What began what it does now; nothing that merely happened there since, as a realserver that failed, or an agent that was restarted: what it
 * does goes on meanwhile. Null: nobody told.
 */
function sinceOf(
  { name, state, standby, reason, words }: NodeReport,
  events: readonly HistoryEvent[],
  troubles: readonly NodeTrouble[],
): string | null {
  const word = words && (words.holds === 'local' ? words.local : words.shared)
  if (standby && word) return timeText(word.since)
  if (state === 'troubled') return troubles.find((one) => one.node === name && one.message === reason)?.since ?? null
  const begins = BEGINS[state] ?? []
  return events.findLast((one) => one.node === name && begins.includes(one.kind) && isOfState(one))?.at ?? null
}
const BEGINS: Readonly<Partial<Record<NodeReport['state'], readonly string[]>>> = {
  owner: ['took'],
  standby: ['gave-up', 'lost', 'released', 'standby', 'started', 'over'],
  serving: ['started', 'over'],
  witness: ['started', 'over'],
  idle: ['started', 'over'],
}
function isOfState({ kind, reason, code }: HistoryEvent): boolean {
  if (kind === 'over') return code !== undefined && isOfNode(troubleKind(code))
  // The first agent since the machine started: no other one says how the one before it ended.
  return kind !== 'started' || (reason.startsWith('lvsm-agent ') && !reason.includes('; the one before it ended'))
}

function whatOf(node: NodeReport, status: Status): string {
  const { name, state, roles, voter, agent, ageMs } = node
  const who = `${name} (${roles.join(', ')}${voter ? ', votes' : ''})`
  const age = typeof ageMs === 'number' ? `, last heard ${Math.round(ageMs / 1000)} s ago` : ''
  if (state === 'unknown') return `what ${who} does is not known${age}`
  const does = whyUnserving(node, status) === null ? (STATES[state] ?? state) : 'a realserver that gets no connections'
  return `${who} is ${does}${agent ? '' : `, and its agent is not heard${age}`}`
}
const STATES: Readonly<Partial<Record<NodeReport['state'], string>>> = {
  owner: 'owner of a group',
  standby: 'a standby director',
  maintenance: 'under maintenance: it takes nothing over',
  serving: 'serving as a realserver',
  witness: 'a witness: it only votes',
}

function changeOf({ name, standby, state }: NodeReport, status: Status): string[] {
  const steps = nextSteps(together(status.troubles.filter((one) => one.node === name || one.object === `node ${name}`)))
  const back = standby ? [`it may own groups again after: lvsm standby off ${name}`] : []
  const dead = state === 'dead' ? [deadStep(status, name)] : []
  const takes = status.groups.flatMap(({ name: group, owner, takers = [] }) =>
    takers
      .filter(({ node }) => node === name)
      .map(({ could, reason, refused }) =>
        could === true
          ? readyText(status, { group, owner, name, refused })
          : `it ${could === null ? 'may or may not' : 'cannot'} take ${group}: ${reason}`,
      ),
  )
  return [...steps, ...checkSteps(status, name), ...back, ...dead, ...takes]
}

interface Ready {
  readonly group: string
  readonly owner: string | null
  readonly name: string
  readonly refused: string | undefined
}
/** It is ready; who has the group next depends on the order and the votes, too. */
function readyText(status: Status, of: Ready): string {
  const { group, owner, name, refused } = of
  if (owner === null) return `it could take ${group}`
  const { next, reason } = afterOwner(status, group)
  const by = refused === undefined ? '' : `by no switchover, for it ${refused}`
  if (next === name) return `it takes ${group} if ${owner} fails${by === '' ? '' : `${servesText(refused)}; ${by}`}`
  const planned = by === '' ? `it takes ${group} after: lvsm switchover ${group} ${name}` : `it takes ${group} ${by}`
  return `${planned}; if ${owner} fails, ${next === null ? `not, or nobody knows: ${reason}` : `${next} comes before it`}`
}
