/** The kernel as its own tools tell it, for comparing with what lvsm made of it. */
import { on } from './harness.ts'

/** A destination as `ipvsadm -Ln` prints it: `Route` is direct routing, `Masq` NAT. */
export interface Destination {
  readonly address: string
  readonly forward: string
  readonly weight: number
}
export interface Service {
  /** `TCP 10.11.0.10:80`. */
  readonly name: string
  readonly scheduler: string
  readonly destinations: readonly Destination[]
}

/** The IPVS table of a node by `ipvsadm -Ln`. */
export async function ipvs(node: string): Promise<Service[]> {
  const services: (Service & { destinations: Destination[] })[] = []
  for (const line of (await on(node, 'ipvsadm -Ln')).split('\n')) {
    const [first = '', second = '', third = '', fourth = ''] = line.trim().split(/\s+/)
    if (/^(TCP|UDP)$/.test(first)) services.push({ name: `${first} ${second}`, scheduler: third, destinations: [] })
    else if (first === '->' && /^\d/.test(second))
      services.at(-1)?.destinations.push({ address: second, forward: third, weight: Number(fourth) })
  }
  return services
}

export async function ipvsService(node: string, address: string): Promise<Service | undefined> {
  return (await ipvs(node)).find(({ name }) => name === `TCP ${address}`)
}

export interface Address {
  readonly device: string
  readonly local: string
  readonly prefix: number
  readonly label: string
}

/** The addresses of a node by `ip -j addr`. */
export async function addresses(node: string): Promise<Address[]> {
  const links = JSON.parse(await on(node, 'ip -j -4 addr show')) as {
    ifname: string
    addr_info: { local: string; prefixlen: number; label: string }[]
  }[]
  return links.flatMap(({ ifname, addr_info }) =>
    addr_info.map(({ local, prefixlen, label }) => ({ device: ifname, local, prefix: prefixlen, label })),
  )
}

export interface Route {
  readonly dst: string
  readonly gateway?: string
  readonly dev: string
  readonly protocol: string
}

export const routes = async (node: string): Promise<Route[]> =>
  JSON.parse(await on(node, 'ip -j -4 route show')) as Route[]

/** `FAMILY NAME` of each table by `nft -j`, sorted. */
export async function nftTables(node: string): Promise<string[]> {
  const { nftables } = JSON.parse(await on(node, 'nft -j list tables')) as {
    nftables: { table?: { family: string; name: string } }[]
  }
  return nftables.flatMap(({ table }) => (table ? [`${table.family} ${table.name}`] : [])).toSorted()
}
