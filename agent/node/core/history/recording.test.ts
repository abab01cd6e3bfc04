/** The flight recorder of a node: what it knew then is what it says of then, and each move is written. */
import { LISTENS_MS } from '@lvsm/base'
import { decodeRecorded, type LeaseEvent, recordedAt, type Source, type Status } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const born = (): TestNode => {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', null, 0) })
  goesOn(one, LISTENS_MS)
  return one
}
const happens = (one: TestNode, kind: LeaseEvent['kind'], number: number): void =>
  one.feed({ kind: 'lease-event', event: { at: one.now(), group: 'web', kind, number, reason: `${kind} ${number}` } })
const takes = (one: TestNode, number: number): void => {
  happens(one, 'took', number)
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1', number) })
}
/** It owns the group by that lease; 0: nobody does. */
const lives = (one: TestNode, ms: number, number: number): void =>
  goesOn(one, ms, statusOf('dir1', number > 0 ? 'dir1' : null, number))
const recorded = (one: TestNode, agoMs: number, files: readonly Source[] = []) =>
  one.core.recorded(one.now(), agoMs, files)
const numberThen = (one: TestNode, agoMs: number): number | undefined =>
  recorded(one, agoMs).found?.status.groups[0]?.number

describe('of the past', () => {
  test('it says what it said then, without what counts on, to the second', () => {
    const one = born()
    const said: { readonly at: number; readonly status: Status }[] = []
    for (let second = 0; second < 60; second++) {
      if (second === 10) takes(one, 7)
      if (second === 30) one.alive.delete('10.11.0.11')
      lives(one, 1000, second >= 10 ? 7 : 0)
      said.push({ at: one.now(), status: one.core.status(one.now()) })
    }
    for (const { at, status } of said) {
      const then = recorded(one, one.now() - at).found?.status
      expect([then?.groups[0]?.owner, then?.services[0]?.realservers.map(({ healthy }) => healthy)]).toEqual([
        status.groups[0]?.owner,
        status.services[0]?.realservers.map(({ healthy }) => healthy),
      ])
    }
    expect(new Set(said.map(({ status }) => status.groups[0]?.owner))).toEqual(new Set([null, 'dir1']))
    expect(recorded(one, 3_600_000)).toMatchObject({ found: null, spans: [{ where: 'memory' }] })
  })
  test('it has whom it heard, what it did about a group, and what came in', () => {
    const one = born()
    takes(one, 7)
    lives(one, 2000, 7)
    one.feed({ kind: 'lease-down', reason: 'it closed the connection' })
    one.run(3000)
    const { own, happened } = recorded(one, 4000).found ?? {}
    expect(own?.parts).toEqual([
      { group: 'web', role: 'owner', reason: expect.any(String), unready: expect.any(String) },
    ])
    expect(happened?.map(({ text }) => text)).toContain('took web (lease 7): took 7')
    const after = recorded(one, 0).found
    expect(after?.own.lease).toBe('it closed the connection')
    expect(after?.happened.map(({ text }) => text)).toContain('lost the lease process: it closed the connection')
  })
})

describe('at a move', () => {
  test('all that is in memory is written a second later, and what comes of the move with it', () => {
    const one = born()
    one.take('recording')
    takes(one, 7)
    lives(one, 900, 7)
    expect(one.take('recording')).toEqual([])
    lives(one, 200, 7)
    const [written, ...more] = one.take('recording')
    expect(more).toEqual([])
    const file = decodeRecorded(written?.text ?? '')
    expect(file?.node).toBe('dir1')
    const last = file && recordedAt(file.recording, file.recording.seenAt)
    expect(last?.items.get('group web')).toContain('"owner":"dir1"')
    expect(last?.happened.map(({ text }) => text)).toContain('took web (lease 7): took 7')
  })
  test('many moves are few files, and nothing that moves is none', () => {
    const one = born()
    one.take('recording')
    for (let number = 1; number <= 20; number++) {
      happens(one, number % 2 === 1 ? 'took' : 'lost', number)
      goesOn(one, 500)
    }
    expect(one.take('recording').length).toBeLessThanOrEqual(3)
    goesOn(one, 6000)
    one.take('recording')
    one.feed({ kind: 'lease-event', event: { at: one.now(), group: '', kind: 'note', number: 0, reason: 'a note' } })
    goesOn(one, 20_000)
    expect(one.take('recording')).toEqual([])
  })
  test('a file of an earlier life tells of what this one does not know', () => {
    const before = born()
    takes(before, 7)
    lives(before, 2000, 7)
    const file = decodeRecorded(before.core.recording(before.now()) ?? '')
    if (!file) throw new Error('no file')
    const one = born()
    const aheadMs = file.writtenMs - file.writtenAt - 3_600_000
    const then = one.now() - (file.recording.seenAt - 3_600_000)
    expect(numberThen(one, then)).toBeUndefined()
    const source: Source = { recording: file.recording, aheadMs, where: 'file' }
    expect(recorded(one, then, [source]).found?.status.groups[0]?.number).toBe(7)
  })
})
