/**
 * What follows where a check has no answer, and somebody wants it explained: what is left when everything is taken away that the evidence excludes.
 * That is heartbeats, the realserver's own agent, ARP, and what came of a question with more time.
 */
import { endpointText } from '@lvsm/base'
import { CHECKS, overOf } from '@lvsm/model'
import { type NodeLife, type Silence, silenceOf, THROUGH_IPVS } from '@lvsm/protocol'
import type { Member } from './member.ts'

type Asked = Pick<Member, 'service' | 'realserver' | 'sight'>
/** By heartbeats; `own`: it is this machine; null: nobody sends any from there, or none is known here. */
type Life = NodeLife | 'own' | null
type Case = Asked & { readonly life: Life }

/** Null: something came back, and the reason says what it was. */
export function conclusionOf(asked: Asked, life: Life, reason: string): string | null {
  const silence = silenceOf(reason)
  if (silence === null) return null
  const one = { ...asked, life }
  if (reason.includes(THROUGH_IPVS)) return throughText(one)
  return `so: ${TEXTS[silence](one)}`
}
const TEXTS: Readonly<Record<Silence, (one: Case) => string>> = {
  nobody: nobodyText,
  late: (one) =>
    `${endpointText(one.realserver.address, portOf(one))} answers, and later than this check waits: its machine is on, and no packet filter drops all. What is left: a slow way, lost packets, a machine without time, or a server that accepts too slowly (there: ss -ltn)`,
  silent: (one) => agentText(one) ?? silentText(one),
}

const portOf = ({ service, realserver }: Case): number => service.check.port ?? realserver.port

/** Its own agent speaks of the port that clients are sent to. */
const sightOf = (one: Case): Member['sight'] =>
  one.sight && !one.sight.stale && CHECKS[one.service.check.type].asks === 'port' && portOf(one) === one.realserver.port
    ? one.sight
    : null
/** Heartbeats or its agent came from there: the machine is on. */
const isOn = ({ life, sight }: Case): boolean => life === 'alive' || life === 'own' || (sight !== null && !sight.stale)

function nobodyText(one: Case): string {
  const { life, realserver } = one
  const { node, address } = realserver
  const away = `no machine answered to ARP or neighbour discovery at ${address}`
  if (isOn(one))
    return `${node} is heard, and ${away}: its machine is on. What is left: the address is not there any more (on ${node}: ip -br addr), it does not answer to ARP (arp_ignore), or its way in that network is cut (link, VLAN)`
  const off = `it is off, cut off from that network, or has another address; neither its server nor a packet filter for its port is the cause`
  return life === 'dead' ? `${node} is not heard either, and ${away}: ${off}` : `${away}: ${off}`
}

function agentText(one: Case): string | null {
  const { node, address } = one.realserver
  const at = endpointText(address, portOf(one))
  switch (sightOf(one)?.is) {
    case 'full':
      return `the server on ${node} accepts nobody, and a full queue alone explains that nothing comes back: see to that server first (on ${node}: ss -ltnp; ps: state T or D)`
    case 'closed':
      return `nobody listens at ${at}: see to the server on ${node}. Its kernel would refuse at once; that no refusal came is a packet filter there (nft list ruleset, iptables -S) or here, or the way`
    case 'listens':
      return `nothing comes back from ${at} although somebody listens there: ${servers(one)}a packet filter there (nft list ruleset, iptables -S) or here, or the way between`
    default:
      return null
  }
}
/** Of TCP the kernel answers, whatever the server does. */
const servers = ({ service }: Case): string =>
  overOf(service.check.type, service.check.keys) === 'udp'
    ? 'the server does not answer what it is asked, or it is '
    : ''

function silentText(one: Case): string {
  const { life, service, realserver } = one
  const { node, address, agent } = realserver
  const isHost = CHECKS[service.check.type].asks === 'host'
  const at = isHost ? address : endpointText(address, portOf(one))
  if (life === 'own')
    return `${at} is on this machine, and silent: a packet filter here (nft list ruleset, iptables -S), or a server that hangs (ss -ltnp; ps: state T or D)`
  if (isOn(one)) {
    const server = isHost ? '' : `, a server that hangs (on ${node}: ss -ltnp; ps: state T or D)`
    return `${node} is heard, so its machine is on, and ${at} is silent. What is left: a packet filter${server}, or the way to that address; lvsm doctor on both shows more`
  }
  if (life === 'dead')
    return `neither heartbeats of ${node} nor an answer come: its machine is off or stands still, or all ways there are cut; see to these before its server`
  const server = isHost ? '' : ', a server that hangs'
  const doctor = agent === false ? '' : '; lvsm doctor on both machines shows more'
  return `whether the machine of ${node} is on is not known here. What is left: that it is off, a packet filter${server}, or the way; ip neigh show ${address} says FAILED or INCOMPLETE where no machine in the same network has the address${doctor}`
}

const throughText = ({ service, realserver: { node } }: Case): string =>
  `so: nothing came back from ${node} through IPVS, by the way of clients: beside its server, a packet filter and the way there that is the forwarding (the VIP ${service.address} on ${node}, its tunnel or route back); lvsm check list says how others of the service stand`
