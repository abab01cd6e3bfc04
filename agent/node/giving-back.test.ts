/** A node that leaves takes back all that is its own, and nothing else. */
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import {
  claim,
  desired,
  diff,
  NOTHING_OWNED,
  type Observed,
  type Operation,
  type OwnedRecord,
  readRecord,
  rememberSettings,
  writeRecord,
} from '@lvsm/plan'
import { expect, it } from 'vitest'
import { TestKernel } from './core/fixture-kernel.ts'
import { giveBack } from './giving-back.ts'

const { config } = checkConfig(SAMPLE)
if (!config) throw new Error('the sample has faults')

/** A kernel in which a node did its work, with what it remembers; and how it was before. */
function worked(name: string) {
  const view = config && nodeView(config, name)
  if (!config || !view) throw new Error(name)
  const kern = new TestKernel(config, name)
  kern.state.syncDaemons = []
  const foreign = {
    protocol: 'udp',
    address: '192.0.2.1',
    port: 53,
    spec: { scheduler: 'rr', flags: [] },
    dests: [],
  } as const
  kern.state.services = [foreign]
  kern.state.addresses.push({ index: 1, address: '192.0.2.9', prefix: 32, label: 'lo' })
  const serving = new Map([['http', new Set(['10.11.0.11:80', '10.12.0.13:8080'])]])
  const input = { view, serving, owned: new Set<string>(), draining: new Map(), quiescing: new Set<string>() }
  let record: OwnedRecord = claim(NOTHING_OWNED, view.services)
  let before = ''
  for (let round = 0; round < 3; round++) {
    const paths = desired(
      { ...input, handover: new Map(), flushing: new Set() },
      kern.observe({ sysctls: [], services: true }),
    )
    const sysctls = paths.sysctls.map(({ path }) => path)
    const observed = kern.observe({ sysctls, services: true })
    if (round === 0) before = stateOf(observed)
    const wanted = desired({ ...input, handover: new Map(), flushing: new Set() }, observed)
    const plan = diff(observed, wanted, record)
    record = readRecord(writeRecord(rememberSettings(record, observed, wanted, plan)))
    for (const operation of plan) kern.apply(operation)
    if (round > 0) expect(plan).toEqual([])
  }
  const look = (): string => stateOf(kern.observe({ sysctls: [...kern.state.sysctls.keys()], services: true }))
  return { kern, record, before, look }
}
const carriedOut = (kern: TestKernel) => ({
  observe: (wanted: Parameters<TestKernel['observe']>[0]) => kern.observe(wanted),
  apply(operation: Operation) {
    const message = kern.refuses(operation)
    if (message === '') kern.apply(operation)
    return message === '' ? null : { message }
  },
})
/** Without forwarding, which stays on. */
const stateOf = ({ addresses, defaults, services, natRules, syncDaemons, links, sysctls }: Observed): string =>
  JSON.stringify({
    ...{ addresses, defaults, services, natRules, syncDaemons, links },
    sysctls: Object.fromEntries([...sysctls].filter(([path]) => !/forward/.test(path))),
  })

it.each(['dir1', 'rs1', 'rs3'])('%s leaves a kernel as it was before', (name) => {
  const { kern, record, before, look } = worked(name)
  expect(look()).not.toBe(before)
  let kept = record
  const { done, faults } = giveBack(carriedOut(kern), record, (next) => void (kept = next))
  expect(faults).toEqual([])
  expect(done.length).toBeGreaterThan(0)
  expect(JSON.parse(look())).toEqual(JSON.parse(before))
  expect(writeRecord(kept)).toBe('')
  expect(giveBack(carriedOut(kern), kept, () => undefined)).toEqual({ done: [], faults: [] })
})

it('an address that does not go stays silent, and that is said', () => {
  const { kern, record } = worked('rs1')
  kern.refuses = ({ kind }: Operation) => (kind === 'alias-remove' ? 'EPERM: no' : '')
  const { faults } = giveBack(carriedOut(kern), record, () => undefined)
  expect(faults).toEqual([expect.stringMatching(/cannot remove 10\.11\.0\.10\/32 .*EPERM/)])
  expect(kern.state.sysctls.get('net/ipv4/conf/all/arp_ignore')).toBe('1')
})
