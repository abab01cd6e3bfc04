/**
 * VIPs that a realserver has for itself, wherever they stand: on lo, on a dummy device of ours, as a local route, or on each of the
 * devices that its packets come out of (TRAPS.md, rows 1 and 2). One that goes elsewhere comes there before it leaves here, so that
 * its packets are taken at every moment.
 */
import { familyOf, MARKS, ownLabel } from '@lvsm/base'
import { hostPrefix, type Placement, placementRow } from '@lvsm/model'
import type { HostNetwork } from './host-network.ts'
import type { Observed, ObservedAddress, ObservedLink, ObservedLocalRoute } from './observed.ts'
import type { Operation } from './operation.ts'
import type { DesiredSysctl } from './sysctls.ts'
import { type DesiredTunnel, isOwnTunnel, tunnelsLeave } from './tunnels.ts'

export interface DesiredAlias {
  readonly address: string
  readonly placement: Placement
}
type Host = Pick<Observed, 'links' | 'addresses' | 'localRoutes'>
interface Wanted {
  readonly aliases: readonly DesiredAlias[]
  readonly tunnels: readonly DesiredTunnel[]
}

const isOwnDummy = ({ name, note }: ObservedLink): boolean => name === MARKS.vipDevice && note === MARKS.deviceNote
/** Where addresses of ours that are for this node alone may stand. */
const isOurs = (link: ObservedLink): boolean =>
  link.name === placementRow('lo').device || isOwnDummy(link) || isOwnTunnel(link)
export const isOnDummy = ({ placement }: DesiredAlias): boolean => placementRow(placement).device === MARKS.vipDevice
const isAlias = (link: ObservedLink, { index, label }: ObservedAddress): boolean =>
  index === link.index && label === ownLabel(link.name)

/** The device of this name that is somebody else's. */
export const dummyInTheWay = ({ links }: Pick<Host, 'links'>, { aliases }: Pick<Wanted, 'aliases'>): ObservedLink[] =>
  aliases.some(isOnDummy) ? links.filter((link) => link.name === MARKS.vipDevice && !isOwnDummy(link)) : []

/** In IPv6 the device must take IPv6, which hosts may have switched off for what comes later. */
export const dummySysctls = ({ links }: HostNetwork, aliases: readonly DesiredAlias[]): DesiredSysctl[] =>
  aliases.some((one) => isOnDummy(one) && familyOf(one.address) === 'ipv6') && links.some(isOwnDummy)
    ? [
        {
          path: `net/ipv6/conf/${MARKS.vipDevice}/disable_ipv6`,
          value: '0',
          accept: ['0'],
          why: 'the kernel gives no VIP of IPv6 to a device that takes no IPv6',
        },
      ]
    : []

export function dummyComes({ links }: Host, wanted: Wanted): Operation[] {
  if (!wanted.aliases.some(isOnDummy) || dummyInTheWay({ links }, wanted).length > 0) return []
  const link = links.find(isOwnDummy)
  if (!link) return [{ kind: 'dummy-add', name: MARKS.vipDevice }]
  return link.up ? [] : [{ kind: 'dummy-up', name: link.name, index: link.index }]
}

/** Addresses that somebody else put on our dummy device: with them it stays. */
export const guestsOn = ({ links, addresses }: Pick<Host, 'links' | 'addresses'>): ObservedAddress[] =>
  links.filter(isOwnDummy).flatMap((link) => addresses.filter((one) => one.index === link.index && !isAlias(link, one)))

/** `moves`: what comes and leaves in the same plan. */
export function dummyLeaves(host: Host, { aliases }: Wanted, moves: readonly Operation[]): Operation[] {
  if (aliases.some(isOnDummy) || guestsOn(host).length > 0) return []
  const leave = new Set(moves.flatMap((one) => (one.kind === 'alias-remove' ? [standsAt(one)] : [])))
  return host.links
    .filter((link) => isOwnDummy(link) && aliasesOn(host, link).every((one) => leave.has(standsAt(one))))
    .map(({ name, index }) => ({ kind: 'dummy-remove', name, index }))
}

/** Off devices of tunnels that leave: an address goes before what it stands on. */
export function aliasesLeaveTunnels(host: Host, { tunnels }: Wanted): Operation[] {
  const leaving = new Set(tunnelsLeave(host, tunnels).flatMap((one) => ('index' in one ? [one.index] : [])))
  return host.links.filter(({ index }) => leaving.has(index)).flatMap((link) => aliasesOn(host, link).map(aliasRemoved))
}

const standsAt = ({ address, prefix, index }: Pick<ObservedAddress, 'address' | 'prefix' | 'index'>): string =>
  `${address}/${prefix} ${index}`
const aliasesOn = ({ addresses }: Host, link: ObservedLink): ObservedAddress[] =>
  addresses.filter((one) => isAlias(link, one))
const aliasRemoved = ({ address, prefix, index, label }: ObservedAddress): Operation => ({
  kind: 'alias-remove',
  ...{ address, prefix, index, label },
})

/** Devices that stand, and on which it shall be. */
function devicesOf({ links }: Host, { address, placement }: DesiredAlias, { tunnels }: Wanted): ObservedLink[] {
  const { device, onTunnels } = placementRow(placement)
  const family = familyOf(address)
  const names = new Set(tunnels.flatMap(({ name, remote }) => (familyOf(remote) === family ? [name] : [])))
  return links.filter((link) => isOurs(link) && (link.name === device || (onTunnels && names.has(link.name))))
}

/** What comes, then what leaves: a VIP that stands nowhere else yet stays where it is. */
export function aliases(host: Host, wanted: Wanted): Operation[] {
  const leaving = new Set(tunnelsLeave(host, wanted.tunnels).flatMap((one) => ('index' in one ? [one.index] : [])))
  const staying = { ...host, links: host.links.filter(({ index }) => !leaving.has(index)) }
  const places = new Map(wanted.aliases.map((one) => [one.address, devicesOf(staying, one, wanted)]))
  const routes = routesOf(staying, wanted)
  // One of IPv6 that became a source of what the node says is put there once more.
  const there = new Set(
    host.addresses.filter((one) => one.preferred !== true && one.undelivered !== true).map(standsAt),
  )
  const come = [...places].flatMap(([address, devices]) => added(there, address, devices)).flatMap(anewIn(staying))
  const isPlaced = (address: string): boolean => (places.get(address)?.length ?? 0) > 0 || routes.stand.has(address)
  const isWanted = (address: string): boolean => places.has(address)
  const left = staying.links.filter(isOurs).flatMap((link) =>
    aliasesOn(staying, link).filter(({ address, prefix }) => {
      if (prefix !== hostPrefix(address)) return true
      const stands = places.get(address)?.some(({ index }) => index === link.index) === true
      return !stands && (!isWanted(address) || isPlaced(address))
    }),
  )
  const routesLeft = routes.odd.filter(({ address }) => !isWanted(address) || isPlaced(address))
  return [
    ...come,
    ...routes.come,
    ...left.map(aliasRemoved),
    ...routesLeft.map(({ address, index }): Operation => ({ kind: 'local-route-remove', address, index })),
  ]
}

const added = (there: ReadonlySet<string>, address: string, devices: readonly ObservedLink[]): Operation[] =>
  devices
    .map(({ index, name }) => ({ address, prefix: hostPrefix(address), index, label: ownLabel(name) }))
    .filter((one) => !there.has(standsAt(one)))
    .map((one) => ({ kind: 'alias-add', ...one }))

/** The kernel makes the route to an address of its own when that comes, and then alone: one without goes first. */
const anewIn = (host: Host): ((come: Operation) => readonly Operation[]) => {
  const lost = new Map(
    host.links.flatMap((link) =>
      aliasesOn(host, link)
        .filter(({ undelivered }) => undelivered === true)
        .map((one) => [standsAt(one), one]),
    ),
  )
  return (come) => {
    const before = come.kind === 'alias-add' ? lost.get(standsAt(come)) : undefined
    return before ? [aliasRemoved(before), come] : [come]
  }
}

function routesOf({ links, localRoutes = [] }: Host, { aliases: all }: Wanted) {
  const lo = links.find(({ loopback }) => loopback)
  const wanted = all.filter(({ placement }) => lo && placementRow(placement).isRoute)
  const stand = new Set(wanted.map(({ address }) => address))
  const isRight = ({ address, index }: ObservedLocalRoute): boolean => stand.has(address) && index === lo?.index
  const right = new Set(localRoutes.filter(isRight).map(({ address }) => address))
  return {
    stand,
    odd: localRoutes.filter((one) => !isRight(one)),
    come: wanted
      .filter(({ address }) => !right.has(address))
      .map(({ address }): Operation => ({ kind: 'local-route-add', address, index: lo?.index ?? 0 })),
  }
}
