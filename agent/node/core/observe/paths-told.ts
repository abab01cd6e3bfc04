/** What is told of paths that are dead behind a living port (`paths.ts`), and how to follow them. */
import type { Trouble } from '@lvsm/base'
import { destKey, parseDestKey } from '@lvsm/model'
import type { ServerOpenings } from '@lvsm/protocol'
import { changeText } from '../changing.ts'
import { healthOf } from '../check/sight.ts'
import type { NodeState } from '../state.ts'
import { type Dead, UNREAD } from './paths.ts'

const SHOW = 'nft list ruleset; nstat -az TcpExtIPReversePathFilter'

export function pathTroubles(state: NodeState): Trouble[] {
  const { dead: found, deadServices: silent, unread: missed } = state.paths
  const dead = withoutFailing(state, found)
  const deadServices = silent.filter((name) => dead.some(({ service }) => service === name))
  const partly = dead.filter(({ service }) => !deadServices.includes(service))
  return [
    ...deadServices.map((name) =>
      noOpening(
        name,
        dead.filter(({ service }) => service === name),
        state,
      ),
    ),
    ...partly.map((one) => pathDead(one, state)),
    ...(missed.looks >= UNREAD ? [pathsUnread(missed.why)] : []),
  ]
}

/** Where the check fails as well, that says why nothing gets on there. */
function withoutFailing({ checks }: NodeState, dead: readonly Dead[]): readonly Dead[] {
  if (dead.length === 0) return dead
  const failing = new Set(
    [...checks.members.values()].flatMap((member) =>
      healthOf(member).healthy === false ? [`${member.service.name} ${destKey(member.realserver)}`] : [],
    ),
  )
  return dead.filter(({ service, key }) => !failing.has(`${service} ${key}`))
}

function noOpening(name: string, own: readonly Dead[], state: NodeState): Trouble {
  const [first] = own
  const [among, flood] = [
    own.length === 1 && first ? wayText(first, state) : commonText(state.node),
    `or a flood of first packets (SYN): lvsm connections --service ${name} --state SYN_RECV`,
  ]
  return {
    ...{ code: 'no-opening', severity: 'critical', object: `service ${name}` },
    message: `no new connection of service ${name} gets further than its first packet, at any of its realservers`,
    evidence: own.map(openingText).join('; '),
    hint: `${among}; ${flood}`,
  }
}
const commonText = (node: string): string =>
  `on ${node}: look for what they have in common: what it forwards (${SHOW}), the way back to the clients`

export function pathDead(one: Dead, state: NodeState): Trouble {
  const { service, node, key, others } = one
  return {
    ...{ code: 'path-dead', severity: 'critical', object: `service ${service}` },
    message: `no new connection of service ${service} at ${node} (${placeText(key)}) gets further than its first packet, though others do`,
    evidence: `${openingText(one)}; connections get on at ${[...new Set(others)].toSorted().join(', ')}`,
    hint: `${wayText(one, state)}; until then: ${changeText(state, `lvsm drain ${node}`, `weight: 0 for ${node}`)}`,
  }
}
function wayText({ service, node, clients }: Dead, state: NodeState): string {
  const address = state.config?.services.find(({ name }) => name === service)?.address ?? 'the VIP'
  return `follow the way of the packets: on ${state.node}: ${SHOW}; on ${node}: the same, and ip route get ${clients[0] ?? 'CLIENT'} from ${address}, ip address show to ${address}`
}

const pathsUnread = (why: string): Trouble => ({
  ...{ code: 'paths-unread', severity: 'warning' },
  message: 'connections cannot be read',
  evidence: why,
  hint: 'it is tried again by itself; lvsm connections shows what can be read, journalctl -u lvsm-agent what went wrong',
})
/** Of a service on several ports it is all of them. */
function placeText(key: string): string {
  const place = parseDestKey(key)
  return place?.port === 0 ? place.address : key
}
const openingText = ({ node, opening, clients }: ServerOpenings): string =>
  `${node}: ${opening} connections opened and not answered, of ${clients.join(', ')}`
