/** Of whom a trouble is: by what a status has, and nothing where that is not known. */
import { expect, test } from 'vitest'
import { group, server, service, status } from '../http/fixture.ts'
import { concernedText, isAfterTakeover } from './concerned.ts'

const at = (node: string, code: string, object?: string) => ({
  node,
  code,
  ...(object === undefined ? {} : { object }),
})
const [WELL] = [status({ services: [service({ realservers: [server('rs1'), server('rs2', { weight: 0 })] })] })]

test('an owner with what it owns, another director with nothing, a realserver with who else takes connections', () => {
  expect(concernedText(at('dir1', 'no-ipvs'), WELL)).toMatch(/^dir1 owns web \(\S+ with service http\)/)
  expect(concernedText(at('dir2', 'no-ipvs'), WELL)).toMatch(/^dir2 owns nothing now/)
  expect(concernedText(at('rs1', 'foreign-device'), WELL)).toBe(
    'rs1 is a realserver of http (it is still sent connections, and nobody else is)',
  )
  expect(concernedText(at('rs2', 'foreign-device'), WELL)).toBe(
    'rs2 is a realserver of http (it is sent no new connections, and 1 other is)',
  )
})
test('a service and a group by name', () => {
  expect(concernedText(at('dir1', 'below-quorum', 'service http'), WELL)).toMatch(
    /^http is \S+ port 80: 1 of 2 realservers takes connections$/,
  )
  expect(concernedText(at('dir1', 'fence-reopened', 'group web'), WELL)).toMatch(/^web has \S+ with service http$/)
})
test('nothing of what is over, of kinds that cost nothing, of several nodes, and of a table that nobody told', () => {
  expect(concernedText({ ...at('dir1', 'no-ipvs'), pastMs: 1 }, WELL)).toBe('')
  expect(concernedText(at('dir1', 'clock-apart'), WELL)).toBe('')
  expect(concernedText(at('dir1, dir2', 'no-ipvs'), WELL)).toBe('')
  const untold = status({ services: [service({ told: false })] })
  expect(concernedText(at('dir1', 'below-quorum', 'service http'), untold)).not.toContain('realservers')
})
test('what only an owner does to clients comes with a takeover where the director owns nothing, and where that is known', () => {
  expect(isAfterTakeover(at('dir2', 'module-missing'), WELL)).toBe(true)
  expect(isAfterTakeover(at('dir1', 'module-missing'), WELL)).toBe(false)
  expect(isAfterTakeover(at('dir2', 'no-ipvs'), WELL)).toBe(false)
  const unknown = status({ groups: [group({ owner: null, state: 'unknown' })] })
  expect(isAfterTakeover(at('dir2', 'module-missing'), unknown)).toBe(false)
})
