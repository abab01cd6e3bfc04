/** The kernel of this node: what it says, and what it is told, by netlink and /proc/sys. */
import { type Observed, type Operation, type OwnWay } from '@lvsm/plan'
import { NETLINK, type Netlink, oncePerTurn, openNetlink, type Watch, watchNetlink } from '@lvsm/kernel'
import { AF_OF, type Decoded, type Message, nftables, rtnetlink } from '@lvsm/netlink'
import { familyOf, isOwnAddress, isOwnLabel, ownLabel } from '@lvsm/base'
import { FAMILIES, type IpvsTimeouts, namesOf } from '@lvsm/model'
import type { Failure } from '../../core/index.ts'
import type { Kernel } from '../../ports.ts'
import { carryOutAnswers, isOfAnswers, readAnswers } from './answers.ts'
import { type GuePorts, openGuePorts } from './gue.ts'
import { readHelpers } from './applications.ts'
import { messageOf } from './messages.ts'
import { type NatRulesPort, openNatRules } from './nat-rules.ts'
import { openTable, type Table } from './ipvs.ts'
import { openForwarding } from './forwarding.ts'
import { openNeighbours } from './neighbours.ts'
import { openNetem } from './netem.ts'
import { isClosing, isOfWays, openAnswers, openWays, type Ways } from './ways.ts'
import { openSockets } from './sockets.ts'
import { type Remembered, remembered } from './remembered.ts'
import { carryOutPlace, isOwnLocalRoute, readLocalRoutes, withDelivery } from './places.ts'
import { observedAddress } from './addresses.ts'
import { readSources } from './sources.ts'
import { readSyncHeard } from './sync-heard.ts'
import { readSysctl, writeSysctl } from './sysctl.ts'
import { carryOutTunnel } from './tunnel.ts'

const LOOPBACK = 772
const FAMILY_NAMES = namesOf(FAMILIES)
/** Labels of what this process places itself: on lo, and on devices of ours. */
const isAlias = (label: string): boolean => label === ownLabel('lo') || label.startsWith('lvsm-')

export function openKernel(): Kernel {
  const route = openNetlink(NETLINK.route)
  const table = openTable()
  const natRules = openNatRules()
  const guePorts = openGuePorts()
  const sockets = openSockets()
  const watches: { close(): void }[] = []
  const clock = (): number => performance.now()
  const host = remembered(() => readHostNetwork(route), clock)
  const rules = remembered(() => natRules.observe(), clock)
  const neighbours = openNeighbours(route, clock)
  const netem = openNetem(route, clock)
  const ways = openWays(route, clock)
  const answers = openAnswers(route, clock)
  const netfilter = openNetlink(NETLINK.netfilter)
  const dropping = openForwarding(netfilter, clock)
  const forget = (): void => {
    host.forget()
    rules.forget()
  }

  return {
    observe({ sysctls, services, gue, helpers, sources, ways: towards, answering, forwarding, ...near }): Observed {
      if (watches.length === 0) forget()
      return {
        ...host.get(),
        sysctls: new Map(sysctls.map((path) => [path, readSysctl(path)])),
        services: services ? table.observe() : [],
        ...timeoutsOf(services ? table.timeouts() : null),
        ...(gue ? { gue: guePorts.observe() } : {}),
        ...(helpers ? { helpers: readHelpers() } : {}),
        ...(sources ? { sources: readSources(route, sources) } : {}),
        ...(towards ? { wayless: ways.look(towards) } : {}),
        ...(answering ? { unanswerable: answers.look(answering) } : {}),
        ...neighbours(near),
        ...(forwarding === true ? { dropping: dropping() } : {}),
        netem: netem(),
        natRules: rules.get(),
        ...(services ? syncNow(table, netfilter) : {}),
      }
    },
    sockets: (protocols, crowded) => sockets.look(protocols, crowded),
    apply(operation) {
      forget()
      return carryOut(operation, { route, table, natRules, guePorts })
    },
    watch(changed) {
      watches.push(watchHostNetwork(host, ways, changed), watchRules(rules, changed), table.watch(changed))
    },
    close() {
      for (const part of [...watches, route, netfilter, table, natRules, guePorts, sockets]) part.close()
    },
  }
}

/** Messages come only where the daemons run. */
function syncNow(table: Table, netfilter: Netlink): Pick<Observed, 'syncDaemons' | 'syncHeard'> {
  const syncDaemons = table.syncDaemons()
  return { syncDaemons, ...(syncDaemons?.length ? { syncHeard: readSyncHeard(netfilter) } : {}) }
}

const timeoutsOf = (timeouts: IpvsTimeouts | null) => (timeouts === null ? {} : { timeouts })

type HostNetwork = Pick<Observed, 'links' | 'addresses' | 'defaults' | 'localRoutes' | 'answers'>

function readHostNetwork(route: Netlink): HostNetwork {
  const all = <T>(request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] =>
    route.dump(request).flatMap((message) => {
      const decoded = decode(message)
      return decoded.ok ? [decoded.value] : []
    })
  const { main } = rtnetlink.TABLE
  const links = all(rtnetlink.dumpLinks(), rtnetlink.decodeLink)
  const names = new Map(links.map(({ index, name }) => [index, name]))
  const seen = {
    links: links.map(({ index, name, hardware, flags, up, carrier, mtu, mac, note, tunnel }) => ({
      index,
      name,
      loopback: hardware === LOOPBACK,
      up: up && carrier,
      mtu,
      ...(mac === '' ? {} : { mac }),
      ...((flags & rtnetlink.LINK_FLAG.noArp) === 0 ? {} : { noArp: true as const }),
      ...(note === '' ? {} : { note }),
      ...(tunnel === null ? {} : { tunnel }),
    })),
    addresses: FAMILY_NAMES.flatMap((family) =>
      // A kernel without a family answers a question for it with all that it has.
      all(rtnetlink.dumpAddresses(AF_OF[family]), rtnetlink.decodeAddress).filter(
        ({ local }) => familyOf(local) === family,
      ),
    ).map((address) => observedAddress(address, names.get(address.index) ?? '')),
  }
  return {
    ...seen,
    addresses: withDelivery(seen, route),
    localRoutes: readLocalRoutes(route),
    defaults: FAMILY_NAMES.flatMap((family) =>
      all(rtnetlink.dumpRoutes({ family: AF_OF[family], table: main }), rtnetlink.decodeRoute)
        .filter((route) => route.family === AF_OF[family])
        .filter(({ prefix, table, type }) => prefix === 0 && table === main && type === rtnetlink.ROUTE_TYPE.unicast)
        .map(({ gateway = null, oif = 0, protocol, priority }) => ({
          ...{ gateway, index: oif, protocol, metric: priority },
          family,
        })),
    ),
    answers: readAnswers(route),
  }
}

function watchHostNetwork(host: Remembered<HostNetwork>, ways: Ways<OwnWay>, changed: () => void): Watch {
  const { GROUP } = rtnetlink
  const addresses = { ipv4: GROUP.addressV4, ipv6: GROUP.addressV6 } as const
  const routes = { ipv4: GROUP.routeV4, ipv6: GROUP.routeV6 } as const
  const rules = { ipv4: GROUP.ruleV4, ipv6: GROUP.ruleV6 } as const
  const groups = FAMILY_NAMES.flatMap((family) => [addresses[family], routes[family], rules[family]])
  return watchNetlink(NETLINK.route, [GROUP.link, ...groups], {
    heard(message) {
      host.forget()
      if (isOfWays(message)) ways.forget()
      if (matters(message)) changed()
    },
    lost() {
      host.forget()
      ways.forget()
      changed()
    },
  })
}

/** The fence of the lease process, and what we loaded ourselves, are no news. */
function watchRules(rules: Remembered<string | null>, changed: () => void): Watch {
  const stands = (before: string | null): boolean => {
    try {
      return rules.get() === before
    } catch {
      return false
    }
  }
  const rulesChanged = oncePerTurn(() => {
    const before = rules.known()
    rules.forget()
    // After operations of ours a look is due anyway.
    if (before !== undefined && !stands(before)) changed()
  })
  const heard = { heard: rulesChanged, lost: rulesChanged }
  return watchNetlink(NETLINK.netfilter, [nftables.GROUP], heard, nftables.STRUCTURE_ONLY)
}

interface Parts {
  readonly route: Netlink
  readonly table: Table
  readonly natRules: NatRulesPort
  readonly guePorts: GuePorts
}

/** What the kernel says when it refuses; null when it is done. */
function carryOut(
  operation: Operation,
  { route, table, natRules, guePorts }: Parts,
): Omit<Failure, 'operation'> | null {
  const said = (message: string | null) => (message === null ? null : { message })
  switch (operation.kind) {
    case 'sysctl':
      return said(writeSysctl(operation.path, operation.value))
    case 'nat-rules':
      return said(natRules.load(operation.needs))
    case 'timeouts':
      return said(table.setTimeouts(operation.timeouts))
    case 'gue-open':
    case 'gue-close':
      return said(guePorts.apply(operation))
    case 'tunnel-add':
    case 'tunnel-up':
    case 'tunnel-remove':
      return said(carryOutTunnel(operation, route))
    case 'dummy-add':
    case 'dummy-up':
    case 'dummy-remove':
    case 'local-route-add':
    case 'local-route-remove':
      return said(carryOutPlace(operation, route))
    case 'alias-add': {
      const refused = route.apply([messageOf(operation)])
      return said(refused ? rtnetlink.addressRefused(refused, operation.address) : null)
    }
    case 'answer-route-set':
    case 'answer-route-remove':
    case 'answer-rule-add':
    case 'answer-rule-remove':
      return said(carryOutAnswers(operation, route))
    case 'route-set':
    case 'route-remove':
    case 'alias-remove':
      return said(route.apply([messageOf(operation)])?.message ?? null)
    default:
      return table.apply(operation)
  }
}

/** The lease process refreshes its addresses all the time; only what this process answers for is worth a look. */
function matters(message: Message): boolean {
  const decoded = rtnetlink.decodeEvent(message)
  if (!decoded.ok) return true
  const event = decoded.value
  if (isClosing(event)) return true
  // An alias stays until it is taken off, a floating address has an end.
  if (event.kind === 'address')
    return (
      !isOwnAddress(event.address) ||
      (isOwnLabel(event.address.label)
        ? isAlias(event.address.label)
        : event.address.validSeconds === rtnetlink.FOREVER)
    )
  if (event.kind === 'route' || event.kind === 'rule')
    return isOfAnswers(event) || (event.kind === 'route' && (event.route.prefix === 0 || isOwnLocalRoute(event.route)))
  return event.kind === 'link'
}
