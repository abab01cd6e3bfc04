/** Kernel settings, modules and release, of /proc and /sys. */
import { readdirSync, readFileSync } from 'node:fs'
import type { MachineFacts } from '@lvsm/protocol'

export function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
export function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

export const kernelRelease = (): string => textOf('/proc/sys/kernel/osrelease')?.trim() ?? ''

const OF_INTERFACE_V4 = [
  ...['arp_ignore', 'arp_announce', 'arp_filter', 'rp_filter', 'send_redirects', 'accept_redirects'],
  ...['accept_local', 'drop_gratuitous_arp', 'forwarding'],
]
const OF_INTERFACE_V6 = ['forwarding', 'drop_unsolicited_na', 'disable_ipv6']
const SINGLE = [
  ...['net/ipv4/ip_forward', 'net/ipv4/ip_nonlocal_bind', 'net/ipv6/ip_nonlocal_bind'],
  ...['net/netfilter/nf_conntrack_count', 'net/netfilter/nf_conntrack_max'],
  'net/netfilter/nf_conntrack_tcp_timeout_established',
  ...['ipv4', 'ipv6'].flatMap((family) => [1, 2, 3].map((nth) => `net/${family}/neigh/default/gc_thresh${nth}`)),
]

export function readSysctls(interfaces: readonly string[]): MachineFacts['sysctls'] {
  const names = ['all', 'default', ...interfaces.filter((name) => !name.includes('/'))]
  const paths = [
    ...SINGLE,
    ...namesIn('/proc/sys/net/ipv4/vs').map((key) => `net/ipv4/vs/${key}`),
    ...names.flatMap((name) => [
      ...OF_INTERFACE_V4.map((key) => `net/ipv4/conf/${name}/${key}`),
      ...OF_INTERFACE_V6.map((key) => `net/ipv6/conf/${name}/${key}`),
    ]),
  ]
  return Object.fromEntries(
    paths.flatMap((path) => {
      const text = textOf(`/proc/sys/${path}`)
      return text === null ? [] : [[path, text.trim()]]
    }),
  )
}

/** Those that matter here. */
const MODULES = /^(ip_vs|ipip|ip_gre|fou|dummy|nf_conntrack)/
export const readModules = (): string[] =>
  namesIn('/sys/module')
    .filter((name) => MODULES.test(name))
    .toSorted()
