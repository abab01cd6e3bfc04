/** For this room's tests: a kernel's tunnels, which do as they are told. */
import type { TunnelPort } from '@lvsm/model'
import type { Observed, Operation } from './index.ts'

/** What the kernel says when it refuses. */
export const refuse = (error: string): never => {
  throw new Error(error)
}

type PlaceOperation = Extract<Operation, { readonly kind: `dummy-${string}` | `local-route-${string}` }>

/** The dummy device for VIPs, and routes of what is local. */
export function applyPlace(now: Observed, operation: PlaceOperation): Observed {
  switch (operation.kind) {
    case 'dummy-add': {
      if (now.links.some(({ name }) => name === operation.name)) return refuse('EEXIST')
      const index = Math.max(...now.links.map((one) => one.index)) + 1
      const made = { index, name: operation.name, loopback: false, up: true, note: 'lvsm', noArp: true } as const
      return { ...now, links: [...now.links, made] }
    }
    case 'dummy-up':
    case 'dummy-remove': {
      const link = now.links.find(({ index, name }) => index === operation.index && name === operation.name)
      if (!link) return refuse('ENODEV')
      const rest = now.links.filter((one) => one !== link)
      if (operation.kind === 'dummy-up') return { ...now, links: [...rest, { ...link, up: true }] }
      return { ...now, links: rest, addresses: now.addresses.filter(({ index }) => index !== link.index) }
    }
    case 'local-route-add':
    case 'local-route-remove': {
      const { address, index } = operation
      const all = now.localRoutes ?? []
      const rest = all.filter((one) => one.address !== address || one.index !== index)
      const there = rest.length < all.length
      if (there === (operation.kind === 'local-route-add')) return refuse(there ? 'EEXIST' : 'ESRCH')
      return { ...now, localRoutes: there ? rest : [...rest, { address, index }] }
    }
  }
}

type TunnelOperation = Extract<Operation, { readonly kind: `tunnel-${string}` }>

export function applyTunnel(now: Observed, operation: TunnelOperation): Observed {
  const { kind, name } = operation
  const link = now.links.find((known) => known.name === name)
  const rest = now.links.filter((known) => known !== link)
  const addresses = now.addresses.filter(({ index }) => index !== link?.index)
  const own = (index: number, bare: boolean) =>
    bare ? addresses : [...addresses, { index, address: '127.76.0.1', prefix: 32, label: name }]
  if (kind !== 'tunnel-add') {
    if (link?.index !== operation.index) return refuse('ENODEV')
    if (kind === 'tunnel-remove') return { ...now, links: rest, addresses }
    return { ...now, links: [...rest, { ...link, up: true }], addresses: own(link.index, operation.bare === true) }
  }
  const { device, remote } = operation
  const twin = now.links.some(
    ({ tunnel }) => tunnel?.kind === device && tunnel.remote === remote && tunnel.local === null,
  )
  if (link || twin) return refuse('EEXIST')
  const index = Math.max(...now.links.map((one) => one.index)) + 1
  const tunnel = { kind: device, local: null, remote }
  const made = { index, name, loopback: false, up: true, note: 'lvsm', tunnel }
  return { ...now, links: [...now.links, made], addresses: own(index, remote.includes(':')) }
}

export const applyGue = (
  gue: readonly TunnelPort[],
  { kind, port, family }: Extract<Operation, { readonly kind: `gue-${string}` }>,
): TunnelPort[] => [
  ...gue.filter((one) => one.port !== port || one.family !== family),
  ...(kind === 'gue-open' ? [{ port, family }] : []),
]
