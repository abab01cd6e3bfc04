/**
 * The laws of addresses that a node has for itself: ARP is silent as long as one stands, wherever it stands; it is a single host, marked
 * as ours, on nothing but lo and devices of ours, and never on its owner. As the other laws they share no code with `diff`.
 */
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'

/** Copies of the marks, on purpose: who judges trusts no table of the accused. */
const MARK = /:lvsm$/
const NOTE = 'lvsm'
const DUMMY = 'lvsm-vips'
const TUNNEL = /^lvsm-[a-z][0-9a-f]{8}$/
/** Where an address that is a route stands. */
const AS_ROUTE = 0

/** IPv4 addresses that the node has, and must not announce in ARP, each with the interfaces that it stands on. */
export type AliasBoard = Map<string, Set<number>>

interface Seen {
  readonly observed: Observed
  /** What is ours by the record (`record`). */
  readonly owned?: ReadonlyMap<string, unknown>
  readonly held: ReadonlySet<string>
}
type Quiet = ReadonlyMap<string, string>
type AliasOperation = Extract<Operation, { readonly kind: 'alias-add' | 'alias-remove' }>
type RouteOperation = Extract<Operation, { readonly kind: 'local-route-add' | 'local-route-remove' }>
type DummyOperation = Extract<Operation, { readonly kind: `dummy-${string}` }>

/** With these the node answers for its aliases, whatever its interfaces say. */
const LOUD: Readonly<Record<string, (value: string) => boolean>> = {
  'net/ipv4/conf/all/arp_ignore': (value) => !['1', '2'].includes(value),
  'net/ipv4/conf/all/arp_announce': (value) => value !== '2',
}

const isSix = (address: string): boolean => address.includes(':')

export function aliasBoard({ links, addresses, localRoutes = [] }: Observed): AliasBoard {
  const board: AliasBoard = new Map()
  const ours = new Set(links.filter(({ loopback, note }) => loopback || note === NOTE).map(({ index }) => index))
  for (const { address, index, label } of addresses)
    if (label === 'lo:lvsm' || (MARK.test(label) && ours.has(index))) stands(board, address, index)
  for (const { address } of localRoutes) stands(board, address, AS_ROUTE)
  return board
}

function stands(board: AliasBoard, address: string, where: number): void {
  if (!isSix(address)) board.set(address, (board.get(address) ?? new Set()).add(where))
}
function leaves(board: AliasBoard, address: string, where: number): void {
  const places = board.get(address)
  places?.delete(where)
  if (places?.size === 0) board.delete(address)
}

export const judgeLoudness = (path: string, value: string, board: AliasBoard): string[] =>
  LOUD[path]?.(value) === true && board.size > 0
    ? [`${path} ${value} while ${[...board.keys()].join(', ')} stands here`]
    : []

export function judgeAlias(operation: AliasOperation, seen: Seen, quiet: Quiet, board: AliasBoard): string[] {
  const { kind, address, prefix, index, label } = operation
  if (kind === 'alias-remove') {
    leaves(board, address, index)
    const isKnown = isSix(address) && seen.owned?.has(`alias ${address} ${label}`) === true
    const ours = seen.observed.addresses.some(
      (one) =>
        one.address === address && one.prefix === prefix && one.index === index && (isKnown || MARK.test(one.label)),
    )
    return ours && isPlace(seen.observed, index) ? [] : [`${address}/${prefix} is not our alias`]
  }
  const broken = [...judgePlace(address, seen, quiet)]
  if (prefix !== (isSix(address) ? 128 : 32))
    broken.push(`alias ${address} with prefix ${prefix}: the node would claim a network`)
  if (!MARK.test(label)) broken.push(`alias ${address} without our label`)
  if (!isPlace(seen.observed, index)) broken.push(`alias ${address} on an interface that is not lo, and not ours`)
  stands(board, address, index)
  return broken
}

export function judgeLocalRoute(operation: RouteOperation, seen: Seen, quiet: Quiet, board: AliasBoard): string[] {
  const { kind, address, index } = operation
  const { localRoutes = [], links } = seen.observed
  if (kind === 'local-route-remove') {
    leaves(board, address, AS_ROUTE)
    const ours = localRoutes.some((one) => one.address === address && one.index === index)
    return ours ? [] : [`the local route to ${address} is not ours`]
  }
  stands(board, address, AS_ROUTE)
  const onLo = links.some((link) => link.index === index && link.loopback)
  return [
    ...judgePlace(address, seen, quiet),
    ...(onLo ? [] : [`local route to ${address} by an interface that is not lo`]),
  ]
}

function judgePlace(address: string, { held }: Seen, quiet: Quiet): string[] {
  const isQuiet = Object.entries(LOUD).every(([path, isLoud]) => !isLoud(quiet.get(path) ?? ''))
  return [
    ...(isQuiet || isSix(address) ? [] : [`alias ${address} before arp_ignore and arp_announce are set`]),
    ...(held.has(address) ? [`alias ${address} on its owner`] : []),
  ]
}

/** One that a plan has just made has no index yet. */
const isPlace = ({ links }: Observed, index: number): boolean =>
  links.some(
    (link) =>
      link.index === index &&
      (link.loopback || (link.note === NOTE && (link.name === DUMMY || TUNNEL.test(link.name)))),
  )

export function judgeDummy(operation: DummyOperation, { observed }: Seen, gone: ReadonlySet<string>): string[] {
  const { kind, name } = operation
  const there = observed.links.find((link) => link.name === name)
  if (name !== DUMMY) return [`${name} is no name of a dummy device of ours`]
  if (kind === 'dummy-add') return there === undefined ? [] : [`${name} is there already`]
  if (there?.note !== NOTE || there.index !== operation.index) return [`${name} is not our device`]
  if (kind === 'dummy-up') return []
  return observed.addresses
    .filter((one) => one.index === there.index && !gone.has(`${one.address} ${one.index}`))
    .map(({ address }) => `${name} would leave with ${address} on it`)
}
