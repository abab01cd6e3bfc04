import { expect, it } from 'vitest'
import { WELL } from './fixture.ts'
import { linesOf, severitySaid } from './troubles.ts'

const LATE = { node: 'rs1', code: 'late', severity: 'critical', message: 'late' } as const

it('what is over is not shown as if it were now', () => {
  expect(severitySaid(LATE)).toEqual({ tone: 'bad', text: 'critical' })
  expect(severitySaid({ ...LATE, pastMs: 70_000 })).toEqual({ tone: 'off', text: 'over' })
  expect(linesOf({ ...LATE, pastMs: 70_000 }, WELL)[0]).toMatch(/^over: the last of it .* ago$/)
})

it('what comes of it goes by the role of the node', () => {
  const of = (voter: boolean) =>
    linesOf(LATE, {
      ...WELL,
      nodes: [{ ...(WELL.nodes[0] as (typeof WELL.nodes)[number]), name: 'rs1', roles: ['realserver'], voter }],
    })
  expect(of(false)).toEqual(['so: what this node says of itself comes late'])
  expect(of(true)[0]).toMatch(/^so: its vote comes late/)
})
