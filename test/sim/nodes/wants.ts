/** What operators want for a while: said to the coordinators, whose facts reach the agents one after the other. */
import { randomBetween } from '@lvsm/base'
import { applyIntent } from '@lvsm/changes'
import type { IntentCommand, Subject } from '@lvsm/protocol'
import { isDirector } from './draft.ts'
import type { Fleet } from './fleet.ts'

/** The facts reach a node within so long. */
export const REACH_MS = 1500
/** No clock is ahead of it: whatever a node was told by itself, this end is newer. */
const AT_LAST = Number.MAX_SAFE_INTEGER

export function want(fleet: Fleet, verb: IntentCommand['verb'], subject: Subject): void {
  const { cluster, config, nodes } = fleet
  const context = { finalized: 1, author: 'sim', now: Math.round(cluster.schedule.now), config }
  // Also what leaves nobody to serve: agents have to live with it.
  const command = { model: 1, verb, subject, forMs: null, comment: '', force: true } as const
  const applied = applyIntent(fleet.facts, command, context)
  cluster.note(`an operator wants: ${verb} ${JSON.stringify(subject)}${applied.refusals ? ', which is refused' : ''}`)
  if (applied.refusals) return
  const { facts } = applied
  fleet.facts = facts
  for (const node of nodes) cluster.schedule.in(randomBetween(cluster.random, 0, REACH_MS), () => node.follow(facts))
}

/** Nothing is wanted any more, and every node knows it; a word that was given at a node is over too. */
export function wantNothing(fleet: Fleet): void {
  const number = fleet.facts.number + 1
  const ends = fleet.nodes
    .filter(({ name }) => isDirector(name))
    .map(({ name }) => ({ node: name, number, at: AT_LAST }))
  fleet.facts = { number, list: [], ends }
  for (const node of fleet.nodes) node.follow(fleet.facts)
}

const serverOf = (fleet: Fleet): Subject => {
  const service = fleet.cluster.pick(fleet.config.services)
  const { node = '' } = fleet.cluster.pick(service?.realservers ?? []) ?? {}
  return { kind: 'server', node, service: fleet.cluster.random.next() < 0.5 ? (service?.name ?? null) : null }
}
const groupOf = ({ cluster }: Fleet): Subject => ({ kind: 'group', group: cluster.pick(cluster.groups)?.name ?? '' })
const directorOf = ({ cluster, nodes }: Fleet): Subject => ({
  kind: 'node',
  node: cluster.pick(nodes.filter(({ name }) => isDirector(name))).name,
})

/** Ends come as often as beginnings, so that a life is not all maintenance. */
function ends(fleet: Fleet): void {
  const fact = fleet.cluster.pick(fleet.facts.list)
  if (fact) want(fleet, 'enable', fact.subject)
}
export const WANTS: Readonly<Record<string, (fleet: Fleet) => void>> = {
  drain: (fleet) => want(fleet, 'drain', serverOf(fleet)),
  stop: (fleet) => want(fleet, 'stop', serverOf(fleet)),
  stopGroup: (fleet) => want(fleet, 'stop', groupOf(fleet)),
  standby: (fleet) => want(fleet, 'standby', directorOf(fleet)),
  ends,
  endsAgain: ends,
  endsOften: ends,
}
