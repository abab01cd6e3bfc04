import { placesOf, type Service } from '../places.ts'
import type { Topology } from '../topology.ts'
import type { PeerPlan, Step } from './index.ts'

export interface Timing {
  /** Seconds between VRRP advertisements (VRRPv3 takes hundredths). */
  readonly advert: number
}

interface Server {
  readonly node: string
  readonly address: string
  readonly forward: string
  readonly weight: number
}

interface Web {
  readonly scheduler: string
  readonly realservers: readonly Server[]
}

const directory = '/run/lab/keepalived'

/** keepalived.conf (VRRPv3, DR) of one director. The first director has the higher priority; nobody pre-empts. */
export function keepalivedConfiguration(topology: Topology, node: string, { advert }: Timing): string {
  const directors = topology.nodes.filter(({ roles }) => roles.includes('director'))
  const web = topology.services[0] as Web
  const servers = web.realservers
    .filter(({ forward }) => forward === 'dr')
    .map(
      ({ address, weight }) => `  real_server ${address} ${topology.port} {
    weight ${weight}
    TCP_CHECK {
      connect_timeout 1
      retry 1
      delay_before_retry 1
    }
  }`,
    )
  // An advertisement has room for 255 addresses; the others come and go with these.
  const [group] = topology.groups as readonly { readonly vips: readonly string[] }[]
  const more = group?.vips.slice(1) ?? []
  return `global_defs {
  router_id ${node}
  vrrp_version 3
  vrrp_garp_master_delay 1
}
vrrp_instance web {
  state BACKUP
  nopreempt
  interface ${topology.networks[0]?.name}
  virtual_router_id 51
  priority ${200 - 10 * directors.findIndex(({ name }) => name === node)}
  advert_int ${advert}
  virtual_ipaddress {
    ${topology.vip}/${topology.networks[0]?.prefix}
  }
${more.length === 0 ? '' : `  virtual_ipaddress_excluded {\n${more.map((cidr) => `    ${cidr}`).join('\n')}\n  }\n`}}
virtual_server ${topology.vip} ${topology.port} {
  delay_loop 1
  lb_algo ${web.scheduler}
  lb_kind DR
  protocol TCP
${servers.join('\n')}
}
`
}

/** A pair of keepalived on the directors, the VIP as alias on the realservers. */
export function keepalived(topology: Topology, timing: Timing = { advert: 0.1 }): PeerPlan {
  const directors = topology.nodes.filter(({ roles }) => roles.includes('director'))
  const web = topology.services[0] as Web
  const servers = web.realservers.filter(({ forward }) => forward === 'dr').map(({ node }) => node)
  const shell = (node: string, script: string): Step => ({ argv: ['ip', 'netns', 'exec', node, 'sh', '-c', script] })
  const file = (node: string, ending: string) => `${directory}/${node}.${ending}`
  const alias = `${topology.vip}/32 dev lo label lo:peer`
  return {
    enter: [
      { argv: ['mkdir', '-p', directory] },
      ...servers.map((node) =>
        shell(
          node,
          `sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2 && ip addr add ${alias}`,
        ),
      ),
      ...directors.map(({ name }) => ({
        argv: ['sh', '-c', `cat > ${file(name, 'conf')}`],
        input: keepalivedConfiguration(topology, name, timing),
      })),
    ],
    services: directors.map(
      ({ name }): Service => ({
        node: name,
        name: 'keepalived',
        argv: [
          'keepalived',
          '--dont-fork',
          '--log-console',
          '--use-file',
          file(name, 'conf'),
          '--pid',
          file(name, 'pid'),
          '--vrrp_pid',
          file(name, 'vrrp'),
          '--checkers_pid',
          file(name, 'checkers'),
        ],
        log: `${placesOf(name).log}/keepalived.log`,
      }),
    ),
    leave: [
      ...servers.map((node) => shell(node, `ip addr del ${alias}`)),
      ...directors.map(({ name }) =>
        shell(
          name,
          `ip addr del ${topology.vip}/${topology.networks[0]?.prefix} dev ${topology.networks[0]?.name}; ipvsadm -C`,
        ),
      ),
    ],
  }
}
