/** How old what is shown is: it counts on from what was told. */
import type { Status } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { shownOf } from './ages.ts'
import { seenOf, WELL } from './fixture.ts'

const ages: Readonly<Record<string, number>> = { dir1: 900, dir2: 4000 }
const status: Status = {
  ...WELL,
  nodes: WELL.nodes.map((node) => (node.name in ages ? { ...node, ageMs: ages[node.name] ?? 0 } : node)),
}
const shown = (afterMs: number) => shownOf({ seen: seenOf(status), seenAt: 1000, heardAt: 1000 + afterMs })
const of = (seen: ReturnType<typeof shownOf>) => ({
  nodes: seen?.status?.nodes.slice(0, 2).map(({ ageMs }) => ageMs),
  silent: seen?.coordinators.members.map(({ silentMs }) => silentMs),
})

it('what was old when it was told is older now, in steps; who was heard a moment before was heard since', () => {
  expect(of(shown(9000))).toEqual({ nodes: [900, 4000], silent: [null, 9000, 20] })
  expect(of(shown(65_000))).toEqual({ nodes: [900, 64_000], silent: [null, 69_000, 20] })
})

it('nothing is older than when it was last known to be so', () => {
  expect(shownOf({ seen: null, seenAt: null, heardAt: null })).toBeNull()
  expect(of(shown(0))).toEqual({ nodes: [900, 4000], silent: [null, 9000, 20] })
})
