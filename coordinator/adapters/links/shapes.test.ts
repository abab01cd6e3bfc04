/** What Raft really says, in lives that go wrong, fits the shapes: a field too many would stop a log for ever. */
import { decodePeerMessage, decodeSnapshotWord, encodePeerMessage, encodeSnapshotWord } from '@lvsm/protocol'
import type { Input, Message } from '@lvsm/raft'
import { expect, test } from 'vitest'
import { live } from '../../../test/raft/life.ts'
import { PLOTS } from '../../../test/raft/plots.ts'

function carried(message: Message): unknown {
  if (message.kind !== 'install-snapshot') return decodePeerMessage(encodePeerMessage(message))
  return decodeSnapshotWord(encodeSnapshotWord({ ...message, bytes: 9 }))
}

test('every message of twenty lives comes back as it was', () => {
  const kinds = new Set<string>()
  const check = (input: Input): Input => {
    if (input.kind !== 'message') return input
    const { message } = input
    const seen = message.kind === 'install-snapshot' ? { ...message, bytes: 9 } : message
    kinds.add(message.kind)
    expect(carried(message)).toEqual({ ok: true, message: seen })
    return input
  }
  for (let seed = 1; seed <= 20; seed++) live(seed, { input: check }, PLOTS[seed % PLOTS.length])
  expect([...kinds].toSorted()).toEqual([
    'append-entries',
    'append-entries-response',
    'heartbeat',
    'heartbeat-response',
    'install-snapshot',
    'outdated',
    'pre-vote',
    'pre-vote-response',
    'refused',
    'request-vote',
    'request-vote-response',
    'timeout-now',
  ])
})
