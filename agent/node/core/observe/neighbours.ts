/**
 * A permanent entry of this node's neighbour table that leads to the wrong machine: the kernel asks nobody, so nobody corrects it, and what this
 * node sends there is lost. Such an entry may be right and wanted; so it is told only of who lives, as it is heard, and does not get what is
 * sent to it. It is sure where that node says itself that nothing comes over that link. That a check has no answer, or that connections get no
 * further, may be the server's fault behind an entry that is right: a warning, and none where anything else at that address answers.
 */
import { type Trouble } from '@lvsm/base'
import { destKey, parseDestKey } from '@lvsm/model'
import { astrayText, silenceOf } from '@lvsm/protocol'
import { silentOver } from '../hearing.ts'
import { heldGroups, leaseStatus } from '../lease.ts'
import { readyOf, stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'

interface Suspect {
  readonly node: string
  readonly address: string
  /** What was seen. */
  readonly why: string
  /** It cannot be the fault of a server. */
  readonly isSure?: true
  /** By its key in the service: another director may have the same fault. */
  readonly of?: { readonly service: string; readonly key: string }
}

/** Who lives, and does not get what is sent to an address of its. */
export function suspectNeighbours(state: NodeState): readonly Suspect[] {
  const living = new Set(leaseStatus(state)?.peers.flatMap(({ name, life }) => (life === 'alive' ? [name] : [])))
  const all = [...silentMembers(state), ...deadPaths(state), ...deafLinks(state)]
  const answering = answeringAddresses(state)
  return all.filter(({ node, address }) => living.has(node) && !answering.has(address))
}

/** Who refuses answers, too: what is sent there arrives. */
const answeringAddresses = ({ checks }: NodeState): ReadonlySet<string> =>
  new Set(
    [...checks.members.values()].flatMap(({ health, realserver, unknown, last }) =>
      last === null || unknown !== null || health.healthy === null || isSilent(health.reason)
        ? []
        : [realserver.address],
    ),
  )
/** Not that nobody answered to ARP: by such an entry nobody is asked. Nor where more time brought an answer: it leads there. */
const isSilent = (reason: string): boolean => silenceOf(reason) === 'silent'

const silentMembers = ({ checks }: NodeState): Suspect[] =>
  [...checks.members.values()].flatMap(({ health, service, realserver }) => {
    if (health.healthy !== false || !isSilent(health.reason)) return []
    const of = { service: service.name, key: destKey(realserver) }
    const { node, address } = realserver
    return [{ node, address, why: `its check in ${service.name}: ${health.reason}`, of }]
  })

const deadPaths = ({ paths }: NodeState): Suspect[] =>
  paths.dead.flatMap(({ service, node, key, opening }) => {
    const address = parseDestKey(key)?.address
    const why = `${opening} connections of service ${service} opened and not answered`
    return address === undefined ? [] : [{ node, address, why, of: { service, key } }]
  })

const deafLinks = (state: NodeState): Suspect[] =>
  (state.config?.nodes ?? []).flatMap(({ name, links }) =>
    links.flatMap((link) => {
      if (!silentOver(state, name, link.name)) return []
      const why = `${name} hears nothing of ${state.node} over link ${link.name}`
      return [{ node: name, address: link.address, why, isSure: true as const }]
    }),
  )

export function neighbourTroubles(state: NodeState): Trouble[] {
  const { neighbours = [], links = [] } = state.kernel.observed ?? {}
  if (neighbours.length === 0) return []
  const suspects = suspectNeighbours(state)
  return neighbours.flatMap(({ address, mac, index }) => {
    const about = suspects.filter((one) => one.address === address)
    const [first] = about
    if (!first) return []
    const dev = links.find((one) => one.index === index)?.name ?? `${index}`
    const goes = `what ${state.node} sends to ${first.node} (${address}) goes to ${mac ?? 'no address'} on ${dev} by a permanent neighbour entry`
    const entry = `ip neigh: ${address} dev ${dev} ${mac === null ? '' : `lladdr ${mac} `}PERMANENT`
    const beats = (state.config?.nodes ?? []).flatMap(({ name, links: theirs }) =>
      theirs.flatMap((link) => (link.address === address ? [astrayText(name, link.name)] : [])),
    )
    const told = { object: `interface ${dev}`, evidence: [entry, ...beats, ...whyOf(about)].join('; ') }
    const away = `on ${state.node}: ip neigh del ${address} dev ${dev}`
    if (!about.some(({ isSure }) => isSure)) return [{ ...doubtful(goes, away, first.node), ...told }]
    return [
      {
        ...{ code: 'fixed-neighbour', severity: 'critical', message: `${goes}, and is not answered`, ...told },
        hint: `${away}, and take it from whatever makes it${elsewhere(state, about)}`,
      },
    ]
  })
}
/** A server that hangs looks the same. */
const doubtful = (goes: string, away: string, node: string): Trouble => ({
  ...{ code: 'fixed-neighbour', severity: 'warning' },
  message: `${goes}, and nothing at that address answers this node`,
  hint: `${away}, where ${node} has another MAC (there: ip link), and take it from whatever makes it; else see to the server`,
})
const whyOf = (about: readonly Suspect[]): string[] => [...new Set(about.map(({ why }) => why))]

/** Where another director could have the group and reaches this realserver. */
function elsewhere(state: NodeState, about: readonly Suspect[]): string {
  const held = heldGroups(state)
  const services = state.config?.services.filter(
    ({ name, group }) => held.has(group) && about.some(({ of }) => of?.service === name),
  )
  for (const { group } of services ?? []) {
    const directors = state.config?.groups.find(({ name }) => name === group)?.directors ?? []
    const to = directors.find(
      (name) =>
        name !== state.node && readyOf(state, name, group) === '' && !about.some((one) => fails(state, name, one)),
    )
    if (to !== undefined) return `; until then: lvsm switchover ${group} ${to}`
  }
  return ''
}
/** It says that its check fails there, too. */
const fails = (state: NodeState, director: string, { of }: Suspect): boolean =>
  of !== undefined && stateOf(state, director)?.failed?.[of.service]?.includes(of.key) === true
