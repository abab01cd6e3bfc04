/** What was put into the way of packets and of programs, each on both sides: a machine that has it, and the nearest one that has not. */
import { director, link, plain } from './facts.ts'
import { listener, type Trap } from './parts.ts'

const delay = (ms: number) => [
  { ...{ interface: 'eth0', parent: 'root', delayMs: ms, jitterMs: 0 }, loss: 0, corrupt: 0 },
]
const closed = (destination: string) => [{ destination, prefix: 32, type: 'blackhole' as const, table: 254 }]
const MAIN = {
  ...{ priority: 32_766, table: 254, closes: null, destination: null, prefix: 0, some: false },
  family: 'ipv4' as const,
}
const neighbour = (address: string) => [{ interface: 'eth0', address, mac: '02:00:00:00:00:99' }]
const drop = (more: object) => [
  { ...{ family: 'ip', table: 'filter', chain: 'OUTPUT', hook: 3, handle: 7, more: false, packets: 12 }, ...more },
]
const stopped = (name: string, ...ports: number[]) => [{ pid: 412, name, unit: '', ports }]
const disk = (more: object = {}) => [
  { ...{ path: '/var/lib/lvsm', freeBytes: 1 << 30, freeFiles: 100_000, readOnly: false }, ...more },
]

export const OBSTACLE_TRAPS: readonly Trap[] = [
  {
    ...{ check: 'netem', what: 'a delay', severity: 'warning', says: /eth0 holds back for 700 ms what leaves by it/ },
    trapped: director('dr', { netem: delay(700) }),
    clean: director('dr', { netem: delay(0) }),
  },
  {
    ...{
      check: 'no-way',
      what: 'a blackhole',
      severity: 'critical',
      says: /10\.12\.0\.11: route blackhole 10\.12\.0\.11 in table main/,
    },
    trapped: director('dr', {
      wayless: [{ to: '10.12.0.11', why: 'Invalid argument' }],
      closed: [...closed('10.12.0.11'), ...closed('10.12.0.99')],
    }),
    clean: director('dr', { wayless: [], closed: closed('10.12.0.99') }),
  },
  {
    ...{
      check: 'no-way',
      what: 'a rule',
      severity: 'critical',
      says: /no way to 10\.12\.0\.11: rule 90 prohibits it$/,
    },
    trapped: director('dr', {
      wayless: [{ to: '10.12.0.11', why: 'Permission denied', code: 'EACCES' }],
      wayRules: [{ ...MAIN, priority: 90, table: 0, closes: 'prohibit', destination: '10.12.0.11', prefix: 32 }, MAIN],
      closed: closed('10.12.0.11'),
    }),
    clean: director('dr', { wayless: [], wayRules: [MAIN] }),
  },
  {
    ...{ check: 'no-way', what: 'no route at all', severity: 'critical', says: /has no way to 10\.12\.0\.11$/ },
    trapped: director('dr', { wayless: [{ to: '10.12.0.11', why: 'Network is unreachable' }] }),
    clean: director(),
  },
  {
    ...{ check: 'fixed-neighbour', what: 'of a realserver', says: /10\.12\.0\.11 goes to 02:00:00:00:00:99 on eth0/ },
    trapped: director('dr', { fixedNeighbours: neighbour('10.12.0.11') }),
    clean: director('dr', { fixedNeighbours: neighbour('10.12.0.99') }),
  },
  {
    ...{ check: 'drop-rule', what: 'of a port of realservers', severity: 'critical', says: /tcp port 80: 12 packets/ },
    trapped: director('dr', { dropRules: drop({ protocol: 6, port: 80 }) }),
    clean: director('dr', { dropRules: drop({ protocol: 6, port: 8081 }) }),
  },
  {
    ...{ check: 'drop-rule', what: 'behind none that accepts the same', severity: 'critical', says: /tcp port 80/ },
    trapped: director('dr', { dropRules: drop({ protocol: 6, port: 80 }) }),
    clean: director('dr', { dropRules: drop({ protocol: 6, port: 80, behind: true }) }),
  },
  {
    ...{
      check: 'drop-rule',
      what: 'of a realserver',
      severity: 'warning',
      says: /what is to 10\.12\.0\.11: 0 packets/,
    },
    trapped: director('dr', { dropRules: drop({ destination: '10.12.0.11', packets: 0 }) }),
    clean: director('dr', { dropRules: drop({ destination: '192.0.2.9', packets: 0 }) }),
  },
  {
    ...{ check: 'drop-rule', what: 'of heartbeats', severity: 'critical', says: /udp port 6940/ },
    trapped: director('dr', {
      dropRules: drop({ protocol: 17, port: 6940 }),
      listeners: [{ ...listener('10.11.0.2', 6940), protocol: 'udp', program: 'lvsm-lease' }],
    }),
    clean: director('dr', { dropRules: drop({ protocol: 17, port: 6940 }) }),
  },
  {
    ...{ check: 'drop-rule', what: 'of a VIP whose ports nobody knows', says: /to 10\.12\.0\.50 tcp port 80/ },
    trapped: plain({
      given: { as: ['director'], vips: ['10.12.0.50'] },
      dropRules: drop({ destination: '10.12.0.50', protocol: 6, port: 80 }),
    }),
    clean: plain({
      given: { as: ['director'], vips: ['10.12.0.51'] },
      dropRules: drop({ destination: '10.12.0.50', protocol: 6, port: 80 }),
    }),
  },
  {
    ...{
      check: 'drop-rule',
      what: 'in a chain that is jumped to',
      severity: 'critical',
      says: /what is to 10\.12\.0\.11: 12 packets/,
    },
    trapped: director('dr', { dropRules: drop({ destination: '10.12.0.11', from: 'input', set: 'blocked' }) }),
    clean: director('dr', { dropRules: drop({ destination: '192.0.2.9', from: 'input', set: 'blocked' }) }),
  },
  {
    ...{
      check: 'drop-rule',
      what: 'of a stranger who is kept out',
      severity: 'critical',
      says: /from 10\.12\.0\.11 tcp/,
    },
    trapped: director('dr', { dropRules: drop({ source: '10.12.0.11', protocol: 6, port: 80 }) }),
    clean: director('dr', { dropRules: drop({ source: '203.0.113.9', protocol: 6, port: 80 }) }),
  },
  {
    ...{ check: 'drop-rule', what: 'of a node that is near', severity: 'critical', says: /from 10\.11\.0\.3 tcp/ },
    trapped: director('dr', { dropRules: drop({ source: '10.11.0.3', protocol: 6, port: 80 }) }),
    clean: director('dr', { dropRules: drop({ source: '10.99.0.3', protocol: 6, port: 80 }) }),
  },
  {
    ...{ check: 'drop-rule', what: 'the last one of a chain', severity: 'info', says: /drops all that comes to it/ },
    trapped: director('dr', { dropRules: drop({}) }),
    clean: director('dr', { dropRules: drop({ more: true }) }),
  },
  {
    ...{ check: 'no-carrier', what: 'under the VIP', severity: 'critical', says: /eth0 is up and has no carrier/ },
    trapped: director('dr', { links: [link('lo'), link('eth0', { carrier: false })] }),
    clean: director('dr', { links: [link('lo'), link('eth0', { carrier: true }), link('eth9', { carrier: false })] }),
  },
  {
    ...{ check: 'stopped-process', what: 'a server', severity: 'critical', says: /nginx .* port 80, is stopped/ },
    trapped: director('local', { stopped: stopped('nginx', 80) }),
    clean: director('local', { stopped: [] }),
  },
  {
    ...{ check: 'stopped-process', what: 'lvsm', severity: 'critical', says: /lvsm-lease \(process 412\) is stopped/ },
    trapped: plain({
      stopped: stopped('node'),
      processes: [{ pid: 412, name: 'lvsm-lease', words: 'node lvsm-lease.mjs', unit: '' }],
    }),
    clean: plain(),
  },
  {
    ...{ check: 'stopped-process', what: 'an editor', severity: 'info', says: /vim/ },
    trapped: plain({ stopped: stopped('vim') }),
    clean: plain(),
  },
  {
    ...{ check: 'held-unit', what: 'frozen', severity: 'critical', says: /lvsm-agent.service is frozen/ },
    trapped: plain({ held: [{ unit: 'lvsm-agent.service', frozen: true, cpuPercent: null }] }),
    clean: plain({ held: [{ unit: 'lvsm-agent.service', frozen: false, cpuPercent: null }] }),
  },
  {
    ...{ check: 'held-unit', what: 'a quota', severity: 'warning', says: /may use 5 % of one processor/ },
    trapped: plain({ held: [{ unit: 'lvsm-agent.service', frozen: false, cpuPercent: 5 }] }),
    clean: plain({ held: [{ unit: 'lvsm-agent.service', frozen: false, cpuPercent: 50 }] }),
  },
  {
    ...{ check: 'state-room', what: 'full', severity: 'critical', says: /has room for 0 kB/ },
    trapped: plain({ disks: disk({ freeBytes: 0 }) }),
    clean: plain({ disks: disk() }),
  },
  {
    ...{ check: 'state-room', what: 'read-only', severity: 'critical', says: /is mounted read-only/ },
    trapped: plain({ disks: disk({ readOnly: true }) }),
    clean: plain({ disks: disk({ freeFiles: null }) }),
  },
]
