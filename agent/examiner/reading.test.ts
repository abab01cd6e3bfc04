/** Texts of /proc and of other programs, as they are. */
import { expect, test } from 'vitest'
import { ofPairs } from './counters.ts'
import { ofProcessors, stateIn } from '@lvsm/kernel'
import { percentIn } from './held.ts'
import { linesOf } from './lines.ts'
import { listenersIn } from './listeners.ts'
import { nameIn, unitIn } from './processes.ts'

test('counters stand below their names, in pairs of lines', () => {
  const text = 'TcpExt: SyncookiesSent IPReversePathFilter X\nTcpExt: 1 23 4\nIpExt: IPReversePathFilter\nIpExt: 9\n'
  expect(ofPairs(text, ['TcpExtIPReversePathFilter'])).toEqual({ TcpExtIPReversePathFilter: 23 })
  expect(ofPairs('', ['TcpExtIPReversePathFilter'])).toEqual({})
})

test('figures of each processor are hexadecimal: entries are the same in all, others add up', () => {
  const text = 'entries  allocs   table_fulls\n0000001f  00000000 00000002\n0000001f  00000000 0000000a\n'
  expect(ofProcessors(text, 'entries', false)).toBe(31)
  expect(ofProcessors(text, 'table_fulls', true)).toBe(12)
  expect(ofProcessors(text, 'gone', true)).toBe(0)
})

test('who listens, of both families; connections and what is malformed are left out', () => {
  const tcp = [
    '  sl  local_address rem_address   st',
    '   0: 0B000B0A:0050 00000000:0000 0A 00000000:00000000',
    '   1: 0B000B0A:0050 0C000B0A:D431 01 00000000:00000000',
    '   2: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A',
    '   3: B80D0120000000000000000011000000:0016 00000000000000000000000000000000:0000 0A',
    '   4: XX:0016 0:0 0A',
  ].join('\n')
  expect(listenersIn(tcp, 'tcp')).toEqual([
    { protocol: 'tcp', address: '10.11.0.11', port: 80 },
    { protocol: 'tcp', address: '::', port: 22 },
    { protocol: 'tcp', address: '2001:db8::11', port: 22 },
  ])
  expect(listenersIn('head\n 0: 00000000:0035 00000000:0000 07\n', 'udp')).toEqual([
    { protocol: 'udp', address: '0.0.0.0', port: 53 },
  ])
})

test('of a file only the lines that are looked for leave it', () => {
  const text = 'vrrp_instance web {\n  authentication {\n    auth_pass secret\n  }\n  nopreempt\n}\n'
  expect(linesOf('/k', text, /^\s*(vrrp_instance|nopreempt)\b/)).toEqual([
    { path: '/k', number: 1, text: 'vrrp_instance web {' },
    { path: '/k', number: 5, text: '  nopreempt' },
  ])
})

test('a script is named by what it is, and a unit by the innermost service', () => {
  expect(nameIn('perl', ['/usr/bin/perl', '-w', '/usr/sbin/ldirectord', 'start'])).toBe('ldirectord')
  expect(nameIn('keepalived', ['keepalived', '-D'])).toBe('keepalived')
  expect(nameIn('bash', ['bash', 'keepalived.txt'])).toBe('bash')
  expect(unitIn('0::/system.slice/keepalived.service\n')).toBe('keepalived.service')
  expect(unitIn('0::/user.slice/user-0.slice/session-1.scope\n')).toBe('')
})

test('sockets of lvsm have the name of their program, however it was started', () => {
  const udp = 'head\n 0: 00000000:1B1C 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 4242 2 0 0\n'
  expect(listenersIn(udp, 'udp', new Map([['4242', 'lvsm-lease']]))).toEqual([
    { protocol: 'udp', address: '0.0.0.0', port: 6940, program: 'lvsm-lease' },
  ])
  expect(nameIn('node', ['/usr/bin/node', '--disable-sigusr1', '/usr/lib/lvsm/lvsm-lease.mjs'])).toBe('lvsm-lease')
})

test('the state of a process stands behind its name, whatever letters that has', () => {
  expect(stateIn('412 (nginx) T 1 412')).toBe('T')
  expect(stateIn('412 (a) R (b) S 1 412')).toBe('S')
  expect(stateIn('')).toBe('')
})
test('a limit of processor time is a share of its period', () => {
  expect(percentIn('20000 100000\n')).toBe(20)
  expect(percentIn('max 100000\n')).toBeNull()
  expect(percentIn('')).toBeNull()
})
