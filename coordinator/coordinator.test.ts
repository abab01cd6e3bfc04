/** Coordinators that run, on real databases: they answer, follow each other, grow, start again, and expire what is over. */
import { isDeepStrictEqual } from 'node:util'
import { MODEL_VERSION } from '@lvsm/changes'
import { encodeEntry, type Entry as Change } from '@lvsm/protocol'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { grown, Hub, Place, SOON, Tls, type Wire } from '../test/kit/coordinators.ts'
import { Announcing } from './announcing.ts'
import { configurationSuite, weightOf } from '../test/suites/configuration.ts'

const places: Place[] = []
let hub = new Hub()
afterEach(async () => {
  hub.cut.clear()
  await Promise.all(places.map((place) => place.stop()))
  for (const place of places.splice(0)) place.remove()
  hub = new Hub()
})
const at = (name: string, wire: Wire = hub): Place => {
  const place = new Place(name, wire)
  places.push(place)
  return place
}
const until = <T>(what: () => T) => vi.waitUntil(what, SOON)
const leading = async (of: readonly Place[]): Promise<Place> => {
  const leader = await until(() => of.find(({ role }) => role === 'leader'))
  if (!leader) throw new Error('nobody leads')
  return leader
}
const newest = (place: Place): number | undefined => place.running?.known()?.history.revisions.at(-1)?.number

async function three(): Promise<[Place, Place, Place]> {
  const all: [Place, Place, Place] = [at('dir1'), at('dir2'), at('rs1')]
  await grown(all)
  return all
}

test('one alone serves: it is asked, changed, and has it all after a start', async () => {
  const one = await (await at('dir1').found()).start()
  const before = await until(async () => {
    const read = await one.coordinator.read()
    return read.kind === 'state' ? read.state : null
  })
  expect(before?.history.revisions).toHaveLength(1)
  const seen: number[] = []
  const leave = one.coordinator.follow((state) => void seen.push(state.config.revision))
  const written = await one.coordinator.write(weightOf(7))
  expect(written).toMatchObject({
    kind: 'done',
    outcome: { kind: 'changed', revision: { number: 2, author: 'alice' } },
  })
  const stale = await one.coordinator.write(weightOf(8, 1))
  expect(stale).toMatchObject({ kind: 'done', outcome: { kind: 'refused', refusals: [{ code: 'stale-revision' }] } })
  leave()
  await one.coordinator.write(weightOf(9))
  expect(seen).toEqual([2])
  await one.stop()
  await one.start()
  expect(newest(one)).toBe(3)
  expect(one.failures).toEqual([])
})

test('three: asked anywhere, they answer the same; one that is away catches up', async () => {
  const all = await three()
  const [first, second, third] = all
  const leader = await leading(all)
  const follower = all.find((place) => place !== leader)
  if (!follower) throw new Error('no follower')
  expect(await follower.coordinator.write(weightOf(5))).toMatchObject({ kind: 'done', outcome: { kind: 'changed' } })
  for (const place of all) {
    const read = await place.coordinator.read()
    expect(read.kind === 'state' && read.state.config.revision).toBe(2)
  }
  expect([...first.coordinator.status().members.values()].map(({ name }) => name)).toEqual(['dir1', 'dir2', 'rs1'])
  // Without the leader the other two go on.
  hub.cut.add(leader.id)
  const left = all.filter((place) => place !== leader)
  await leading(left)
  const answered = await until(async () => {
    const written = await (left[0] ?? first).coordinator.write(weightOf(6))
    return written.kind === 'done' ? written : null
  })
  expect(answered).toMatchObject({ outcome: { kind: 'changed', revision: { number: 3 } } })
  const cutOff = await leader.coordinator.write(weightOf(99))
  expect(cutOff.kind).not.toBe('done')
  hub.cut.clear()
  await until(() => [first, second, third].every((place) => newest(place) === 3))
  expect(all.flatMap(({ failures }) => failures)).toEqual([])
})

test('a leader that stops hands over first', async () => {
  const all = await three()
  const leader = await leading(all)
  await leader.stop()
  const left = all.filter((place) => place !== leader)
  // No election time-out goes by: the other was asked to stand.
  expect(left.some(({ role }) => role === 'leader')).toBe(true)
})

test('one that is too far behind for the log gets the whole state', async () => {
  const all = await three()
  const leader = await leading(all)
  const behind = all.find((place) => place !== leader)
  if (!behind) throw new Error('no follower')
  await behind.stop()
  for (let value = 1; value <= 700; value++) await leader.coordinator.write(weightOf(value))
  expect(newest(leader)).toBeGreaterThan(600)
  const sent = hub.snapshots
  await behind.start()
  await until(() => newest(behind) === newest(leader))
  expect(hub.snapshots).toBeGreaterThan(sent)
  expect(behind.coordinator.known()?.history).toEqual(leader.coordinator.known()?.history)
})

test('what was wanted for a while is over when its time has come', async () => {
  const one = await (await at('dir1').found()).start()
  await leading([one])
  const drain: Change = {
    kind: 'intent',
    author: 'bob',
    at: Date.now(),
    command: {
      model: 1,
      verb: 'drain',
      subject: { kind: 'server', node: 'rs1', service: null },
      forMs: 1000,
      comment: '',
    },
  }
  expect(await one.coordinator.write(drain)).toMatchObject({ kind: 'done', outcome: { kind: 'wanted' } })
  await until(() => one.coordinator.known()?.facts.list.length === 0)
})

test('an entry of a later version ends it, and stays for that version; none of this version lets one in', async () => {
  const later = encodeEntry(weightOf(3)).replace('"kind":"change"', '"kind":"tomorrow"')
  const old = await (await at('dir1').found(encodeEntry(weightOf(2)), later)).start()
  await until(() => old.failures.length > 0)
  expect(old.failures).toEqual([expect.stringMatching(/entry 3 is unknown-kind: .*newer lvsm/)])
  const one = await (await at('dir2').found()).start()
  await leading([one])
  const long: Change = Object.assign(weightOf(3), { comment: 'x'.repeat(2000) })
  expect(await one.coordinator.write(long)).toMatchObject({ kind: 'refused', refusal: { code: 'not-understood' } })
})

test('an agreement on a version that this program does not know ends it too', async () => {
  const entry: Change = { kind: 'finalize', author: 'alice', at: 1, version: MODEL_VERSION + 1 }
  const old = await (await at('dir1').found(encodeEntry(entry))).start()
  await until(() => old.failures.length > 0)
  expect(old.failures).toEqual([expect.stringMatching(/entry 2 is the agreement on version \d+: .*newer lvsm/)])
})

test('one whose machine is gone is taken out, whoever is asked; not where no majority would be left', async () => {
  const all = await three()
  const leader = await leading(all)
  const [asked, gone] = all.filter((place) => place !== leader)
  if (!asked || !gone) throw new Error('there are three')
  hub.cut.add(gone.id)
  const silentMs = () => leader.coordinator.status().raft.peers.find(({ id }) => id === gone.id)?.silentMs ?? 0
  await until(() => silentMs() > 2000)
  expect(await leader.coordinator.remove(asked.id)).toMatchObject({
    kind: 'refused',
    refusal: { code: 'no-majority', hint: expect.stringMatching(/start those that are down/) },
  })
  expect(await asked.coordinator.remove(99)).toMatchObject({ kind: 'refused', refusal: { code: 'unknown-node' } })
  expect(await asked.coordinator.remove(gone.id)).toEqual({ kind: 'removed' })
  for (const place of [leader, asked])
    expect(place.coordinator.members().map(({ id }) => id)).toEqual([leader.id, asked.id].toSorted((a, b) => a - b))
  expect(await asked.coordinator.write(weightOf(5))).toMatchObject({ kind: 'done' })
})

test('one that is removed while it runs is told so by the others, and ends; so does one that was away meanwhile', async () => {
  const wire = new Tls()
  const all: [Place, Place, Place] = [at('dir1', wire), at('dir2', wire), at('rs1', wire)]
  await grown(all)
  const leader = await leading(all)
  const [live, other] = all.filter((place) => place !== leader)
  if (!live || !other) throw new Error('there are three')
  await until(async () => (await leader.coordinator.remove(live.id)).kind === 'removed')
  await until(() => live.failures.length > 0)
  expect(live.failures).toEqual([expect.stringMatching(/others removed this coordinator[^]*disable --now/)])
  expect(await live.coordinator.write(weightOf(5))).toMatchObject({ kind: 'refused', refusal: { code: 'expelled' } })
  await live.stop()
  await live.start()
  await until(() => live.failures.length > 1)
  expect([leader, other].flatMap(({ failures }) => failures)).toEqual([])
})

test('one that is elsewhere after its start is found by what it says, and then by its record: by others that start, too', async () => {
  const wire = new Tls()
  const all: [Place, Place, Place] = [at('dir1', wire), at('dir2', wire), at('rs1', wire)]
  await grown(all)
  const leader = await leading(all)
  const [moves, stays] = all.filter((place) => place !== leader)
  if (!moves || !stays) throw new Error('there are three')
  const finalized = await leader.coordinator.write({ kind: 'finalize', author: 'alice', at: 1, version: 2 })
  expect(finalized).toMatchObject({ outcome: { kind: 'finalized' } })
  // It stands where nobody has heard of, and hears the leader there before any record says so.
  await moves.stop()
  const record = await wire.move(moves.name)
  await moves.start()
  await until(() => moves.coordinator.hasLeader())
  const troubles: (string | null)[] = []
  const announcing = new Announcing(
    {
      home: { id: moves.id, node: moves.name, listen: record.addresses },
      configuration: moves.coordinator,
      trouble: (trouble) => void troubles.push(trouble?.message ?? null),
      say: () => undefined,
      wallClock: () => Date.now(),
    },
    100,
  )
  for (const place of all) await until(() => isDeepStrictEqual(place.coordinator.records().get(moves.id), record))
  await until(() => troubles.at(-1) === null)
  announcing.close()
  // Two that start, and the leader gone: they have each other by the log alone.
  await Promise.all([moves.stop(), stays.stop()])
  await leader.stop()
  await Promise.all([moves.start(), stays.start()])
  const next = await leading([moves, stays])
  await until(async () => (await next.coordinator.write(weightOf(5))).kind === 'done')
  expect(all.flatMap(({ failures }) => failures)).toEqual([])
})

describe('what everybody may rely on who asks any of three, over TLS', () =>
  configurationSuite(async () => {
    const wire = new Tls()
    const all: [Place, Place, Place] = [at('dir1', wire), at('dir2', wire), at('rs1', wire)]
    await grown(all)
    const [first, second, third] = all
    const leader = await leading(all)
    // The followers first.
    const order = leader === first ? [second, third, first] : [first, second, third]
    const [one, ...others] = order.map(({ coordinator }) => coordinator)
    if (!one) throw new Error('none of three')
    return {
      all: [one, ...others],
      async close() {
        await Promise.all(all.map((place) => place.stop()))
      },
    }
  }))
