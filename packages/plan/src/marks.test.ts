/** Services by mark: the rules that make the marks, their place among the others, and the table. */
import { checkConfig, type Config, markOf, SAMPLE, serviceKey } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { apply, kernel, kinds, planInput, viewOf } from './fixture.ts'
import {
  audit,
  claim,
  desired,
  diff,
  natRulesText,
  NOTHING_OWNED,
  type Observed,
  readRecord,
  writeRecord,
} from './index.ts'
import { marksOf } from './marks.ts'
import { natRules } from './nat-rules.ts'

const TEXT = `${SAMPLE.replace('    port: 80\n', '    ports: [80, 8000-8100]\n    persistence: 5m\n').replace(', port: 8080', '')}
  - name: whole
    group: web
    address: 10.11.0.10
    ports: [all]
    protocol: tcp+udp
    scheduler: wlc
    check: { type: tcp, port: 22 }
    realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }]
  - { name: dns, group: web, address: 10.11.0.10, port: 53, protocol: udp, scheduler: rr, one-packet: true, realservers: [{ node: rs2, address: 10.11.0.12, forward: dr }] }
`
const { config, refusals } = checkConfig(TEXT) as { config: Config; refusals?: unknown }
if (!config) throw new Error(JSON.stringify(refusals))
const of = (node: string) => viewOf(config, node)
const NOBODY = new Map<string, readonly string[]>()
const serving = new Map([
  ['http', new Set(['10.11.0.11:0', '10.11.0.12:0', '10.12.0.13:0'])],
  ['whole', new Set(['10.11.0.11:0'])],
  ['dns', new Set(['10.11.0.12:53'])],
])
const input = planInput('dir1', { view: of('dir1'), serving })
const [HTTP, WHOLE] = [markOf('http'), markOf('whole')]

describe('marks', () => {
  it('are of an address, protocol and ports; whoever has all ports has what is left', () => {
    const lines = marksOf(config.services).map(({ address, protocol, ports, mark }) =>
      [address, protocol, `${ports.from}-${ports.to}`, mark].join(' '),
    )
    expect(lines).toEqual([
      `10.11.0.10 tcp 80-80 ${HTTP}`,
      `10.11.0.10 tcp 8000-8100 ${HTTP}`,
      '10.11.0.10 udp 53-53 ',
      `10.11.0.10 tcp 1-65535 ${WHOLE}`,
      `10.11.0.10 udp 1-65535 ${WHOLE}`,
    ])
  })
  it('are made by directors, whether they own the group or not, and by nobody else', () => {
    expect(natRules(of('dir2'), NOBODY)?.marks).toHaveLength(5)
    expect(natRules(of('rs1'), NOBODY)?.marks).toBeUndefined()
  })
  it('are part of what the rules are', () => {
    const rules = natRules(of('dir1'), NOBODY)
    expect(rules && natRulesText(rules) === natRulesText({ ...rules, marks: rules.marks?.slice(1) ?? [] })).toBe(false)
  })
})

describe('other rules of a service on several ports', () => {
  it('answers of its NAT realserver end untranslated at each of its ports', () =>
    expect(natRules(of('dir1'), NOBODY)?.untranslated).toEqual([
      { address: '10.12.0.13', port: 80, protocol: 'tcp' },
      { address: '10.12.0.13', port: 8000, upTo: 8100, protocol: 'tcp' },
    ]))
  it('refusals are kept back at ports that are named one by one: of a range nobody says that all are open', () => {
    expect(natRules(of('dir1'), NOBODY)?.suppressRst).toEqual([
      { address: '10.12.0.13', port: 80, protocol: 'tcp', at: 'forward' },
    ])
    expect(natRules(of('rs1'), NOBODY)?.suppressRst).toEqual([
      { address: '10.11.0.10', port: 80, protocol: 'tcp', at: 'output' },
    ])
  })
  it('in a planned move all of its TCP is handed back', () =>
    expect(
      natRules(of('dir2'), new Map([['web', ['10.12.0.1']]]))?.handover.map(({ port, upTo, protocol }) => [
        port,
        upTo,
        protocol,
      ]),
    ).toEqual([
      [80, undefined, 'tcp'],
      [8000, 8100, 'tcp'],
      [1, 65_535, 'tcp'],
    ]))
})

describe('the table', () => {
  const record = claim(NOTHING_OWNED, config.services)
  const marked = new Map(config.services.map((service) => [serviceKey(service), service.address]))
  const settle = (now: Observed): { readonly after: Observed; readonly plan: string[] } => {
    const plan = diff(now, desired(input, now), record)
    expect(audit(plan, { observed: now, owned: record, held: new Set(), marked })).toEqual([])
    return { after: plan.reduce(apply, now), plan: kinds(plan) }
  }
  it('has services by mark, and is reached in one plan; the record outlives the agent', () => {
    const { after } = settle(kernel())
    expect(after.services?.map(serviceKey)).toEqual([`fwmark ${HTTP}`, `fwmark ${WHOLE}`, 'udp 10.11.0.10:53'])
    expect(after.services?.[0]?.dests.map(({ address, port }) => `${address}:${port}`)).toEqual([
      '10.11.0.11:0',
      '10.11.0.12:0',
      '10.12.0.13:0',
    ])
    expect(settle(after).plan).toEqual([])
    expect(readRecord(writeRecord(record))).toEqual(record)
  })
  it('gets back a service by mark that somebody removed, and rules that somebody flushed', () => {
    const { after } = settle(kernel())
    expect(settle({ ...after, services: after.services?.slice(1) ?? [] }).plan).toEqual([
      'service-add',
      'dest-add',
      'dest-add',
      'dest-add',
    ])
    expect(settle({ ...after, natRules: null }).plan).toEqual(['nat-rules'])
  })
  it('forgets connections of a mark only where its address is not', () => {
    const { after } = settle(kernel())
    const service = { fwmark: HTTP, family: 'ipv4' } as const
    const flush = { kind: 'dest-flush', service, address: '10.11.0.11', port: 0 } as const
    const judged = (held: readonly string[], known = marked) =>
      audit([flush], { observed: after, owned: record, held: new Set(held), marked: known })
    expect(judged([])).toEqual([])
    expect(judged(['10.11.0.10'])).toEqual(['connections to 10.11.0.10 forgotten where it is answered'])
    expect(judged([], new Map())).toEqual([expect.stringContaining('whose addresses they have is not known')])
  })
  it('no rule of ours makes a mark that is not ours', () => {
    const rules = natRules(of('dir1'), NOBODY)
    const marks = rules?.marks?.map((one) => ({ ...one, mark: 7 })) ?? []
    const needs = rules && { ...rules, marks }
    const plan = [{ kind: 'nat-rules', needs } as const]
    expect(audit(plan, { observed: kernel(), owned: record, held: new Set() })[0]).toContain(
      'the mark 7, which is not ours',
    )
  })
})
