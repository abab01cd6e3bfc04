/** What a status tells of a service beside its realservers: how it chooses among them, and who stands in one table alone. */
import { checkConfig, inTableOf, SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { serviceReport } from './service-report.ts'

const [http] = checkConfig(SAMPLE).config?.services ?? []
if (!http) throw new Error('the sample has no service')
const report = (whole: typeof http, owner = 'dir1') =>
  serviceReport(inTableOf(whole, owner), { realservers: [], told: true, whole })

test('what goes without saying is left out', () => {
  const { keepLast, maxEjection, alone } = report(http)
  expect([keepLast, maxEjection, alone]).toEqual([undefined, undefined, undefined])
})

test('that the last ones are not kept, and how many may be out at once', () => {
  const check = { ...http.check, keepLast: false, pacing: { ...http.check.pacing, maxEjection: 40, panic: 50 } }
  expect(report({ ...http, check })).toMatchObject({ keepLast: false, maxEjection: 40, panic: 50 })
})

test('directors that serve themselves alone, whoever owns the group', () => {
  const [first] = http.realservers
  if (!first) return expect.fail('no realserver')
  const local = (node: string) => ({ ...first, node, forward: 'local' as const, weight: 3 })
  const whole = { ...http, realservers: [...http.realservers, local('dir1'), local('dir2')] }
  const alone = ['dir1', 'dir2'].map((node) => {
    const { address, port } = first
    return { node, address, port, forward: 'local', configured: 3 }
  })
  for (const owner of ['dir1', 'dir2', 'dir3']) expect(report(whole, owner).alone).toEqual(alone)
})
