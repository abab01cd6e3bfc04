/**
 * The table of drift on the host's kernel: what an agent has set up is removed and altered with the field's own tools, and stands again as they showed it before. Needs root, and fails
 * without it. What needs IPVS, a dummy device or a tunnel the lab does (test/drift/rows.ts names its scenarios).
 */
import { afterEach, describe, expect, it } from 'vitest'
import { agentAt } from '../drift/situations.ts'
import { machineOf, ROWS_HERE, shown, within } from './machine.ts'

let close: (() => void) | undefined
afterEach(() => close?.())

describe('what somebody removes or alters with ip, nft and sysctl stands again', () => {
  it.each(ROWS_HERE.map(([kind, row]) => [kind, row.at, row.what, row] as const))(
    '%s: %s, %s',
    (kind, at, _, { byHand }) => {
      const machine = machineOf(at)
      close = machine.close
      const agent = agentAt(at, machine)
      agent.settle()
      const before = shown()
      for (const line of byHand) within(line)
      expect(shown(), 'something was changed').not.toBe(before)
      expect(agent.plan().map((one) => one.kind)).toContain(kind)
      agent.settle()
      expect(shown()).toBe(before)
    },
  )
})
