/** For tests of what is made of a status: a cluster that is whole, in which one thing changes at a time. */
import type { Status } from './status.ts'
import { judge, othersOf } from './verdict.ts'

export const server = (node: string, more: object = {}) => ({
  node,
  address: '10.11.0.20',
  port: 80,
  forward: 'dr',
  weight: 1,
  healthy: true,
  active: 0,
  inactive: 0,
  reason: 'connected',
  ...more,
})
export const service = (more: object = {}): Status['services'][number] => ({
  ...{ name: 'http', group: 'web', address: '10.11.0.10', port: 80, protocol: 'tcp', scheduler: 'wlc', told: true },
  realservers: [server('rs1'), server('rs2')],
  ...more,
})
export const group = (more: object = {}): Status['groups'][number] => ({
  ...{ name: 'web', owner: 'dir1', number: 7, leftMs: 900, addresses: ['10.11.0.10'], directors: ['dir1', 'dir2'] },
  ...{ pings: [], takers: [{ node: 'dir2', could: true, reason: '' }], state: 'owned', reason: 'renewed' },
  ...more,
})
export const node = (name: string, more: object = {}): Status['nodes'][number] => ({
  ...{ name, roles: ['director'], voter: true, state: 'standby', reason: 'well', standby: false, agent: true },
  ...more,
})
export const trouble = (severity: 'critical' | 'warning' | 'info', of = 'dir1', message = 'a thing', code = 'x') => ({
  ...{ node: of, code, severity, message },
})
export const NODES = [
  node('dir1', { state: 'owner' }),
  node('dir2'),
  node('rs1', { roles: ['realserver'], state: 'serving' }),
  node('rs2', { roles: ['realserver'], state: 'serving', voter: false }),
]
export const nodes = (name: string, more: object): Status['nodes'] =>
  NODES.map((one) => (one.name === name ? { ...one, ...more } : one))
export const status = (more: object = {}): Status => ({
  ...{ cluster: 'lab', node: 'dir1', revision: 1, quorum: true, groups: [group()], services: [service()] },
  ...{ nodes: NODES, troubles: [], counters: {} },
  ...more,
})

/** As `lvsm status` says it, with what is empty left out. */
export function head(of: Status): string {
  const verdict = judge(of)
  const { health, unserved, unserving, impaired, unmovable, thin, unknown, warnings } = verdict
  const parts = { unserved, unserving, impaired, unmovable, thin, other: othersOf(verdict), unknown }
  const lines = Object.entries(parts).flatMap(([name, all]) => (all.length > 0 ? [`${name}: ${all.join('; ')}`] : []))
  return [warnings > 0 ? `${health}, ${warnings}` : health, ...lines].join(' | ')
}
