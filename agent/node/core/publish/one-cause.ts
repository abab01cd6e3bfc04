/** What only follows from another trouble of this node is not said beside it. */
import type { Trouble } from '@lvsm/base'
import { forwarding } from '@lvsm/model'
import { interfaceFor, linksDown } from '@lvsm/plan'
import { goneLinks, isBehind, isGoneDevice } from '../observe/own-addresses.ts'
import {
  ANYBODY,
  DOWN,
  dropsBeats,
  dropsWayTo,
  differByWays,
  LINK,
  serverOfDeadPath,
  unheardNames,
} from '@lvsm/protocol'
import { linksWith, onePerDirection } from '../hearing.ts'
import type { NodeState } from '../state.ts'
import { withCutOff } from './cut-off.ts'
import { waylessAddresses, waylessPeers } from '../observe/ways.ts'
import { linksOn } from '../vitals/vitals.ts'

/** Code → what it makes needless. */
const FOLLOWS: Readonly<Record<string, readonly string[]>> = {
  'state-not-kept': [
    'events-not-kept',
    'no-state',
    'word-not-kept',
    'alerts-not-kept',
    'hooks-not-kept',
    'revision-not-kept',
    'heartbeat-key-not-kept',
  ],
  'all-unbelieved': ['one-way', 'heard-by-others', 'no-coordinator'],
}
/** Whoever writes the first writes the others: the kernel passes it on to every interface (ip-sysctl). */
const WRITES: readonly (readonly [all: string, each: RegExp])[] = [
  ['sysctl net/ipv4/ip_forward', /^sysctl net\/ipv4\/conf\/[^/]+\/forwarding$/],
  ['sysctl net/ipv6/conf/all/forwarding', /^sysctl net\/ipv6\/conf\/[^/]+\/forwarding$/],
]
/** A cable that is bad: loss and silence of heartbeats come of it, over that link, or over all where they have no other. */
const SHAKEN = new Set(['interface-errors', 'interface-flaps', 'link-errors', 'link-flaps'])
/** What the kernel refuses without IPVS. */
const OF_IPVS = / service | weight /

export function onePerCause(state: NodeState, found: readonly Trouble[]): readonly Trouble[] {
  const codes = new Set(found.map(({ code }) => code))
  const needless = new Set([...codes].flatMap((code) => FOLLOWS[code] ?? []))
  // The lease process and the agent keep their state in one directory: what either finds is of both.
  const [full] = found.filter(({ code }) => code === 'state-not-kept')
  const isOfIpvs = ({ code, message }: Trouble): boolean => code === 'kernel-refused' && OF_IPVS.test(message)
  const isOfDown = followsFromDown(state, found)
  const isOfWay = followsFromWay(state)
  const isOfDrop = followsFromDrop(state, found)
  const isOfForward = codes.has('forward-dropped') ? followsFromForward(state) : () => false
  const shaken = new Set(
    found.flatMap(({ code, object = '' }) =>
      SHAKEN.has(code) ? linksOn(state.vitals, object.replace('interface ', '')) : [],
    ),
  )
  /** Of a peer over all links: where each of them goes by such an interface. */
  const isShaken = (object: string): boolean => {
    const links = LINK.exec(object)?.slice(1) ?? sharedLinks(state, object)
    return links.length > 0 && links.every((name) => shaken.has(name))
  }
  const isOfCable = ({ code, object = '' }: Trouble): boolean =>
    (code === 'lossy-link' || code === 'link-silent') && isShaken(object)
  const fought = new Set(found.flatMap(({ code, object }) => (code === 'fought-over' ? [object] : [])))
  const isOfAll = ({ code, object = '' }: Trouble): boolean =>
    code === 'fought-over' && WRITES.some(([all, each]) => object !== all && fought.has(all) && each.test(object))
  const causes = found.filter(
    (trouble) =>
      !needless.has(trouble.code) &&
      (trouble.code !== full?.code || trouble === full) &&
      !(codes.has('no-ipvs') && isOfIpvs(trouble)) &&
      !isOfDown(trouble) &&
      !isOfWay(trouble) &&
      !isOfDrop(trouble) &&
      !isOfForward(trouble) &&
      !isOfCable(trouble) &&
      !isOfAll(trouble),
  )
  return withCutOff(state, onePerDirection(state.node, causes))
}

/** Of an object `node NAME`: links that it shares with this node; of this node itself, all. */
const sharedLinks = (state: NodeState, object: string): readonly string[] =>
  object.startsWith('node ') ? linksWith(state, object.slice('node '.length)) : []

/** Of an interface that is down, and of an address that is gone, which are told: silence on its links, what cannot be sent, what is reached by it. */
function followsFromDown(state: NodeState, found: readonly Trouble[]): (one: Trouble) => boolean {
  const { kernel, view, config } = state
  const { observed } = kernel
  const gone = goneLinks(state)
  const told = found.flatMap(({ code, message }) =>
    code === 'interface-down' || code === 'link-down' ? (DOWN.exec(message)?.[1] ?? []) : [],
  )
  if (told.length + gone.length === 0 || !observed || !view) return () => false
  const devs = new Set(told)
  const links = new Set([
    ...linksDown(view, observed).flatMap(({ name, dev }) => (devs.has(dev) ? [name] : [])),
    ...gone.map(({ name }) => name),
  ])
  const isLost = (address: string): boolean => gone.some((one) => isBehind(observed, one, address))
  const isThere = (address: string): boolean => devs.has(interfaceFor(observed, address)?.name ?? '') || isLost(address)
  const isGone = (dev: string): boolean => gone.some((one) => isGoneDevice(observed, one, dev))
  const serves = (object = ''): boolean =>
    config?.services.some(
      ({ name, realservers }) => object === `service ${name}` && realservers.some(({ address }) => isThere(address)),
    ) === true
  /** All links that this node shares with it are down here. */
  const isCutOff = (object = ''): boolean => {
    const shared = sharedLinks(state, object)
    return shared.length > 0 && shared.every((name) => links.has(name))
  }
  const sharesOne = (object = ''): boolean =>
    config?.nodes.find(({ name }) => object === `node ${name}`)?.links.some(({ name }) => links.has(name)) === true
  return ({ code, message, object }) => {
    if (code === 'not-sent') return links.size > 0 && NO_WAY.test(message)
    // What is lost with it of all that a node sends over several links, it says of the node.
    if (code === 'lossy-link' && sharesOne(object)) return true
    if (code === 'link-silent' || code === 'lossy-link') return links.has(LINK.exec(object ?? '')?.[1] ?? '')
    if (code === 'no-interface' || code === 'gateway-unreachable')
      return isLost(NETWORK.exec(message)?.[1] ?? '') || isGone(NO_DEVICE.exec(message)?.[1] ?? '')
    if (code === 'no-sync-interface') return gone.some(({ address }) => message.includes(` has ${address}, `))
    if (code === 'no-source') return view.node.links.every(({ address }) => gone.some((one) => one.address === address))
    if (code === 'no-sysctl') return isGone(OF_DEVICE.exec(message)?.[1] ?? '')
    if (code === 'standby-unaware') return links.has(config?.sync?.link ?? '')
    if (code === 'heard-by-others' || code === 'one-way') return isCutOff(object)
    // As its lease process says it, which knows no interfaces.
    if (code === 'link-down') return !DOWN.test(message) && links.has(LINK.exec(message)?.[1] ?? '')
    if (code === 'ping-unreached') return isThere(PINGED.exec(message)?.[1] ?? '')
    return (code === 'standby-finds-none' || code === 'verdicts-differ') && serves(object)
  }
}
/** Of an address to which the kernel has no way, which is told: what cannot be sent, who does not hear this node, what its checks find. */
function followsFromWay(state: NodeState): (one: Trouble) => boolean {
  const peers = waylessPeers(state)
  const addresses = waylessAddresses(state)
  if (addresses.size + peers.length === 0) return () => false
  const isCutOff = (object = ''): boolean => {
    const shared = sharedLinks(state, object)
    const isOut = (link: string): boolean => peers.some((one) => object === `node ${one.node}` && one.link === link)
    return shared.length > 0 && shared.every(isOut)
  }
  const sends = (object = ''): boolean =>
    state.config?.services.some(
      ({ name, realservers }) =>
        object === `service ${name}` && realservers.some(({ address }) => addresses.has(address)),
    ) === true
  return ({ code, message, object }) => {
    if (code === 'not-sent') return peers.length > 0 && LED_NOWHERE.test(message)
    if (code === 'one-way') return isCutOff(object)
    if (code === 'ping-unreached') return addresses.has(PINGED.exec(message)?.[1] ?? '')
    return (code === 'standby-finds-none' || code === 'verdicts-differ') && sends(object)
  }
}
/** Of a rule of this node's packet filter, which is told: who is not heard for it, or does not hear this node, and what its checks find. */
function followsFromDrop(state: NodeState, found: readonly Trouble[]): (one: Trouble) => boolean {
  const rules = found.filter(({ code }) => code === 'drop-rule')
  const drops = (kind: 'heard' | 'beats', link: string, peer?: string): boolean =>
    rules.some((one) => dropsBeats(one, kind, link, peer === ANYBODY ? undefined : peer))
  const isAll = (kind: 'heard' | 'beats', object: string): boolean => {
    const peer = object === `node ${state.node}` ? ANYBODY : object.slice('node '.length)
    const shared = sharedLinks(state, object)
    return shared.length > 0 && shared.every((link) => drops(kind, link, peer))
  }
  /** All of them: of one that it asks it knows otherwise. */
  const asks = (object: string): boolean =>
    state.config?.services.some(
      ({ name, realservers }) =>
        object === `service ${name}` &&
        realservers.every(({ node }) => rules.some((one) => dropsWayTo(one, name, node))),
    ) === true
  const own = rules.map((one) => ({ ...one, node: state.node }))
  return (trouble) => {
    const { code, object = '' } = trouble
    if (rules.length === 0) return false
    if (code === 'one-way') return isAll('beats', object)
    const link = LINK.exec(object)?.[1]
    if (code === 'link-silent' || code === 'lossy-link') {
      const names = unheardNames(trouble)
      if (link === undefined) return isAll('heard', object)
      return (names.length === 0 ? [ANYBODY] : names).every((name) => drops('heard', link, name))
    }
    if (code === 'standby-finds-none') return asks(object)
    if (code === 'verdicts-differ') return differByWays(own, state.node, trouble.message)
    return code === 'heard-by-others' && isAll('heard', object)
  }
}
/** Of a chain that drops all that is forwarded, which is told: what comes back through this node from a realserver gets no further. */
const followsFromForward =
  ({ config }: NodeState) =>
  (one: Trouble): boolean =>
    one.code === 'path-dead' &&
    config?.services.some(
      ({ name, realservers }) =>
        one.object === `service ${name}` &&
        realservers.some(
          ({ node, forward }) => node === serverOfDeadPath(one) && forwarding(forward).answersThroughDirector,
        ),
    ) === true
/** What the kernel says where the way is gone; all else has another cause. */
const NO_WAY = /: (?:E(?:NETUNREACH|NETDOWN|HOSTUNREACH|ADDRNOTAVAIL|INVAL|NODEV)|link-down)(?: \(|$)/
/** Where a rule or a route leads it nowhere. */
const LED_NOWHERE = /: E(?:ACCES|INVAL|HOSTUNREACH|NETUNREACH)(?: \(|$)/
const NETWORK = /network of (?:NAT gateway )?([^\s,]+)/
const NO_DEVICE = /^there is no interface ([^\s,]+)/
const OF_DEVICE = /^the kernel has no net\/ipv[46]\/(?:conf|neigh)\/([^/]+)\//
const PINGED = /^ping node (\S+) /
