/** What is recorded of the last minutes: bounded, and of each moment what was then, or nothing. */
import { describe, expect, it } from 'vitest'
import type { Status } from '../http/status.ts'
import { answerOf } from './answer.ts'
import { itemsOf, MOST_RECORDED, statusOf } from './items.ts'
import { decodeRecorded, encodeRecorded } from './recorded-file.ts'
import { clockWasSet, LONGEST_PAUSE_MS, Recorder, recordedAt, type Recording, spansOf } from './recorder.ts'
import { NO_RECORD, type OwnRecord } from './report.ts'

const WALL_MS = Date.parse('2026-11-28T03:00:00.000Z')
const items = (pieces: Readonly<Record<string, unknown>>): Map<string, string> =>
  new Map(Object.entries(pieces).map(([name, value]) => [name, JSON.stringify(value)]))
/** What was at that moment, as an object; null: it is not recorded. */
const at = (recorder: Recorder, when: number) => {
  const { recording } = recorder
  const found = recording && recordedAt(recording, when)
  return found && Object.fromEntries([...found.items].map(([name, text]) => [name, JSON.parse(text) as unknown]))
}
const recordingOf = (recorder: Recorder): Recording => {
  const { recording } = recorder
  if (!recording) throw new Error('nothing is recorded')
  return recording
}

const STATUS: Status = {
  ...{ cluster: 'lab', node: 'dir1', revision: 7, epoch: 3, quorum: true },
  groups: [
    {
      ...{
        name: 'web',
        owner: 'dir1',
        number: 42,
        leftMs: 312,
        addresses: ['10.11.0.10'],
        directors: ['dir1', 'dir2'],
      },
      ...{ pings: [], state: 'owned', reason: 'by 3 of 3 voters', established: [{ node: 'dir1', count: 9 }] },
    },
  ],
  services: [
    {
      ...{ name: 'http', group: 'web', address: '10.11.0.10', port: 80, protocol: 'tcp', scheduler: 'rr', told: true },
      realservers: [
        {
          ...{ node: 'rs1', address: '10.11.0.11', port: 80, forward: 'dr', weight: 1, healthy: true },
          ...{ active: 3, inactive: 14, reason: 'answers' },
        },
      ],
    },
  ],
  nodes: [
    {
      ...{ name: 'dir2', roles: ['director'], voter: true, state: 'standby', reason: 'ready for web', standby: false },
      ...{ agent: true, ageMs: 712 },
    },
  ],
  troubles: [{ node: 'dir1', code: 'state-lost', severity: 'warning', message: 'silent', leftMs: 20_000 }],
  wanted: [],
  counters: { 'drop-mac': 3 },
}
const OWN: OwnRecord = {
  lease: null,
  peers: [{ name: 'dir2', life: 'late', why: '' }],
  parts: [{ group: 'web', role: 'owner', reason: 'by 3 of 3 voters', unready: null }],
}

describe('a recorder', () => {
  it('knows of each moment what was then, and nothing of those before and after', () => {
    const recorder = new Recorder()
    recorder.record(items({ a: 1, b: 1 }), 1000, WALL_MS)
    recorder.record(items({ a: 1, b: 2 }), 2000, WALL_MS)
    recorder.record(items({ a: 1, b: 2 }), 3000, WALL_MS)
    recorder.record(items({ b: 2, c: 3 }), 4000, WALL_MS)
    expect(at(recorder, 999)).toBeNull()
    expect(at(recorder, 1000)).toEqual({ a: 1, b: 1 })
    expect(at(recorder, 1999)).toEqual({ a: 1, b: 1 })
    expect(at(recorder, 2000)).toEqual({ a: 1, b: 2 })
    expect(at(recorder, 3999)).toEqual({ a: 1, b: 2 })
    expect(at(recorder, 4500)).toEqual({ b: 2, c: 3 })
    expect(recordingOf(recorder).frames).toHaveLength(2)
    expect(spansOf(recordingOf(recorder))).toEqual([{ from: 1000, to: 4000 }])
  })
  it('keeps what came in with what is recorded next, also where nothing else changed', () => {
    const recorder = new Recorder()
    recorder.record(items({ a: 1 }), 1000, WALL_MS)
    recorder.happened('revision 8')
    recorder.record(items({ a: 1 }), 2000, WALL_MS)
    const happened = (when: number) => recordedAt(recordingOf(recorder), when)?.happened
    expect([happened(1999), happened(2000)]).toEqual([[], [{ at: 2000, text: 'revision 8' }]])
  })
  it('forgets what is too old', () => {
    const recorder = new Recorder(10_000)
    for (let second = 0; second <= 60; second++) recorder.record(items({ a: second }), second * 1000, WALL_MS)
    expect(spansOf(recordingOf(recorder))).toEqual([{ from: 50_000, to: 60_000 }])
    expect([at(recorder, 49_999), at(recorder, 50_000), at(recorder, 60_000)]).toEqual([null, { a: 50 }, { a: 60 }])
    const idle = new Recorder(10_000)
    for (let second = 0; second <= 60; second++) idle.record(items({ a: 0 }), second * 1000, WALL_MS)
    expect(spansOf(recordingOf(idle))).toEqual([{ from: 50_000, to: 60_000 }])
  })
  it('forgets what is too much, and never holds more', () => {
    const most = 10_000
    const recorder = new Recorder(3_600_000, most)
    for (let second = 0; second < 1000; second++) {
      recorder.happened(`second ${second}`)
      recorder.record(items({ fixed: 'x'.repeat(1000), turns: `${second}`.repeat(50) }), second * 1000, WALL_MS)
      const text = encodeRecorded({ node: 'dir1', writtenMs: WALL_MS, writtenAt: 0, recording: recordingOf(recorder) })
      expect(text.length).toBeLessThan(2 * most)
    }
    const [span] = spansOf(recordingOf(recorder))
    expect(span?.to).toBe(999_000)
    expect(span?.from).toBeGreaterThan(900_000)
    expect(at(recorder, 999_000)).toMatchObject({ turns: '999'.repeat(50) })
  })
  it('has nothing where one moment is too much, and goes on when it is less', () => {
    const recorder = new Recorder(3_600_000, 1000)
    recorder.record(items({ a: 'x'.repeat(2000) }), 1000, WALL_MS)
    expect(recorder.recording).toBeNull()
    recorder.record(items({ a: 'x' }), 2000, WALL_MS)
    expect([at(recorder, 1500), at(recorder, 2000)]).toEqual([null, { a: 'x' }])
  })
  it('says nothing of the time in which it stood still, however long that was', () => {
    const recorder = new Recorder()
    recorder.record(items({ a: 1 }), 1000, WALL_MS)
    recorder.record(items({ a: 1 }), 2000, WALL_MS)
    const back = 2000 + LONGEST_PAUSE_MS + 1
    recorder.record(items({ a: 1 }), back, WALL_MS)
    expect([at(recorder, 2000), at(recorder, 2001), at(recorder, back - 1), at(recorder, back)]).toEqual([
      { a: 1 },
      null,
      null,
      { a: 1 },
    ])
    expect(spansOf(recordingOf(recorder))).toEqual([
      { from: 1000, to: 2000 },
      { from: back, to: back },
    ])
  })
  it('notices that the wall clock was set', () => {
    const recorder = new Recorder()
    recorder.record(items({ a: 1 }), 1000, WALL_MS)
    recorder.record(items({ a: 2 }), 2000, WALL_MS + 3_600_000)
    const of = (aheadMs: number) => clockWasSet(recordingOf(recorder), aheadMs)
    expect([of(WALL_MS), of(WALL_MS + 3_600_000)]).toEqual([true, true])
    const steady = new Recorder()
    for (const when of [1000, 2000]) steady.record(items({ a: when }), when, WALL_MS + when / 100)
    expect(clockWasSet(recordingOf(steady), WALL_MS)).toBe(false)
  })
})

describe('a status in pieces', () => {
  it('is the same again, without what counts on all the time', () => {
    const { delays: _, ...known } = STATUS
    const [group] = STATUS.groups
    const [service] = STATUS.services
    const { established: __, ...steady } = group!
    const { ageMs: ___, ...node } = STATUS.nodes[0]!
    const { leftMs: ____, ...trouble } = STATUS.troubles[0]!
    expect(statusOf(itemsOf(STATUS, OWN))).toEqual({
      own: OWN,
      status: {
        ...known,
        groups: [{ ...steady, leftMs: 0 }],
        services: [{ ...service, realservers: [{ ...service!.realservers[0], active: 0, inactive: 0 }] }],
        nodes: [node],
        troubles: [trouble],
        counters: {},
      },
    })
  })
  it('does not change where only that does', () => {
    const [group] = STATUS.groups
    const later = { ...STATUS, groups: [{ ...group!, leftMs: 7 }], counters: { 'drop-mac': 4 } }
    expect(itemsOf(later, OWN)).toEqual(itemsOf(STATUS, OWN))
  })
  it('leaves services out where they are too many, and has all else', () => {
    const [service] = STATUS.services
    const realservers = Array.from({ length: MOST_RECORDED + 1 }, () => service!.realservers[0]!)
    const status = statusOf(itemsOf({ ...STATUS, services: [{ ...service!, realservers }] }, OWN))?.status
    expect([status?.services, status?.groups[0]?.owner]).toEqual([[], 'dir1'])
  })
  it('is none of pieces that are damaged', () => {
    const pieces = itemsOf(STATUS, OWN)
    expect(statusOf(new Map(pieces).set('group web', '{'))).toBeNull()
    expect(statusOf(new Map())).toBeNull()
    expect(statusOf(new Map(pieces).set('own', '[]'))?.own).toEqual(NO_RECORD)
  })
})

describe('the file of it', () => {
  const recorder = new Recorder()
  recorder.record(itemsOf(STATUS, OWN), 1000, WALL_MS)
  recorder.happened('a line\nof two, "quoted"')
  recorder.record(itemsOf({ ...STATUS, groups: [{ ...STATUS.groups[0]!, owner: null }] }, OWN), 2000, WALL_MS)
  recorder.record(itemsOf({ ...STATUS, troubles: [] }, OWN), 3000, WALL_MS)
  const file = { node: 'dir1', writtenMs: WALL_MS + 3500, writtenAt: 3500, recording: recordingOf(recorder) }
  it('is read as it was', () => {
    expect(decodeRecorded(encodeRecorded(file))).toEqual(file)
  })
  it('is not guessed where it was cut, or is of a newer version', () => {
    const whole = encodeRecorded(file)
    for (let length = 0; length < whole.length; length += 7) {
      const read = decodeRecorded(whole.slice(0, length))
      // Where a line ends, the rest is missing, and no line is half.
      if (read) expect(whole[length]).toBe('\n')
    }
    expect(decodeRecorded(whole.replace('"least":1', '"least":2'))).toBeNull()
    expect(decodeRecorded(whole.replace('"gone":', '"went":'))).toBeNull()
  })
})

describe('an answer about a moment', () => {
  const recorder = new Recorder()
  recorder.record(itemsOf(STATUS, OWN), 1000, WALL_MS)
  recorder.happened('dir1 took web')
  recorder.record(itemsOf({ ...STATUS, quorum: false }, OWN), 61_000, WALL_MS)
  const memory = { recording: recordingOf(recorder), aheadMs: WALL_MS, where: 'memory' } as const
  const ask = (agoMs: number, sources = [memory] as Parameters<typeof answerOf>[1]) =>
    answerOf({ node: 'dir1', agoMs, nowMs: WALL_MS + 61_000, iso: (ms) => new Date(ms).toISOString() }, sources)
  it('has what was then, what came in shortly before, and what is recorded at all', () => {
    expect(ask(0)).toMatchObject({
      ...{ node: 'dir1', at: '2026-11-28T03:01:01.000Z', agoMs: 0, clockSet: false },
      found: {
        status: { quorum: false },
        own: OWN,
        happened: [{ at: '2026-11-28T03:01:01.000Z', agoMs: 0, text: 'dir1 took web' }],
      },
      spans: [
        { from: '2026-11-28T03:00:01.000Z', to: '2026-11-28T03:00:01.000Z', where: 'memory' },
        { from: '2026-11-28T03:01:01.000Z', to: '2026-11-28T03:01:01.000Z', where: 'memory' },
      ],
    })
    expect(ask(60_000).found).toMatchObject({ status: { quorum: true }, happened: [] })
  })
  it('has nothing of what is not recorded, and says what is', () => {
    expect(ask(30_000)).toMatchObject({ found: null, spans: [{}, {}] })
    expect(ask(61_000).found).toBeNull()
    expect(ask(0, [])).toMatchObject({ found: null, spans: [], clockSet: false })
  })
  it('looks into files for what is not in memory', () => {
    const earlier = new Recorder()
    earlier.record(itemsOf({ ...STATUS, revision: 6 }, OWN), 5, WALL_MS - 10_000)
    const file = { recording: recordingOf(earlier), aheadMs: WALL_MS - 10_000, where: 'file' } as const
    expect(ask(61_000 + 9000, [memory, file])).toMatchObject({
      found: { status: { revision: 6 } },
      spans: [{ where: 'file' }, {}, {}],
    })
    expect(ask(0, [memory, file]).found?.status.revision).toBe(7)
  })
})
