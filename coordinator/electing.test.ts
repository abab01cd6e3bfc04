/** Whoever leads lets the lease's voters grow, by the real entries on a real document. */
import { instant } from '@lvsm/base'
import { applyEntry, beginState, epochOf, parseDocument, type State, votersOf } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import type { Entry, NodeProgress } from '@lvsm/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Electing } from './electing.ts'

const ONE = SAMPLE.replace(/secret: "\w+"/, 'file: /etc/lvsm/key').replace(/(dir2|rs1)(.*?), voter: true/g, '$1$2')

function cluster(said: Readonly<Record<string, boolean>> = {}, byItself = false) {
  const { document } = parseDocument(ONE)
  if (!document) throw new Error('the sample has faults')
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([name, node]) => [name, name in said ? { ...node, voter: said[name] } : node]),
  )
  let state: State = beginState({ ...document, nodes }, { at: 0, author: 'init', comment: '' })
  let now = instant(0)
  const reports = new Map<string, NodeProgress>()
  const written: Entry[] = []
  const one = { leads: true, coordinators: ['rs1', 'dir2', 'dir1'], isSlow: false }
  const electing = new Electing({
    known: () => state,
    leads: () => one.leads,
    coordinators: () => one.coordinators,
    reports: () => reports,
    write: async (entry) => {
      written.push(entry)
      if (one.isSlow) await new Promise(() => undefined)
      state = applyEntry(state, entry).state
    },
    clock: () => now,
    wallClock: () => 1_700_000_000_000,
  })
  // It is looked at by hand.
  if (!byItself) electing.close()
  onTestFinished(() => electing.close())
  return {
    one,
    written,
    refuse: (epoch: number) => electing.refuse(epoch)?.message ?? null,
    close: () => electing.close(),
    reports: (epoch: number, ...names: string[]) => {
      for (const name of names) reports.set(name, { name, revision: 1, epoch })
    },
    look: async (seconds = 0) => {
      now = instant(now + seconds * 1000)
      electing.look()
      await Promise.resolve()
      await Promise.resolve()
      return [epochOf(state.history.document), votersOf(state.history.document).join()]
    },
  }
}

test('one becomes three, a director first, with the longest lease between the two steps', async () => {
  const { reports, look, written } = cluster()
  expect(await look()).toEqual([1, 'dir1'])
  reports(1, 'dir1', 'dir2')
  expect(await look(60)).toEqual([1, 'dir1'])
  reports(1, 'rs1', 'rs2', 'rs3')
  expect(await look()).toEqual([2, 'dir1,dir2'])
  reports(2, 'rs1')
  // dir1, the only voter before, has not said that its disk has it.
  expect(await look(60)).toEqual([2, 'dir1,dir2'])
  reports(2, 'dir1', 'dir2')
  expect(await look()).toEqual([2, 'dir1,dir2'])
  expect(await look(29)).toEqual([2, 'dir1,dir2'])
  expect(await look(3)).toEqual([3, 'dir1,dir2,rs1'])
  reports(3, 'dir1', 'dir2', 'rs1')
  expect(await look(60)).toEqual([3, 'dir1,dir2,rs1'])
  expect(await look(60)).toEqual([3, 'dir1,dir2,rs1'])
  expect(written).toHaveLength(2)
  expect(written[0]).toMatchObject({ kind: 'voters', author: 'lvsm', epoch: 2, add: 'dir2', remove: null })
})
test('who leads no more proposes nothing, and waits anew when it leads again', async () => {
  const { one, reports, look } = cluster()
  reports(1, 'dir1', 'dir2', 'rs1')
  one.leads = false
  expect(await look(60)).toEqual([1, 'dir1'])
  one.leads = true
  expect(await look()).toEqual([2, 'dir1,dir2'])
  reports(2, 'dir1', 'dir2', 'rs1')
  await look()
  one.leads = false
  await look(60)
  one.leads = true
  expect(await look()).toEqual([2, 'dir1,dir2'])
  expect(await look(32)).toEqual([3, 'dir1,dir2,rs1'])
})
test('who is no coordinator that votes does not vote for leases either', async () => {
  const { one, reports, look } = cluster()
  one.coordinators = ['dir1', 'dir2']
  reports(1, 'dir1', 'dir2', 'rs1', 'rs2')
  expect(await look(60)).toEqual([1, 'dir1'])
})

test('people ask whoever leads, and wait as everybody does: one epoch at a time', async () => {
  const { one, reports, look, refuse } = cluster()
  reports(1, 'dir1', 'dir2', 'rs1')
  // Nobody has looked yet; of several that are under way only those for one and the same epoch pass.
  expect([refuse(2), refuse(3), refuse(1)]).toEqual([null, expect.stringMatching(/not the next/), expect.any(String)])
  await look()
  expect(refuse(3)).toMatch(/no majority of dir1, the voters before, acts on epoch 2 yet/)
  reports(2, 'dir1')
  expect(refuse(3)).toMatch(/may live for 31 s yet/)
  await look(29)
  expect(refuse(3)).toMatch(/may live for 2 s yet/)
  await look(3)
  expect(refuse(3)).toBeNull()
  one.leads = false
  expect(refuse(3)).toMatch(/does not lead/)
  one.leads = true
  expect(refuse(3)).toMatch(/may live for 31 s yet/)
})
test('who shall not vote does not, though there is nobody else', async () => {
  const { reports, look } = cluster({ dir2: false })
  reports(1, 'dir1', 'dir2', 'rs1')
  expect(await look(60)).toEqual([1, 'dir1'])
})
test('what is proposed is not proposed again before it came to something', async () => {
  const { one, reports, look, written } = cluster()
  reports(1, 'dir1', 'dir2', 'rs1')
  one.isSlow = true
  for (let at = 0; at < 3; at++) await look(1)
  expect(written).toHaveLength(1)
})
test('a coordinator of which the configuration has no node is passed over', async () => {
  const { one, reports, look, written } = cluster()
  reports(1, 'dir1', 'rs1', 'dir2')
  expect(await look()).toEqual([2, 'dir1,dir2'])
  reports(2, 'dir1', 'dir2', 'gone')
  one.coordinators = ['gone', 'dir2', 'dir1']
  await look()
  await look(60)
  expect(written).toHaveLength(1)
})
test('it looks each second by itself, until it is closed', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { reports, written, close } = cluster({}, true)
  reports(1, 'dir1', 'dir2', 'rs1')
  await vi.advanceTimersByTimeAsync(1000)
  expect(written).toHaveLength(1)
  close()
  expect(vi.getTimerCount()).toBe(0)
})
