/** A server that is not there, as its own realserver tells it. */
import { SAMPLE } from '@lvsm/model'
import { encodeMessage, type StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'
import type { FoundSocket } from './listening.ts'

const REFUSED = 'connection refused: nothing listens there, or a packet filter rejects it'
const socket = (port: number): FoundSocket => ({
  ...{ protocol: 'tcp', address: '0.0.0.0', port, queue: 0, most: 128, onlyV6: false },
})
const OWNER: StateMessage = {
  ...{ kind: 'state', revision: 1, agreement: {}, state: 'owner', reason: '', standby: false, ready: { web: '' } },
  ...{ pings: {}, troubles: [], events: [] },
}
/** rs1, its sockets, and what dir1, which owns web, says of it. */
function told(listening: readonly FoundSocket[], healthy: boolean, reason: string, from = 'dir1', ms = 6000): TestNode {
  const one = node('rs1', undefined, SAMPLE)
  one.listening = [...listening]
  one.feed({ kind: 'lease-up' })
  for (let left = ms; left > 0; left -= 1000) {
    const dest = { key: '10.11.0.11:80', weight: 0, healthy, active: 0, inactive: 0, reason }
    one.feed({ kind: 'message', from, text: encodeMessage(OWNER) })
    one.feed({ kind: 'message', from, text: encodeMessage({ kind: 'tables', services: { http: [dest] } }) })
    goesOn(one, 1000, statusOf('rs1', 'dir1'))
  }
  return one
}
const troubles = (one: TestNode) => one.core.status(one.now()).troubles.filter(({ code }) => code === 'nobody-listens')

test('a server that listens nowhere is told by its own node while its checks are refused, with where somebody listens', () => {
  expect(troubles(told([socket(8080), socket(22)], false, REFUSED))).toMatchObject([
    {
      ...{ node: 'rs1', severity: 'warning', object: 'service http' },
      message: 'no program listens on rs1 at 10.11.0.11:80, and connections of service http are refused there',
      evidence: 'ss -ltn; by TCP the machine listens at port 22, 8080',
      hint: expect.stringMatching(/^on rs1: start its server/),
    },
  ])
  expect(troubles(told([], false, REFUSED))).toMatchObject([{ evidence: 'ss -ltn' }])
})
test('one that listens at another address alone is told with that address', () => {
  const local = { ...socket(80), address: '127.0.0.1' }
  expect(troubles(told([local, socket(22)], false, REFUSED))).toMatchObject([
    {
      message:
        'no program listens on rs1 at 10.11.0.11:80, but at 127.0.0.1:80 alone, and connections of service http are refused there',
      evidence: 'ss -ltn: 127.0.0.1:80',
      hint: expect.stringContaining('let that server listen at 10.11.0.11, or at any address'),
    },
  ])
})

test.each<[why: string, listening: FoundSocket[], healthy: boolean, reason: string, from?: string]>([
  ['somebody listens: a packet filter rejects', [socket(80)], false, REFUSED],
  ['its checks are well: it may be in another network namespace', [], true, 'connected'],
  ['its checks get no answer', [], false, 'no answer within 300 ms'],
  ['who says so does not own the group', [], false, REFUSED, 'dir2'],
])('nothing is told where %s', (_, listening, healthy, reason, from) =>
  expect(troubles(told(listening, healthy, reason, from))).toEqual([]),
)
