/**
 * One group, service, node or realserver in a paragraph: what is, since when and why, and what would change it; below, who says so. From the same
 * status and events that `lvsm status` and `lvsm events` show: what nobody told is said to be not known.
 */
import { type HistoryEvent, type NodeTrouble, pastText, type Status, together, WORSE } from '@lvsm/protocol'
import { explainGroup } from './group.ts'
import { explainNode } from './node.ts'
import { explainServer, servicesWith } from './server.ts'
import { explainService } from './service.ts'
import { pastEvidence } from './past.ts'
import type { Evidence, Explained, Explanation, Kind, Known, Subject } from './subject.ts'

/** As many events of a subject as tell how it came to this. */
const MOST_EVENTS = 8

/** All that has this name: a service and a group may be called alike. */
export function subjectsOf({ groups, services, nodes }: Status, name: string, kind: Kind | null): Subject[] {
  const all: [Kind, readonly { readonly name: string }[]][] = [
    ['group', groups],
    ['service', services],
    ['node', nodes],
    ['server', outsiders(services, nodes)],
  ]
  const own = serverIn(services, name)
  return all.flatMap(([one, entries]) => {
    const wanted = own !== null && (one === 'node' || one === 'server') ? own : name
    const isAsked = (kind === null || kind === one) && entries.some((entry) => entry.name === wanted)
    return isAsked ? [{ kind: one, name: wanted }] : []
  })
}

/** `http/rs1`, as `lvsm check run` takes it; null: it is no such name. */
function serverIn(services: Status['services'], name: string): string | null {
  const [of, server, ...more] = name.split('/')
  const service = more.length === 0 ? services.find((one) => one.name === of) : undefined
  return service?.realservers.find(({ node }) => node === server)?.node ?? null
}

/** Realservers that are no nodes: of one that is, its node tells. */
const outsiders = (services: Status['services'], nodes: Status['nodes']): { readonly name: string }[] => {
  const known = new Set(nodes.map(({ name }) => name))
  return services.flatMap(({ realservers }) =>
    realservers.flatMap(({ node }) => (known.has(node) ? [] : [{ name: node }])),
  )
}

export function explain(known: Known, subject: Subject): Explanation {
  return { ...subject, ...EXPLAINS[subject.kind](known, subject.name), evidence: evidenceOf(known, subject) }
}
const EXPLAINS: Readonly<Record<Kind, (known: Known, name: string) => Explained>> = {
  group: explainGroup,
  service: explainService,
  node: explainNode,
  server: explainServer,
}

function evidenceOf({ status, events, past }: Known, subject: Subject): Evidence[] {
  const { groups, nodes, troubles } = aboutOf(status, subject)
  const said = status.nodes
    .filter(({ name }) => nodes.has(name))
    .map(({ name, state, reason, ageMs }): Evidence => {
      const age = typeof ageMs === 'number' ? ` (said ${Math.round(ageMs / 1000)} s ago)` : ''
      return { node: name, text: `${state}: ${reason}${age}` }
    })
  const told = withoutEnded(
    events.filter((event) => groups.has(event.group) || (event.group === '' && event.node === subject.name)),
  )
    .slice(-MOST_EVENTS)
    .toReversed()
    .map((event): Evidence => ({ node: event.node, text: eventText(event) }))
  const found = troubles.map(({ node, ...trouble }) => ({ node, text: troubleText(trouble) }))
  return [...said, ...found, ...(past ? pastEvidence(past, { groups, nodes }) : []), ...told]
}

/** The end of a trouble says all that its begin does. */
const withoutEnded = (events: readonly HistoryEvent[]): HistoryEvent[] =>
  events.filter((one, at) => one.kind !== 'trouble' || !events.slice(at + 1).some((later) => isEndOf(later, one)))
const isEndOf = (later: HistoryEvent, { node, code, reason }: HistoryEvent): boolean =>
  later.kind === 'over' &&
  later.node === node &&
  later.code === code &&
  alike(later.reason).endsWith(alike(reason.replace(WORSE, '')))
/** Figures count on. */
const alike = (reason: string): string => reason.replaceAll(/\d+/g, '#')

export const eventText = ({ at, group, kind, number, reason }: HistoryEvent): string =>
  reason.startsWith(`${kind} `)
    ? `${at} ${reason}`
    : `${at} ${group === '' ? '' : `${group} `}${kind}${number > 0 ? ` (lease ${number})` : ''}: ${reason}`
const troubleText = (trouble: Omit<NodeTrouble, 'node'>): string =>
  `${pastText(trouble) ?? trouble.severity}: ${trouble.message} (${trouble.code})`

function groupsOf(status: Status, { kind, name }: Subject): string[] {
  if (kind === 'node') return []
  if (kind === 'server') return servicesWith(status, name).map(({ group }) => group)
  return [kind === 'service' ? (status.services.find((one) => one.name === name)?.group ?? '') : name]
}

/** Its own words, and those of others who see what it cannot say itself. */
const isAbout = ({ node, object = '' }: NodeTrouble, nodes: ReadonlySet<string>): boolean =>
  nodes.has(node) || (object.startsWith('node ') && nodes.has(object.slice('node '.length)))
/** Whose words tell of it. */
function aboutOf(status: Status, { kind, name }: Subject) {
  const groups = new Set(groupsOf(status, { kind, name }))
  const directors = status.groups.filter((one) => groups.has(one.name)).flatMap((one) => one.directors)
  const servers =
    kind === 'service'
      ? (status.services.find((one) => one.name === name)?.realservers.map(({ node }) => node) ?? [])
      : []
  const nodes = new Set(kind === 'node' ? [name] : [...directors, ...servers])
  return { groups, nodes, troubles: together(status.troubles.filter((one) => isAbout(one, nodes))) }
}
