/** More than was seen to work, and ports of others. */
import { KEPT_REVISIONS, SEEN_TO_WORK } from '../config.ts'
import { checkRates, countServers, heartbeatRate } from '../rules/counts.ts'
import { entries } from '../rules/rule.ts'
import type { WarningRule } from './warning.ts'

export const sizes: WarningRule = (draft, warn) => {
  const untried = (path: readonly string[], count: number, what: string, most: number): void => {
    if (count > most)
      warn(
        'warning',
        'untried-size',
        path,
        `${Math.round(count)} ${what}: no more than ${most} were seen to work`,
        'try it before you rely on it, or make two clusters of it',
      )
  }
  untried(['nodes'], draft.nodes?.length ?? 0, 'nodes', SEEN_TO_WORK.nodes)
  untried(['services'], countServers(draft), 'realservers of services', SEEN_TO_WORK.realservers)
  const rate = Math.max(0, ...checkRates(draft).values())
  untried(['nodes'], heartbeatRate(draft), 'heartbeats a second heard by each node', SEEN_TO_WORK.heartbeatsPerSecond)
  untried(['services'], rate, 'checks a second by one director', SEEN_TO_WORK.checksPerSecond)
}

/** Fewer are forgotten within a day's work. */
const FEW_REVISIONS = 10
export const revisions: WarningRule = (draft, warn) => {
  const kept = draft['kept-revisions'] ?? KEPT_REVISIONS
  if (kept < FEW_REVISIONS)
    warn(
      'warning',
      'few-revisions',
      ['kept-revisions'],
      `${kept} revisions are kept: nothing that is older can be looked at, or brought back`,
      `keep more; ${KEPT_REVISIONS} unless it is said otherwise`,
    )
}

/** UDP ports below 1024 belong to services of the system (RFC 6335), and some above are as well known. */
const KNOWN_PORTS: Readonly<Record<number, string>> = {
  53: 'DNS',
  67: 'DHCP',
  68: 'DHCP',
  69: 'TFTP',
  123: 'NTP',
  161: 'SNMP',
  500: 'IKE',
  514: 'syslog',
  1194: 'OpenVPN',
  4500: 'IKE',
  4789: 'VXLAN',
  5353: 'mDNS',
  5404: 'corosync',
  5405: 'corosync',
  51820: 'WireGuard',
}

export const ports: WarningRule = (draft, warn) => {
  for (const { at, item: node } of entries(draft.nodes))
    for (const { at: index, item: link } of entries(node.links)) {
      const { port } = link
      if (port === undefined || (port >= 1024 && KNOWN_PORTS[port] === undefined)) continue
      const whose = KNOWN_PORTS[port]
      const message = `UDP port ${port} belongs to ${whose ?? 'a service of the system'}`
      warn(
        'warning',
        'known-port',
        ['nodes', at, 'links', index, 'port'],
        message,
        'use a port above 1023 that nobody else has, or none: 6940',
      )
    }
}
