/** Every check names its trap where a machine has stepped into it, says how that was seen, and is silent where it has not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CHECKS } from '../../src/doctor/core/checks/index.ts'
import { examine, verdict } from '../../src/doctor/core/examine.ts'
import { partOf } from '../../src/doctor/core/part.ts'
import { address, destination, director, ipvs, link, type Machine, plain, realserver, service } from './facts.ts'
import { ADDRESS_TRAPS } from './traps-addresses-and-routes.ts'
import { MACHINE_TRAPS } from './traps-machine.ts'
import { TABLE_TRAPS } from './traps-table-and-connections.ts'

const TRAPS = [...ADDRESS_TRAPS, ...TABLE_TRAPS, ...MACHINE_TRAPS]

const found = ({ facts, given }: Machine, check: string) => examine(facts, null, given, [check]).findings

describe.each(TRAPS)('$check: $what', ({ check, trapped, clean, says, fixes, severity }) => {
  test('is named, with evidence and a mend', () => {
    const named = found(trapped, check).filter(({ message }) => says.test(message))
    expect(named).toHaveLength(1)
    const [one] = named
    expect(one?.evidence.length).toBeGreaterThan(0)
    expect(one?.mend).not.toBe('')
    expect(one?.fixes).toEqual(fixes ?? [])
    if (severity !== undefined) expect(one?.severity).toBe(severity)
  })
  test('is not named where it is not', () => {
    expect(found(clean, check).filter(({ message }) => says.test(message))).toEqual([])
  })
})

test('every check has a trap here, and every row of the traps a check', () => {
  expect(new Set(TRAPS.map(({ check }) => check))).toEqual(new Set(CHECKS.map(({ name }) => name)))
  const book = readFileSync(join(import.meta.dirname, '../../../plan/TRAPS.md'), 'utf8')
  const rows = [...book.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number))
  expect(rows.length).toBeGreaterThanOrEqual(39)
  expect([...new Set(CHECKS.flatMap((check) => check.rows))].toSorted((a, b) => a - b)).toEqual(
    rows.toSorted((a, b) => a - b),
  )
})

test('machines that are well have nothing worse than a word', () => {
  for (const { facts, given } of [plain(), realserver(), director(), director('nat')])
    expect(examine(facts, null, given).findings.filter(({ severity }) => severity !== 'info')).toEqual([])
})

test('an entry for checks that go through IPVS is no service: weight 0 there, and its mark, are nothing to be named', () => {
  const mark = (port: number) =>
    service('', [destination('10.12.0.11:80', 'dr', { weight: 0 })], { protocol: null, address: '', port })
  const named = (port: number) => {
    const { facts, given } = director('dr', {
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.12.0.11:80')]), mark(port)),
    })
    return examine(facts, null, given)
      .findings.filter(({ object }) => object?.startsWith('fwmark'))
      .map(({ object }) => object)
  }
  expect(named(0x4d00_0001)).toEqual([])
  expect(named(7)).toContain('fwmark 7')
})

test('what a machine is for is seen of its kernel', () => {
  const part = ({ facts, given }: Machine) => partOf(facts, null, given)
  expect(part(plain())).toMatchObject({ director: false, vips: [], aliases: [], tunnelled: false, gateway: null })
  expect(part(realserver())).toMatchObject({ director: false, aliases: ['10.11.0.50'] })
  expect(part(director())).toMatchObject({ director: true, vips: ['10.11.0.50'], aliases: [] })
  const dummy = plain({
    links: [link('lo'), link('eth0'), link('vip', { kind: 'dummy' })],
    addresses: [address('vip', '10.11.0.50/32')],
  })
  expect(part(dummy).aliases).toEqual(['10.11.0.50'])
})

test('the exit is 0 for what is only worth knowing, and no clean bill where something was not seen', () => {
  const report = ({ facts, given }: Machine) => ({ findings: examine(facts, null, given).findings, gaps: facts.gaps })
  expect(verdict(report(plain()))).toBe('ok')
  expect(verdict(report(director('dr', { sysctls: { 'net/ipv4/ip_forward': '1' } })))).toBe('ok')
  expect(verdict(report(plain({ gaps: [{ what: 'IPVS', why: 'EPERM' }] })))).toBe('unexamined')
  expect(verdict(report(director('nat', { sysctls: { 'net/ipv4/ip_forward': '0' } })))).toBe('trapped')
})

test('the worst comes first, and a change that two findings want is made once', () => {
  const { facts, given } = director('nat', {
    sysctls: { 'net/ipv4/ip_forward': '0', 'net/ipv4/conf/all/send_redirects': '1' },
  })
  const { findings, fixes } = examine(facts, null, given)
  expect(findings.map(({ severity }) => severity)).toEqual(['critical', 'warning'])
  expect(new Set(fixes.map((one) => JSON.stringify(one))).size).toBe(fixes.length)
})
