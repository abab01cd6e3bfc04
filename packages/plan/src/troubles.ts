/** What stands in the way of the desired state and is not ours to change. */
import { familyOf, type Trouble, listed } from '@lvsm/base'
import { ipvsadmOption, isMark, type NodeView, serviceKey } from '@lvsm/model'
import { answerTroubles } from './answers.ts'
import { foreignDefaults } from './default-routes.ts'
import { type Desired, gatewaysOf } from './desired.ts'
import { interfaceFor } from './host-network.ts'
import { type Observed, type ObservedService } from './observed.ts'
import { placeTroubles } from './placed.ts'
import type { OwnedRecord } from './record.ts'
import { foreignDestinations } from './foreign-destinations.ts'
import { inTheWay } from './tunnels.ts'
import { sourceTroubles } from './full-nat.ts'
import { helperTroubles } from './applications.ts'
import { droppingTroubles } from './forwarding.ts'
import { narrowLinks } from './narrow-links.ts'
import { netemTroubles } from './netem.ts'
import { timeoutTroubles } from './timeouts.ts'
import { tunnelSources } from './tunnel-sources.ts'

const trouble = (severity: Trouble['severity'], code: string, message: string, hint: string): Trouble => ({
  code,
  severity,
  message,
  hint,
})

export function troublesOf(view: NodeView, wanted: Desired, observed: Observed, record: OwnedRecord): Trouble[] {
  return [
    ...reachTroubles(view, observed),
    ...routeTroubles(wanted, observed),
    ...answerTroubles(wanted.answers, observed),
    ...interfaceTroubles(view, observed),
    ...tunnelTroubles(view, wanted, observed),
    ...placeTroubles(view, wanted, observed),
    ...narrowLinks(view, observed),
    ...netemTroubles(view, observed),
    ...tunnelSources(view, observed),
    ...helperTroubles(view, observed),
    ...droppingTroubles(view, observed),
    ...sourceTroubles(view, observed),
    ...tableTroubles(view, wanted, observed, record),
    ...sysctlTroubles(wanted, observed),
    ...syncTroubles(view, wanted),
    ...timeoutTroubles(view, observed, record),
  ]
}

const reachTroubles = (view: NodeView, observed: Observed): Trouble[] =>
  gatewaysOf(view)
    .filter((gateway) => interfaceFor(observed, gateway) === null)
    .map((gateway) =>
      trouble(
        'critical',
        'gateway-unreachable',
        `no interface of this node is in the network of NAT gateway ${gateway}`,
        'give the node an address in that network',
      ),
    )

const routeTroubles = (wanted: Desired, observed: Observed): Trouble[] =>
  wanted.gateways
    .filter(({ index }) => index !== 0)
    .flatMap((gateway) =>
      foreignDefaults(observed, gateway).map((entry) =>
        trouble(
          'critical',
          'foreign-default-route',
          `the default route goes through ${entry.gateway ?? 'the wire'} and not through NAT gateway ${gateway.address}: answers do not come back through the director`,
          `remove it (ip ${familyOf(gateway.address) === 'ipv6' ? '-6 ' : ''}route del default), and from whatever sets it at boot; we do not replace routes of others`,
        ),
      ),
    )

type Floating = NodeView['directs'][number]['addresses'][number]

/**
 * One for each interface that is down or not there, with all that needs it; and one for each address that no interface is for. Where heartbeats
 * alone need it, it is one of their link.
 */
function interfaceTroubles(view: NodeView, observed: Observed): Trouble[] {
  const found = new Map<string, Trouble & { readonly needed: string[] }>()
  for (const group of view.directs)
    for (const entry of group.addresses) {
      const fault = interfaceFault(entry, observed)
      if (fault === null) continue
      const known = found.get(fault.message) ?? { ...fault, needed: [] }
      known.needed.push(`${entry.kind} ${entry.address} of group ${group.name}`)
      found.set(fault.message, known)
    }
  const links = new Map<string, string[]>()
  for (const { name, dev } of linksDown(view, observed)) {
    const hint = upAgain(dev)
    const alone = { ...trouble('warning', 'link-down', downText(dev), hint), object: `interface ${dev}`, needed: [] }
    const known = found.get(downText(dev)) ?? alone
    links.set(downText(dev), [...(links.get(downText(dev)) ?? []), `heartbeat link ${name}`])
    found.set(downText(dev), known)
  }
  const dev = downOf(view.sync?.address, observed)
  if (dev !== null) found.get(downText(dev))?.needed.push('connection synchronisation')
  return [...found.values()].map(({ needed, ...fault }) => {
    // Others look for the links: they come first, as far as a message is read.
    const all = [...(links.get(fault.message) ?? []), ...needed]
    return { ...fault, message: `${fault.message}, needed for ${listed(all, MOST_NEEDED)}` }
  })
}
const downText = (dev: string): string => `interface ${dev} is down`
const upAgain = (dev: string): string => `check the cable, or: ip link set ${dev} up`

/** Heartbeat links of this node whose interface is down, though its address is there. */
export function linksDown(
  { node }: NodeView,
  { links, addresses }: Pick<Observed, 'links' | 'addresses'>,
): { readonly name: string; readonly dev: string }[] {
  return node.links.flatMap(({ name, address }) => {
    const at = addresses.find((one) => one.address === address)?.index
    const dev = links.find(({ index, loopback }) => index === at && !loopback)
    return dev && !dev.up ? [{ name, dev: dev.name }] : []
  })
}
const downOf = (own: string | undefined, { addresses, links }: Observed): string | null =>
  links.find(
    ({ index, up, loopback }) =>
      !up && !loopback && addresses.some((one) => one.address === own && one.index === index),
  )?.name ?? null
const MOST_NEEDED = 4

function interfaceFault({ interface: named, address }: Floating, observed: Observed): Trouble | null {
  const link =
    named === null ? interfaceFor(observed, address) : (observed.links.find((known) => known.name === named) ?? null)
  if (link === null) {
    const message = named === null ? `no interface is in the network of ${address}` : `there is no interface ${named}`
    const hint = 'name one in the file: { address: …, interface: … }, or give the node an address in that network'
    return trouble('critical', 'no-interface', message, hint)
  }
  if (link.up) return null
  return {
    ...trouble('critical', 'interface-down', downText(link.name), upAgain(link.name)),
    object: `interface ${link.name}`,
  }
}

function tunnelTroubles({ tunnelled }: NodeView, wanted: Desired, observed: Observed): Trouble[] {
  const addresses = tunnelled.map(({ address }) => address).join(', ')
  return wanted.tunnels.flatMap((tunnel) =>
    inTheWay(observed, tunnel).map(({ name }) => ({
      ...trouble(
        'critical',
        'foreign-tunnel',
        `device ${name} is somebody else's, and takes what the director at ${tunnel.remote} wraps for ${addresses}`,
        `find who made it (ip -d link show ${name}), and: ip link del ${name}; we do not replace devices of others`,
      ),
      object: `device ${name}`,
    })),
  )
}

function tableTroubles(view: NodeView, wanted: Desired, observed: Observed, record: OwnedRecord): Trouble[] {
  if (wanted.services.length === 0) return []
  if (observed.services === null)
    return [
      trouble(
        'critical',
        'no-ipvs',
        'this kernel has no IPVS',
        'load it with: modprobe ip_vs (Debian: package linux-image-amd64)',
      ),
    ]
  const strangers = foreignServices(view, wanted, observed.services, record)
  return [...strangers, ...foreignDestinations(view, observed.services, record)]
}

/** IPVS asks for a mark before it asks for address and port (ip_vs_ctl.c: ip_vs_service_find), so one by mark may take what is for any VIP. */
function foreignServices(
  { directs, answersFor }: NodeView,
  wanted: Desired,
  found: readonly ObservedService[],
  record: OwnedRecord,
): Trouble[] {
  const keys = new Set(wanted.services.map(serviceKey))
  const vips = [...directs.flatMap(({ addresses }) => addresses), ...answersFor]
  const floating = new Set(vips.map(({ address }) => address))
  return (
    found
      .filter((service) => !keys.has(serviceKey(service)) && !record.has(serviceKey(service)))
      // At another address it is theirs, and none of our business.
      .filter((service) => isMark(service) || floating.has(service.address))
      .map((service) => {
        const takes = isMark(service)
          ? 'it takes packets with this mark, whatever VIP they are for, before any other service does'
          : 'it takes what clients ask of this VIP'
        return {
          ...trouble(
            'critical',
            'foreign-service',
            `IPVS service ${serviceKey(service)} is not of our making: ${takes}`,
            `remove it with: ipvsadm -D ${ipvsadmOption(service)}, and from whatever makes it; or add it to the configuration`,
          ),
          object: `service ${serviceKey(service)}`,
        }
      })
  )
}

function syncTroubles({ sync }: NodeView, wanted: Desired): Trouble[] {
  if (sync === null || wanted.sync === null) return []
  const { interface: name, bound } = wanted.sync
  if (name === null)
    return [
      trouble(
        'warning',
        'no-sync-interface',
        `no interface of this node has ${sync.address}, over which directors tell each other of connections`,
        'give the node this address, or correct it in the configuration: connections end when their group moves',
      ),
    ]
  if (bound === null || bound.source === sync.address) return []
  return [
    trouble(
      'warning',
      'sync-source',
      `what this node tells of connections leaves ${name} with ${bound.source ?? 'no address'} as source, and the other directors take it from ${sync.address} alone`,
      familyOf(sync.address) === 'ipv4'
        ? `make ${sync.address} the first address of ${name} (ip address show ${name}; the kernel takes the first primary one), or name a link whose address is it: sync-link`
        : `take the other addresses of IPv6 away from ${name}, or deprecate them (ip address change ADDRESS dev ${name} preferred_lft 0): the kernel takes the newest of those that are not, a unique local one (fc00::/7) last; or name another link: sync-link`,
    ),
  ]
}

const sysctlTroubles = (wanted: Desired, observed: Observed): Trouble[] =>
  wanted.sysctls
    .filter(({ path, optional }) => !optional && observed.sysctls.get(path) === null && !path.includes('/vs/'))
    .map(({ path, why }) =>
      trouble(
        'warning',
        'no-sysctl',
        `the kernel has no ${path}: ${why}`,
        'is /proc mounted, and the interface there?',
      ),
    )
