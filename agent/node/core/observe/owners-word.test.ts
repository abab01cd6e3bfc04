/** A server here that answers nobody: how urgent that is, by what clients notice. */
import { SAMPLE } from '@lvsm/model'
import { encodeMessage, type StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf } from '../fixture.ts'
import type { FoundSocket } from './listening.ts'

const OWNER: StateMessage = {
  ...{ kind: 'state', revision: 1, agreement: {}, state: 'owner', reason: '', standby: false, ready: { web: '' } },
  ...{ pings: {}, troubles: [], events: [] },
}
const HTTP = '{ type: http, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }'
const TCP = HTTP.replace('http', 'tcp')
const STOPPED: FoundSocket = {
  ...{ protocol: 'tcp', address: '0.0.0.0', port: 80, queue: 3, most: 128, onlyV6: false },
  stopped: { programs: [{ pid: 412, name: 'nginx' }], sure: true },
}
const { stopped: _, ...UNKNOWN } = STOPPED
const FULL: FoundSocket = { ...UNKNOWN, queue: 129 }

/** Of rs1, with what its owner's table says of it. */
function told(check: string, socket: FoundSocket, dest?: { weight: number; healthy: boolean | null }): string[] {
  const one = node('rs1', undefined, SAMPLE.replace(/check: \{[^}]*\}/, `check: ${check}`))
  one.listening = [socket]
  one.feed({ kind: 'lease-up' })
  for (let second = 0; second < 6; second++) {
    one.feed({ kind: 'message', from: 'dir1', text: encodeMessage(OWNER) })
    const table = dest && [{ key: '10.11.0.11:80', active: 0, inactive: 0, reason: 'by its check', ...dest }]
    if (table)
      one.feed({ kind: 'message', from: 'dir1', text: encodeMessage({ kind: 'tables', services: { http: table } }) })
    goesOn(one, 1000, statusOf('rs1', 'dir1'))
  }
  const { troubles } = one.core.status(one.now())
  return troubles.filter(({ object }) => object === 'service http').map(({ code, severity }) => `${severity} ${code}`)
}

test.each<[why: string, ...of: Parameters<typeof told>, says: string]>([
  ['its check asks for an answer, and will have it out', HTTP, STOPPED, undefined, 'warning stopped-process'],
  ['its check asks whether somebody connects', TCP, STOPPED, undefined, 'critical stopped-process'],
  ['its check asks at another port', HTTP.replace('}', ', port: 81 }'), STOPPED, undefined, 'critical stopped-process'],
  ['nobody asks', '{ type: none }', STOPPED, undefined, 'critical stopped-process'],
  ['its owner has it out', TCP, STOPPED, { weight: 0, healthy: false }, 'warning stopped-process'],
  ['its owner keeps it', HTTP, STOPPED, { weight: 1, healthy: false }, 'critical stopped-process'],
  ['its check has not failed yet', HTTP, STOPPED, { weight: 1, healthy: true }, 'warning stopped-process'],
  ['a full queue is found out by who connects', TCP, FULL, undefined, 'warning accepts-nobody'],
  ['a full queue is not found out by who asks the host', '{ type: icmp }', FULL, undefined, 'critical accepts-nobody'],
])('where %s', (_why, check, socket, dest, says) => expect(told(check, socket, dest)).toEqual([says]))

test.each<[what: string, check: string, alive: string[] | undefined, says: string]>([
  ['serves, by a check that a stopped process passes', TCP, undefined, 'critical'],
  ['is kept although its check fails', HTTP, [], 'critical'],
  ['is out, by a check of the port alone', TCP, ['10.11.0.12'], 'warning'],
])('beside coordinators, too, an owner tells a realserver that it %s', (_what, check, alive, says) => {
  const text = SAMPLE.replace(/check: \{[^}]*\}/, `check: ${check}`)
  const born = (name: string) => node(name, alive && new Set(alive), text, true, undefined, { follows: true })
  const [dir1, rs1] = [born('dir1'), born('rs1')]
  rs1.listening = [STOPPED]
  for (const one of [dir1, rs1]) one.feed({ kind: 'lease-up' })
  for (let second = 0; second < 10; second++) {
    goesOn(dir1, 1000, statusOf('dir1', 'dir1', 7))
    for (const { text: said } of dir1.take('message')) rs1.feed({ kind: 'message', from: 'dir1', text: said })
    goesOn(rs1, 1000, statusOf('rs1', 'dir1', 7))
  }
  const { troubles } = rs1.core.status(rs1.now())
  expect(troubles.find(({ code }) => code === 'stopped-process')?.severity).toBe(says)
})
