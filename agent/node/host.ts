/** What the machine on which `--check --node NAME` is asked has to say about the node's part of the configuration. */
import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import type { Warning } from '@lvsm/base'
import { type Cidr, type Config, inNetwork, parseCidr, type Place, suggest } from '@lvsm/model'

export interface Host {
  readonly interfaces: readonly string[]
  /** Its own, each with the prefix length of its network. */
  readonly addresses: readonly Cidr[]
}
type Path = readonly (string | number)[]

/** This machine, in the network namespace of the process. */
export function lookAround(): Host {
  const known = networkInterfaces()
  const addresses = Object.values(known).flatMap((entries = []) =>
    entries.flatMap(({ cidr }) => parseCidr(cidr ?? '') ?? []),
  )
  return { interfaces: [...new Set([...Object.keys(known), ...namesOfAll()])], addresses }
}

/** Those that are down or have no address too, where /sys tells of them. */
function namesOfAll(): readonly string[] {
  try {
    return readdirSync('/sys/class/net')
  } catch {
    return []
  }
}

/** Nothing where the machine has none of the node's addresses: then somebody asks elsewhere. `place`: in the file. */
export function hostWarnings(config: Config, node: string, host: Host, place: (path: Path) => Place): Warning[] {
  const at = config.nodes.findIndex(({ name }) => name === node)
  const links = config.nodes[at]?.links ?? []
  const has = (address: string): boolean => host.addresses.some((one) => one.address === address)
  if (!links.some(({ address }) => has(address))) return []
  const absent = links.flatMap(({ name, address }, index): Warning[] => {
    if (has(address)) return []
    const field = `nodes[${at}].links[${index}].address`
    const message = `this host has no address ${address}, which is that of its link "${name}"`
    const hint = `its addresses: ${host.addresses.map((one) => one.address).join(', ')}`
    return [
      {
        severity: 'warning',
        code: 'no-such-address',
        field,
        ...place(['nodes', at, 'links', index, 'address']),
        message,
        hint,
      },
    ]
  })
  return [...absent, ...floatingWarnings(config, node, host, place)]
}

function floatingWarnings(config: Config, node: string, host: Host, place: (path: Path) => Place): Warning[] {
  const lies = (address: string): boolean => host.addresses.some((one) => inNetwork(address, one))
  return config.groups.flatMap(({ name: group, directors, addresses }, at) => {
    if (!directors.includes(node)) return []
    const counts = { vip: 0, gateway: 0 }
    return addresses.flatMap(({ kind, address, interface: named }): Warning[] => {
      const section = kind === 'vip' ? 'vips' : 'gateways'
      const path = ['groups', at, section, counts[kind]++]
      const found = named === null ? lies(address) : host.interfaces.includes(named)
      if (found) return []
      const why =
        named === null
          ? `no interface of this host is in the network of ${address}`
          : `this host has no interface ${named}`
      const hint =
        named === null
          ? 'correct the address, or name the interface: { address: …, interface: … }'
          : suggest(named, host.interfaces, 'interfaces')
      const message = `${why}, which ${kind === 'vip' ? 'a VIP' : 'a gateway'} of group "${group}" needs`
      return [
        {
          severity: 'warning',
          code: 'no-such-interface',
          field: `groups[${at}].${section}[${path[3]}]`,
          ...place(path),
          message,
          hint,
        },
      ]
    })
  })
}
