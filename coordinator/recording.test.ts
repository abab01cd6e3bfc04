/** What a coordinator recorded of the cluster: of then, as it knew it then. */
import { expect, onTestFinished, test } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { weightOf } from '../test/suites/configuration.ts'
import { clusterOf } from './cluster.ts'
import { ClusterRecorder } from './recording.ts'
import { Reported } from './reported/reported.ts'

function recording(everyMs?: number) {
  const configuration = new MemoryConfiguration()
  const time = { now: 1000, wallAheadMs: Date.parse('2026-11-28T03:00:00.000Z') }
  const cluster = clusterOf({
    ...{ node: 'dir1', reported: new Reported(), known: configuration.known, troubles: () => [], counters: () => ({}) },
    clock: () => time.now,
  })
  const world = {
    ...{ node: 'dir1', status: cluster.clusterStatus, clock: () => time.now },
    wallClock: () => time.wallAheadMs + time.now,
  }
  const recorder = new ClusterRecorder(world, everyMs)
  onTestFinished(() => recorder.close())
  return { configuration, time, recorder }
}

test('of a moment it says which revision there was, and nothing of before its start', async () => {
  const { configuration, time, recorder } = recording()
  for (; time.now < 60_000; time.now += 1000) {
    if (time.now === 30_000) await configuration.write(weightOf(7))
    recorder.record()
  }
  const of = (when: number) => recorder.answer(time.now - when)
  expect([of(29_000).found?.status.revision, of(31_000).found?.status.revision]).toEqual([1, 2])
  expect(of(29_000).at).toBe('2026-11-28T03:00:29.000Z')
  expect(of(500)).toMatchObject({ found: null, spans: [{ from: '2026-11-28T03:00:01.000Z', where: 'memory' }] })
})

test('it records by itself', async () => {
  const { recorder } = recording(10)
  expect(recorder.answer(0)).toMatchObject({ node: 'dir1', found: null, spans: [] })
  await expect.poll(() => recorder.answer(0).found?.status.revision).toBe(1)
})
