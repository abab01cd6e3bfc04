/** Parts of facts that several traps are made of. */
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import { address, destination, director, ipvs, plain, service } from './facts.ts'
import type { Machine } from './facts.ts'

export interface Trap {
  readonly check: string
  readonly what: string
  readonly trapped: Machine
  readonly clean: Machine
  readonly says: RegExp
  /** How `--fix` says what it would change; empty: nothing. */
  readonly fixes?: readonly string[]
  readonly severity?: string
}

export const sysctl = (path: string, value: string) => ({ sysctls: { [path]: value } })
export const eth0 = (key: string, value: string) => sysctl(`net/ipv4/conf/eth0/${key}`, value)
export const all = (key: string, value: string) => sysctl(`net/ipv4/conf/all/${key}`, value)
export const vs = (key: string, value: string) => sysctl(`net/ipv4/vs/${key}`, value)
export const way = (source: string) => [{ to: '10.12.0.11', interface: 'eth0', gateway: null, source, local: false }]
export const gateway = { given: { gateway: '10.12.0.254' } }
export const route = (via: string, metric = 0) => ({
  ...{ destination: '0.0.0.0', prefix: 0, gateway: via, interface: 'eth0', source: null, metric, mss: null },
})
export const line = (path: string, text: string, number = 3) => ({ path, number, text })
export const process = (name: string, words = `/usr/sbin/${name}`, unit = '') => ({ pid: 412, name, words, unit })
export const chain = (table: string, policy: string, name = 'FORWARD') => ({
  ...{ family: 'ip', table, chain: name, hook: 2, policy },
})
export const listener = (at: string, port = 80) => ({ protocol: 'tcp', address: at, port }) as const
export const local = ipvs(service('10.11.0.50:80', [destination('10.11.0.2:80', 'local'), destination('10.11.0.3:80')]))
export const backup = (syncId: number) => ({ state: 'backup', interface: 'eth0', syncId }) as const
export const master = { state: 'master', interface: 'eth0', syncId: 7 } as const
export const v6 = (more: Parameters<typeof address>[2]) =>
  director('dr', {
    addresses: [address('eth0', 'fd00::2/64'), address('eth0', 'fd00::50/128', more)],
    ipvs: ipvs(service('fd00::50:80', [destination('fd00::11:80')])),
  })

const policy = checkConfig(SAMPLE.replace('gateway: 10.12.0.254, weight', 'route: policy, weight')).config
const policied = policy ? nodeView(policy, 'rs3') : null
/** A realserver by NAT whose answers have a policy route, and go by this gateway. */
export const answering = (via: string) => {
  const asked = { from: '10.12.0.13', protocol: 6, port: 8080, to: '192.0.2.1' }
  return plain({ ...(policied ? { view: policied } : {}), answers: [{ ...asked, interface: 'eth0', gateway: via }] })
}
