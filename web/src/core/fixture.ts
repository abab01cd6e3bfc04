/** For the tests of this room and of the page: a cluster as its agents tell it, with something of everything. */
import type { CoordinatorsReport, LiveState, RealserverReport, Status } from '@lvsm/protocol'

/** 27 November 2026, 20:00 UTC. */
const SINCE = 1_795_809_600_000
const server = (node: string, address: string, more: Partial<RealserverReport> = {}): RealserverReport => ({
  node,
  address,
  port: 80,
  forward: 'dr',
  weight: 1,
  healthy: true,
  active: 12,
  inactive: 340,
  reason: 'connected in 0.4 ms',
  ...more,
})
const node = (name: string, roles: string[], state: Status['nodes'][number]['state'], reason: string) =>
  ({ name, roles, voter: name !== 'rs2', state, reason, standby: false, agent: true }) as const

/** All is well. */
export const WELL: Status = {
  cluster: 'shop',
  node: 'dir1',
  revision: 12,
  quorum: true,
  groups: [
    {
      name: 'web',
      owner: 'dir1',
      number: 7,
      leftMs: 310,
      addresses: ['10.11.0.10', '10.12.0.254'],
      directors: ['dir1', 'dir2'],
      takers: [{ node: 'dir2', could: true, reason: '' }],
      pings: [],
      state: 'owned',
      reason: 'dir1 renews its lease',
    },
    {
      name: 'mail',
      owner: 'dir2',
      number: 3,
      leftMs: 290,
      addresses: ['10.11.0.20'],
      directors: ['dir2', 'dir1'],
      takers: [{ node: 'dir1', could: true, reason: '' }],
      pings: [],
      state: 'owned',
      reason: 'dir2 renews its lease',
    },
  ],
  services: [
    {
      name: 'http',
      group: 'web',
      address: '10.11.0.10',
      port: 80,
      protocol: 'tcp',
      scheduler: 'wlc',
      realservers: [
        server('rs1', '10.11.0.11'),
        server('rs2', '10.11.0.12', { weight: 3, active: 31 }),
        server('rs3', '10.12.0.13', { forward: 'nat', port: 8080 }),
      ],
    },
    {
      name: 'smtp',
      group: 'mail',
      address: '10.11.0.20',
      port: 25,
      protocol: 'tcp',
      scheduler: 'sh',
      schedulerFlags: ['sh-port'],
      realservers: [server('rs1', '10.11.0.11', { port: 25, active: 2, inactive: 9 })],
    },
  ],
  nodes: [
    node('dir1', ['director'], 'owner', 'owns web'),
    node('dir2', ['director'], 'owner', 'owns mail'),
    node('rs1', ['realserver'], 'serving', 'serves http, smtp'),
    node('rs2', ['realserver'], 'serving', 'serves http'),
    node('rs3', ['realserver'], 'serving', 'serves http'),
  ],
  troubles: [],
  wanted: [],
  counters: {},
}

const drain = {
  what: 'server rs3 of service http',
  intent: 'drain',
  author: 'alice',
  since: SINCE,
  until: null,
  comment: 'new disk',
  idle: false,
} as const

/** Much is not. */
export const ILL: Status = {
  ...WELL,
  groups: WELL.groups.map((group) =>
    group.name === 'mail'
      ? { ...group, owner: null, number: 0, leftMs: 0, state: 'nobody', reason: 'dir2 is silent, dir1 is not ready' }
      : { ...group, takers: [{ node: 'dir2', could: false, reason: 'silent for 4.1 s' }] },
  ),
  services: WELL.services.map((service) =>
    service.name === 'http'
      ? {
          ...service,
          realservers: [
            server('rs1', '10.11.0.11'),
            server('rs2', '10.11.0.12', {
              weight: 0,
              healthy: false,
              active: 0,
              reason: 'connection refused, 4 times',
            }),
            server('rs3', '10.12.0.13', { forward: 'nat', port: 8080, weight: 0, state: 'draining', wanted: drain }),
          ],
        }
      : service,
  ),
  nodes: WELL.nodes.map((one) => {
    if (one.name === 'dir2') return { ...one, state: 'dead', reason: 'silent for 4.1 s', agent: false }
    return one.name === 'rs2' ? { ...one, state: 'unknown', reason: 'its agent is silent', agent: false } : one
  }),
  troubles: [
    {
      node: 'dir1',
      code: 'not-ready',
      severity: 'critical',
      message: 'the interface of 10.11.0.20 is not there',
      hint: 'ip link, then look at the group mail',
    },
    { node: 'rs2', code: 'clock', severity: 'warning', message: 'its clock is 12 s ahead', hint: 'look at chrony' },
  ],
  wanted: [drain],
}

/** As coordinators know a cluster of which no agent tells anything. */
export const UNTOLD: Status = {
  ...WELL,
  quorum: false,
  groups: WELL.groups.map((group) => ({ ...group, owner: null, number: 0, leftMs: 0, state: 'unknown' })),
  services: WELL.services.map((service) => ({
    ...service,
    realservers: service.realservers.map((one) => ({ ...one, weight: 0, healthy: null, active: 0, inactive: 0 })),
  })),
  nodes: WELL.nodes.map((one) => ({ ...one, state: 'unknown', agent: true })),
}

export const COORDINATORS: CoordinatorsReport = {
  id: 1,
  role: 'leader',
  term: 7,
  leader: 1,
  commitIndex: 40,
  lastApplied: 40,
  lastLogIndex: 40,
  disk: 'ok',
  expelled: null,
  revision: 12,
  members: [
    { id: 1, name: 'dir1', role: 'voter', self: true, leader: true, matchIndex: 40, phase: null, silentMs: null },
    { id: 2, name: 'dir2', role: 'voter', self: false, leader: false, matchIndex: 31, phase: 'probe', silentMs: 9000 },
    { id: 3, name: 'rs1', role: 'voter', self: false, leader: false, matchIndex: 40, phase: 'replicate', silentMs: 20 },
  ],
}
export const seenOf = (status: Status): LiveState => ({
  kind: 'state',
  revision: 12,
  coordinators: COORDINATORS,
  wanted: null,
  status,
  nodes: ['dir1', 'dir2', 'rs1', 'rs2'].map((name) => ({ name, revision: name === 'dir2' ? 11 : 12, epoch: null })),
  written: { number: 12, at: SINCE, author: 'alice', comment: 'more weight for rs2', summary: '1 changed' },
})
