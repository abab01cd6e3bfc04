import { expect, test } from 'vitest'
import { DEFAULTS, refuseSettings, type Settings } from './settings.ts'

test('the defaults keep every rule', () => {
  expect(refuseSettings(DEFAULTS)).toEqual([])
})

test.each<Partial<Settings>>([
  { heartbeatMs: 0 },
  { heartbeatMs: 500 },
  { window: 0 },
  { messageSize: 0 },
  { uncommittedSize: 1 },
  { keepEntries: 1 },
  { keepSize: DEFAULTS.entrySize },
  { stallMs: 10 },
])('%o is refused, with the rule that it breaks', (wrong) => {
  const refusals = refuseSettings({ ...DEFAULTS, ...wrong })
  expect(refusals).toHaveLength(1)
  expect(refusals[0]).toMatchObject({ code: 'impossible-settings', message: expect.stringContaining('breaks') })
})
