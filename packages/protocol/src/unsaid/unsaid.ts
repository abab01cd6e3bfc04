/**
 * What no trouble says because nobody in particular has it, as entries beside the troubles of a status: a node that is dead, a realserver that
 * should serve and does not, a group without an owner. One for each cause: what a dead node served is said of the node alone.
 */
import { spanText } from '@lvsm/base'
import { changeText } from '../changing.ts'
import type { HistoryEvent } from '../events/event.ts'
import { lastMove } from '../events/since.ts'
import { majorityOf, votes } from '../http/movable.ts'
import { isTold } from '../http/serving.ts'
import type { NodeReport, RealserverReport, Status } from '../http/status.ts'
import { together } from '../http/together.ts'
import type { ListedTrouble } from './listed.ts'
import { serversOf } from './servers.ts'
import { unknownsOf } from './unknowns.ts'
import { placed } from './where.ts'

/** What is wrong, as `lvsm status` and the console list it: what is so now first, then the worst. */
export const listedTroubles = (status: Status, events: readonly HistoryEvent[] = []): ListedTrouble[] =>
  together([...status.troubles, ...unsaid(status, events)]).map(placed)

/** Does anything here need the events, which say since when? */
export const isUnsaid = (status: Status): boolean => unsaid(status, []).length > 0

/** `events`: the oldest first; none where nobody told them. */
export const unsaid = (status: Status, events: readonly HistoryEvent[]): ListedTrouble[] => [
  ...unownedAndDead(status, events),
  ...serversOf(status, events),
  ...unknownsOf(status),
]

/** What every node of the cluster says alike: the rest is known by the owner of a group. */
export const unownedAndDead = (status: Status, events: readonly HistoryEvent[] = []): ListedTrouble[] => [
  ...status.groups.flatMap((group) => unownedOf(group, status, events)),
  ...status.nodes.filter(({ state }) => state === 'dead').map((node) => deadOf(node, status)),
]

function unownedOf(
  group: Status['groups'][number],
  { node }: Status,
  events: readonly HistoryEvent[],
): ListedTrouble[] {
  const { name, state, owner, addresses, reason } = group
  if (owner !== null || state !== 'nobody') return []
  const since = lastMove(events, name, group)?.at
  return [
    {
      ...{ node, code: 'group-unowned', severity: 'critical', object: `group ${name}` },
      message: `nobody owns ${name} (${addresses.join(', ')}): ${reason}`,
      ...(since === undefined ? {} : { since }),
      hint: `lvsm explain group ${name}: why no director could take it`,
    },
  ]
}

function deadOf({ name, reason, roles, voter, ageMs }: NodeReport, status: Status): ListedTrouble {
  const at = (one: RealserverReport): boolean => one.node === name && one.weight > 0
  const takes = status.services.filter(({ realservers }) => realservers.some(at)).map((service) => service.name)
  const answering = status.services.flatMap((service) =>
    isTold(status, service) && service.realservers.some((one) => at(one) && isAnswering(one)) ? [service.name] : [],
  )
  const means = [
    ...(roles.includes('director') ? ['it can take no group over'] : []),
    ...(voter ? voteOf(status) : []),
    ...(takes.length > 0 && answering.length === 0 ? [`clients of ${takes.join(', ')} may still be sent to it`] : []),
  ]
  const heard = typeof ageMs === 'number' ? `; its agent was heard last ${spanText(ageMs)} ago` : ''
  return {
    ...{ node: status.node, code: 'node-dead', severity: 'critical', object: `node ${name}` },
    message: `node ${name} is dead: nothing is heard from it over any link (${reason}${heard})`,
    ...(means.length === 0 ? {} : { means: means.join('; ') }),
    ...(answering.length === 0
      ? {}
      : {
          evidence: `its server answers the checks of ${answering.join(', ')}: the machine may run, and lvsm-lease there be silent`,
        }),
    hint: deadStep(status, name),
  }
}
/** What its missing vote costs; nothing in particular where the voters that are left stand another loss. */
function voteOf({ nodes, troubles }: Status): string[] {
  const voters = nodes.filter(({ voter }) => voter)
  const needed = majorityOf(voters.length)
  const left = voters.filter((node) => votes(node, troubles) !== false).length
  if (left > needed) return []
  return left === needed
    ? ['without its vote, one more voter lost costs the majority']
    : [`its vote is lost: ${left} of ${voters.length} voters are left, and ${needed} must agree`]
}
/** By a check that was made. */
const isAnswering = ({ healthy, basis, kept }: RealserverReport): boolean =>
  healthy === true && basis === undefined && kept === undefined

export const deadStep = (status: Status, name: string): string =>
  `on ${name}, where the machine runs (does it answer ping, its console): lvsm status says what it finds itself (an address, a link that is gone, a packet filter); systemctl status lvsm-lease; one that hangs (ps: state T or D) is started anew by systemctl restart lvsm-lease. Where it does not run: start it; if it never comes back: ${changeText(status, `lvsm node remove ${name}`, `without ${name}`)}`
