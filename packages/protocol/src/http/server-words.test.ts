import { describe, expect, it } from 'vitest'
import { serverWhy, shownWord } from './server-words.ts'
import type { RealserverReport } from './status.ts'

const RS1: RealserverReport = {
  ...{ node: 'rs1', address: '10.11.0.11', port: 80, forward: 'dr', weight: 1, healthy: true },
  ...{ active: 12, inactive: 340, reason: 'connected' },
}

describe('why a realserver is as it is', () => {
  const wanted = {
    ...{ what: 'server rs1', intent: 'drain', author: 'alice', since: 0 },
    ...{ until: null, comment: '', idle: false },
  }
  const why = (more: Partial<RealserverReport>, told = true): string =>
    serverWhy({ ...RS1, ...more }, told, (ms) => `moment ${ms}`)
  const left = { wanted, state: 'draining', active: 12 } as const
  it.each<[Partial<RealserverReport>, boolean, string]>([
    [{}, true, 'connected'],
    [{ upper: 500 }, true, 'connected; at most 500 connections'],
    [{ upper: 352 }, true, 'connected; full: at most 352 connections'],
    [{ ...left, doneInMs: 250_000 }, true, 'drain by alice, 12 established, done in about 4 min; healthy: connected'],
    [
      { ...left, doneInMs: null },
      true,
      'drain by alice, 12 established, not known when they are done; healthy: connected',
    ],
    [{ ...left, state: 'stopping' }, true, 'drain by alice, 12 established; healthy: connected'],
    [{ ...left, active: 0, doneInMs: 0 }, true, 'drain by alice, 0 established; healthy: connected'],
    [{ ...left, doneInMs: 1 }, false, 'drain by alice, not known how many are established; healthy: connected'],
    [{ wanted, state: 'drained', active: 0, doneInMs: 0 }, true, 'drain by alice; healthy: connected'],
    [
      { ...left, wanted: { ...wanted, deadline: 7 } },
      true,
      'drain by alice, 12 established, connections cut off at moment 7; healthy: connected',
    ],
  ])('%j, told: %s: %s', (more, told, text) => expect(why(more, told)).toBe(text))
  it('of a table that nobody told, what checks say, and no health', () => {
    const known = { ...RS1, healthy: true, reason: 'connected' }
    expect([shownWord(known, false), serverWhy(known, false, String)]).toEqual(['not known', 'checks say: connected'])
    const nothing = { ...RS1, healthy: null, reason: 'dir2 did not tell' }
    expect(serverWhy(nothing, false, String)).toBe('dir2 did not tell')
  })
  it('of one that is well by its check, what its node says of itself now', () => {
    const trouble = (code: string, more: object = {}) => ({
      ...{ node: 'rs1', code, severity: 'critical' as const, message: 'as it says', ...more },
    })
    const all = [
      trouble('loopback-down'),
      trouble('qdisc-harm'),
      trouble('state-not-kept'),
      trouble('fought-over', { node: 'rs2' }),
      trouble('drop-rule', { severity: 'warning' }),
      trouble('no-way', { pastMs: 10 }),
    ]
    const of = (more: Partial<RealserverReport>): string => serverWhy({ ...RS1, ...more }, true, String, all)
    expect(of({})).toBe('connected; but see loopback-down, qdisc-harm of rs1')
    expect(of({ healthy: false, reason: 'refused' })).toBe('refused')
  })
})
