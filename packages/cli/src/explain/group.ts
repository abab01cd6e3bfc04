/** Why a group is where it is. */
import {
  ENDED,
  type GroupReport,
  type HistoryEvent,
  knownConnections,
  lastMove,
  servesText,
  type Status,
} from '@lvsm/protocol'
import { afterOwner, type Explained, type Known, nextSteps, standingOf } from './subject.ts'

export function explainGroup({ status, events }: Known, name: string): Explained {
  const group = status.groups.find((one) => one.name === name)
  if (!group) return { what: `there is no group ${name}`, since: null, why: '', change: [] }
  const last = lastMove(events, name, group)
  return {
    what: whatOf(group),
    since: last?.at ?? null,
    why: whyOf(group, last),
    change: [
      ...changeOf(group, status),
      ...nextSteps(status.troubles.filter(({ node }) => group.directors.includes(node))),
    ],
  }
}

function whatOf({ name, owner, number, state, addresses }: GroupReport): string {
  const what = `group ${name} (${addresses.join(', ')})`
  if (state === 'unknown') return `who owns ${what} is not known here`
  if (state === 'stopped') return `${what} is stopped: nobody is to own it`
  if (state === 'moving') return `${what} is moving${owner === null ? '' : ` to ${owner}`}`
  return owner === null ? `nobody owns ${what}: it does not answer` : `${owner} owns ${what}, lease ${number}`
}

function whyOf({ reason, wanted }: GroupReport, last: HistoryEvent | undefined): string {
  const asked = wanted ? `${wanted.author} wants it stopped${wanted.comment ? ` (${wanted.comment})` : ''}` : ''
  return [asked, reason, last ? `it was ${ENDED[last.kind] ?? 'taken'} because ${last.reason}` : '']
    .filter((text) => text !== '')
    .join('; ')
}

function changeOf({ name, owner, state, takers, established }: GroupReport, status: Status): string[] {
  if (state === 'stopped') return [`it is served again after: lvsm group enable ${name}`]
  if (owner === null) return (takers ?? []).map(({ node, could, reason }) => takerText(node, could, reason))
  const standing = standingOf(status, name)
  if (standing.length > 0) return [...standing]
  const { next } = afterOwner(status, name)
  const planned = takers?.find(({ could, refused }) => could === true && refused === undefined)?.node
  const differs = takers?.find(({ node }) => node === next)?.refused
  const by = differs === undefined ? '' : `${servesText(differs)}: it ${differs}`
  const after = `after: lvsm switchover ${name} ${planned ?? ''}`
  const moves =
    next !== null && next === planned
      ? [`${next} takes it if ${owner} dies, or ${after}`]
      : [
          ...(next === null ? [] : [`${next} takes it if ${owner} dies${by}`]),
          ...(planned === undefined ? [] : [`${planned} takes it ${after}`]),
        ]
  return [...moves, ...knownConnections({ owner, established: established ?? [] })]
}

const takerText = (node: string, could: boolean | null, reason: string): string =>
  could === null
    ? `whether ${node} could take it is not known: ${reason}`
    : could
      ? `${node} could take it`
      : `${node} cannot take it: ${reason}`
