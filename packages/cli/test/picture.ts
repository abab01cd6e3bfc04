/** The status whose picture is in the README. */
import type { GroupReport, NodeReport, NodeTrouble, RealserverReport, ServiceReport, Status } from '@lvsm/protocol'

const node = (name: string, roles: readonly string[], more: Partial<NodeReport>): NodeReport => ({
  ...{
    name,
    roles,
    voter: name !== 'rs2',
    state: 'serving',
    reason: 'serves http',
    standby: false,
    agent: true,
    ...more,
  },
})
const server = (name: string, address: string, more: Partial<RealserverReport> = {}): RealserverReport => ({
  ...{
    node: name,
    address,
    port: 80,
    forward: 'dr',
    weight: 1,
    configured: 1,
    healthy: true,
    active: 12,
    inactive: 40,
  },
  ...{ reason: '200 OK in 3 ms', ...more },
})
const WEB: GroupReport = {
  ...{ name: 'web', owner: 'dir1', number: 7, leftMs: 280, addresses: ['10.11.0.10'], directors: ['dir1', 'dir2'] },
  ...{ pings: [], takers: [{ node: 'dir2', could: false, reason: 'this kernel has no IPVS' }], state: 'owned' },
  reason: 'dir1 holds web (lease 7)',
}
const HTTP: ServiceReport = {
  ...{ name: 'http', group: 'web', address: '10.11.0.10', port: 80, protocol: 'tcp', scheduler: 'wlc', told: true },
  realservers: [
    server('rs1', '10.11.0.11'),
    server('rs2', '10.11.0.12', {
      weight: 0,
      healthy: false,
      active: 0,
      inactive: 2,
      reason: 'connection refused, 2 times',
    }),
  ],
}
const TROUBLE: NodeTrouble = {
  ...{ node: 'dir2', code: 'no-ipvs', severity: 'critical', message: 'this kernel has no IPVS' },
  ...{ since: '2026-11-28T02:47:09Z', hint: 'load it with: modprobe ip_vs (Debian: package linux-image-amd64)' },
}
export const PICTURED: Status = {
  ...{ cluster: 'shop', node: 'dir1', revision: 4, quorum: true, groups: [WEB], services: [HTTP], counters: {} },
  nodes: [
    node('dir1', ['director'], { state: 'owner', reason: 'owns web' }),
    node('dir2', ['director'], { state: 'troubled', reason: 'this kernel has no IPVS' }),
    node('rs1', ['realserver'], {}),
    node('rs2', ['realserver'], {}),
  ],
  troubles: [TROUBLE],
}
