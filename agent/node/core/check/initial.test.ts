/** What counts before the first answer, after each kind of beginning. */
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { configOf, dests, node, statusOf, type TestNode } from '../fixture.ts'

const CHECK = /check: \{[^}]*\}/
const checkedBy = (check: string): string => SAMPLE.replace(CHECK, `check: ${check}`)
const TCP = '{ type: tcp, interval: 500ms, timeout: 300ms, fall: 3, rise: 2, jitter: 0 }'

function on(one: TestNode, ms: number): void {
  for (let spent = 0; spent < ms; spent += 500) {
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    one.run(500)
  }
}
function owner(text = checkedBy(TCP)): TestNode {
  const one = node('dir1', undefined, text)
  one.feed({ kind: 'lease-up' })
  on(one, 3000)
  return one
}
/** Another agent of the same node, whose kernel has what the one before left. */
function after(before: TestNode, awayMs: number | null, text = checkedBy(TCP)): TestNode {
  const one = node('dir1', undefined, text, true, undefined, { awayMs })
  Object.assign(one.kern.state, before.kern.state)
  one.silentChecks = true
  one.feed({ kind: 'lease-up' })
  return one
}
const states = (one: TestNode) =>
  one.core.checks(one.now()).checks.map(({ server, healthy, serving, basis, foundMs }) => ({
    ...{ server, healthy, serving, basis },
    ...(foundMs === undefined ? {} : { foundMs }),
  }))
const reasonOf = (one: TestNode, server: string): string | undefined =>
  one.core.status(one.now()).services[0]?.realservers.find((each) => each.node === server)?.reason
const configure = (one: TestNode, text: string): void =>
  one.feed({ kind: 'config', config: configOf(text), secrets: new Map(), facts: NO_FACTS })
/** The answers to the questions of one realserver that are open. */
function answer(one: TestNode, address: string, ok: boolean): void {
  for (const asked of one.take('check'))
    if (asked.address === address) one.feed({ kind: 'checked', id: asked.id, ok, reason: ok ? 'connected' : 'refused' })
}

describe('an agent that starts anew', () => {
  it('serves whom it found, says so with the age of it, and nobody else before he answers', () => {
    const before = owner()
    before.alive.delete('10.11.0.12')
    on(before, 6000)
    const one = after(before, 40_000)
    on(one, 1000)
    const found = { healthy: true, serving: true, basis: 'table', foundMs: 41_000 }
    expect(states(one)).toEqual([
      { server: 'rs1', ...found },
      { server: 'rs2', healthy: null, serving: false, basis: 'nothing' },
      { server: 'rs3', ...found },
    ])
    expect(reasonOf(one, 'rs1')).toBe('not checked yet; serves as it did before, until its check says otherwise')
    expect(reasonOf(one, 'rs2')).toBe('not checked yet; out until it answers')
    expect(dests(one)).toEqual(dests(before))
  })

  it('damps what is young, and believes what is old no longer than until an answer', () => {
    for (const [awayMs, healthy] of [
      [290_000, true],
      [301_000, false],
      [null, true],
    ] as const) {
      const one = after(owner(), awayMs)
      on(one, 500)
      answer(one, '10.11.0.11', false)
      expect([awayMs, states(one)[0]?.healthy]).toEqual([awayMs, healthy])
      expect(states(one)[0]).toMatchObject({ basis: 'answers' })
    }
  })

  it('says of what is old that it is', () => {
    const one = after(owner(), 301_000)
    on(one, 500)
    expect(reasonOf(one, 'rs1')).toBe(
      'not checked yet; serves as it did more than 5 minutes ago, until its first answer',
    )
  })

  it('leaves the backup that serves alone in the table until another one answers', () => {
    const text = checkedBy(TCP).replace(
      'gateway: 10.12.0.254, weight: 1',
      'gateway: 10.12.0.254, weight: 1, backup: true',
    )
    const before = owner(text)
    for (const address of ['10.11.0.11', '10.11.0.12']) before.alive.delete(address)
    on(before, 20_000)
    expect(dests(before)).toEqual({ '10.12.0.13': 1 })
    const one = after(before, 40_000, text)
    on(one, 2000)
    expect(dests(one)).toEqual({ '10.12.0.13': 1 })
    answer(one, '10.11.0.11', true)
    on(one, 1000)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 1 })
    expect(dests(one)['10.12.0.13'] ?? 0).toBe(0)
  })

  it('keeps everybody where nobody answers at all, however old it is', () => {
    const one = after(owner(), 900_000)
    one.silentChecks = false
    one.alive.clear()
    on(one, 10_000)
    expect(Object.values(dests(one)).some((weight) => weight > 0)).toBe(true)
  })
})

describe('a check that becomes another one', () => {
  it('goes on from what the one before found, and says so until it has asked itself', () => {
    const one = owner()
    one.alive.delete('10.11.0.12')
    on(one, 6000)
    one.silentChecks = true
    one.take('check')
    configure(one, checkedBy('{ type: http, interval: 500ms, timeout: 300ms }'))
    expect(states(one).map(({ server, healthy, basis }) => [server, healthy, basis])).toEqual([
      ['rs1', true, 'earlier-check'],
      ['rs2', false, 'earlier-check'],
      ['rs3', true, 'earlier-check'],
    ])
    expect(reasonOf(one, 'rs1')).toBe('connected; found by the check as it was before')
    one.run(1)
    answer(one, '10.11.0.11', true)
    expect(reasonOf(one, 'rs1')).toBe('connected')
  })

  it('where there was none keeps whom the table serves, until they fail as often as others', () => {
    const one = owner(checkedBy('{ type: none }'))
    expect(states(one)[0]).toMatchObject({ healthy: true, basis: 'no-check' })
    one.silentChecks = true
    configure(one, checkedBy(TCP))
    on(one, 500)
    expect(states(one).map(({ healthy, serving, basis }) => [healthy, serving, basis])).toEqual(
      Array.from({ length: 3 }, () => [true, true, 'table']),
    )
    answer(one, '10.11.0.11', false)
    expect(states(one)[0]).toMatchObject({ healthy: true, basis: 'answers' })
  })
})

it('a realserver that comes new is out until it answers', () => {
  const few = checkedBy(TCP).replace(/\n *- \{ node: rs2[^\n]*/, '')
  const one = owner(few)
  one.silentChecks = true
  configure(one, checkedBy(TCP))
  on(one, 1000)
  expect(states(one).find(({ server }) => server === 'rs2')).toMatchObject({ healthy: null, serving: false })
  answer(one, '10.11.0.12', true)
  expect(states(one).find(({ server }) => server === 'rs2')).toMatchObject({ healthy: true, serving: true })
})

it('a verdict without answers stays, and says how old it is', () => {
  const one = owner()
  one.silentChecks = true
  on(one, 301_000)
  const [first] = one.core.checks(one.now()).checks
  expect(first).toMatchObject({ healthy: true, serving: true })
  expect(first?.ageMs).toBeGreaterThan(300_000)
  expect(reasonOf(one, 'rs1')).toBe('connected; its check has told nothing for 5 min')
})
