/** Every kind of operation that a plan may have has its row of drift; each row is played on the kernel in memory; a lab's scenario that a row names is there, and does it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import { DataPlane } from '../kit/data-plane.ts'
import { OF_LEASES } from './leases.ts'
import { DRIFT, rows } from './rows.ts'
import { agentAt, type Machine, SITUATIONS, type SituationName } from './situations.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Those of the union `Operation`, as they are written. */
const KINDS = [
  ...new Set(
    [
      ...readFileSync(join(ROOT, 'packages/plan/src/operation.ts'), 'utf8').matchAll(/readonly kind: ([^;}\n]+)/g),
    ].flatMap(([, kinds = '']) => [...kinds.matchAll(/'([a-z-]+)'/g)].map(([, kind = '']) => kind)),
  ),
]

const planeOf = (name: SituationName): DataPlane => {
  const plane = new DataPlane([...SITUATIONS[name].links], () => [])
  for (const one of ['all', 'inside', 'outside']) plane.settings.set(`net/ipv4/conf/${one}/rp_filter`, '1')
  return plane
}
const machineOf = (plane: DataPlane): Machine => ({
  observe: (sysctls) => plane.observe(0, { sysctls, services: true }),
  apply: (operation) => plane.apply(operation),
})
/** All that stands, whatever its order and the numbers of devices. */
function stateOf(plane: DataPlane): string[] {
  const names = new Map(plane.links.map(({ index, name }) => [index, name]))
  const { links, addresses, defaults, localRoutes, answers, gue, services, timeouts, syncDaemons, natRules } =
    plane.observe(0, { sysctls: [], services: true })
  const all = [links, addresses, defaults, localRoutes, answers?.routes, answers?.rules, gue, syncDaemons].flatMap(
    (list) => (list ?? []).map((one) => ('index' in one ? { ...one, index: names.get(one.index) ?? 0 } : one)),
  )
  const tables = (services ?? []).flatMap(({ dests, ...service }) => [service, ...dests])
  return [...all, ...tables, [timeouts], [natRules], ...plane.settings].map((one) => JSON.stringify(one)).toSorted()
}

test('each kind of operation has its row', () => {
  expect(KINDS.length).toBeGreaterThan(25)
  expect(Object.keys(DRIFT).toSorted()).toEqual(KINDS.toSorted())
})

describe('what somebody does by hand is undone, by the operation of its kind, and nothing else is left changed', () => {
  it.each(rows().map(([kind, row]) => [kind, row.at, row.what, row] as const))(
    '%s: %s, %s',
    (kind, at, _, { spoil }) => {
      const plane = planeOf(at)
      const agent = agentAt(at, machineOf(plane))
      agent.settle()
      const before = stateOf(plane)
      spoil(plane)
      expect(stateOf(plane), 'something was changed').not.toEqual(before)
      expect(agent.plan().map((one) => one.kind)).toContain(kind)
      agent.settle()
      expect(stateOf(plane)).toEqual(before)
    },
  )
})

/** From its name to the next scenario. */
function scenarioText(file: string, name: string): string | undefined {
  const text = readFileSync(join(ROOT, `test/lab/${file}.lab.ts`), 'utf8')
  return text.split(/^(?:scenario|inSoak)\(\s*/m).find((part) => part.startsWith(`'${name}'`))
}

describe('the lab does what a row says of it', () => {
  const leases = OF_LEASES.map((row) => ['lease', row] as const)
  it.each([...rows(), ...leases].flatMap(([kind, { what, lab }]) => (lab ? [[kind, what, lab] as const] : [])))(
    '%s: %s',
    (_, what, lab) => {
      const text = scenarioText(lab.file, lab.scenario)
      expect(text, `${lab.file}: ${lab.scenario}`).toBeDefined()
      expect(text, what).toMatch(lab.does)
    },
  )
  it('a scenario that is not there is found out', () => {
    expect(scenarioText('repair', 'no such scenario')).toBeUndefined()
  })
})
