/** Whoever a status says would take a group is the one whose lease process says so of itself, whatever ping nodes and services each has. */
import { seededRandom } from '@lvsm/base'
import { type GroupReport, type Status, suppose } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Bench, claim, ready, viewOf } from './fixture.ts'

const OTHERS = ['dir2', 'dir3', 'dir4']
const DIRECTORS = ['dir1', ...OTHERS]
const PINGS = 3
const TIMES = 60

interface Drawn {
  readonly node: string
  readonly could: boolean
  readonly reaches: number
  readonly blind: number
}

/** As its lease process says, while `dir1` holds the group. */
function saidBy({ node, reaches, blind }: Drawn, all: readonly Drawn[]): string {
  const first = viewOf(node, DIRECTORS)
  const bench = new Bench({ view: { ...first, groups: first.groups.map((one) => ({ ...one, directors: DIRECTORS })) } })
  bench.begin()
  bench.give(ready({ reaches, blind }))
  bench.heartbeat('dir1', [claim({ holds: true, number: 7, leftMs: 300, reaches: PINGS })])
  for (const one of all)
    if (one.node !== node)
      bench.heartbeat(one.node, [claim({ ready: one.could, reaches: one.reaches, blind: one.blind })])
  return bench.why()
}

/** Who has the group then, by a status. */
function supposedOf(all: readonly Drawn[]): string | null {
  const group: GroupReport = {
    ...{ name: 'web', owner: 'dir1', number: 7, leftMs: 300, addresses: [], directors: DIRECTORS, state: 'owned' },
    reason: 'renewed',
    takers: all.map(({ node, could, blind }) => ({ node, could, reason: '', ...(blind > 0 ? { blind } : {}) })),
    pings: Array.from({ length: PINGS }, (_, at) => ({
      address: `10.11.0.${at}`,
      directors: all.map(({ node, reaches }) => ({ node, reached: at < reaches })),
    })),
  }
  const nodes = DIRECTORS.map((name): Status['nodes'][number] => ({
    ...{ name, roles: ['director'], voter: true, state: 'standby', reason: '', standby: false, agent: true },
  }))
  const status: Status = {
    ...{ cluster: 'lab', node: 'dir2', revision: 1, quorum: true, groups: [group], services: [], nodes },
    ...{ troubles: [], counters: {} },
  }
  return suppose(status, { dead: ['dir1'], failed: [] }, (_, after) => after).groups[0]?.owner ?? null
}

test('the same director is the next for lease processes and for who supposes that the owner dies', () => {
  const random = seededRandom(7)
  const draw = (most: number): number => Math.floor(random.next() * (most + 1))
  for (let time = 0; time < TIMES; time++) {
    const all = OTHERS.map((node) => ({ node, could: draw(4) > 0, reaches: draw(PINGS), blind: draw(2) }))
    const able = all.filter(({ could }) => could)
    const next = able.filter((one) => saidBy(one, all).endsWith(', next in order')).map(({ node }) => node)
    expect([JSON.stringify(all), ...next]).toEqual([JSON.stringify(all), ...(able.length > 0 ? [supposedOf(all)] : [])])
  }
})
