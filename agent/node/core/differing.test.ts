/** What directors find otherwise than each other: shown everywhere, and a trouble where a takeover would end a service. */
import { agreementDigests, SAMPLE } from '@lvsm/model'
import { decodeMessage, encodeMessage, LONGEST_MESSAGE, type StateMessage } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { node, statusOf, type TestNode } from './fixture.ts'
import { bytesOf } from './publish/packing.ts'

const ALL = ['10.11.0.11', '10.11.0.12', '10.12.0.13']
const KEYS = ['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080']
const RS = ['rs1', 'rs2', 'rs3']

/** A node, whose owner of web is another one that says what it finds failed. */
function beside(name: string, alive: readonly string[], failed: StateMessage['failed'], owner = 'dir1', text = SAMPLE) {
  const one = node(name, new Set(alive), text)
  one.feed({ kind: 'lease-up' })
  const from = name === owner ? 'dir2' : owner
  const says = (what = failed, more = false): void => {
    const said: StateMessage = {
      ...{ kind: 'state', boot: from, revision: 1, agreement: agreementDigests(one.config) },
      ...{ state: from === owner ? 'owner' : 'standby', reason: '', standby: false, ready: {}, pings: {} },
      ...{ troubles: [], events: [], ...(what ? { failed: what } : {}), ...(more ? { moreFailed: true } : {}) },
    }
    one.feed({ kind: 'message', from, text: encodeMessage(said) })
  }
  const goesOn = (ms: number, what = failed, more = false): void => {
    for (let left = ms; left > 0; left -= 1000) {
      one.feed({ kind: 'lease-status', status: statusOf(name, owner) })
      says(what, more)
      one.run(1000)
    }
  }
  goesOn(10_000)
  return { one, goesOn }
}
const troublesOf = (one: TestNode): string[] =>
  one.core
    .status(one.now())
    .troubles.filter(({ code }) => code === 'standby-finds-none' || code === 'verdicts-differ')
    .map(({ code, severity, message }) => `${severity} ${code}: ${message}`)
const shown = (one: TestNode) =>
  one.core.checks(one.now()).differing?.map(({ server, owner, failed, well }) => [server, owner, failed, well])

describe('a standby that finds', () => {
  it('what the owner finds says nothing', () => {
    const { one, goesOn } = beside('dir2', ALL.slice(1), { http: KEYS.slice(0, 1) })
    goesOn(20_000)
    expect([troublesOf(one), shown(one)]).toEqual([[], []])
  })
  it('one more failed shows it at once, and says it when it lasts', () => {
    const { one, goesOn } = beside('dir2', ALL.slice(1), {})
    expect([troublesOf(one), shown(one)]).toEqual([[], [['rs1', 'dir1', ['dir2'], ['dir1']]]])
    goesOn(15_000)
    expect(troublesOf(one)).toEqual([
      'info verdicts-differ: dir2 finds rs1 of http failed, and dir1, which owns web, does not',
    ])
    goesOn(1000, { http: KEYS.slice(0, 1) })
    expect([troublesOf(one), shown(one)], 'and it is over when they agree').toEqual([[], []])
  })
  it('one less failed says that too', () => {
    const { one, goesOn } = beside('dir2', ALL, { http: KEYS.slice(1, 2) })
    goesOn(15_000)
    expect(troublesOf(one)).toEqual([
      'info verdicts-differ: dir2 does not find rs2 of http failed, as dir1 does, which owns web',
    ])
  })
  it('nobody well, where the owner finds somebody, warns of a takeover', () => {
    const { one, goesOn } = beside('dir2', [], { http: KEYS.slice(0, 1) })
    expect(troublesOf(one)).toEqual([])
    goesOn(15_000)
    expect(troublesOf(one)).toEqual([
      'warning standby-finds-none: dir2 finds no realserver of http well, and dir1, which owns web, finds rs2, rs3 well: if dir2 took it over, it would keep rs1, rs2, rs3 although their checks fail there',
    ])
    goesOn(1000, { http: KEYS })
    expect(troublesOf(one), 'nobody is well').toEqual([])
  })
  it('nobody well says that nobody would be served only where the last ones are not kept', () => {
    const check = SAMPLE.replace('check: {', 'check: { keep-last: false,')
    expect(check).not.toBe(SAMPLE)
    const { one, goesOn } = beside('dir2', [], { http: KEYS.slice(0, 1) }, 'dir1', check)
    goesOn(15_000)
    expect(troublesOf(one)).toEqual([expect.stringMatching(/if dir2 took it over, http would not be served$/)])
  })
  it('an owner that does not say what it finds, or not of this service, says nothing', () => {
    const { one, goesOn } = beside('dir2', [], undefined)
    goesOn(20_000)
    expect([troublesOf(one), shown(one)]).toEqual([[], []])
    goesOn(20_000, { other: ['10.9.9.9:80'] }, true)
    expect([troublesOf(one), shown(one)], 'there are more').toEqual([[], []])
  })
})

it('an owner shows what its standby finds, and leaves the trouble to it', () => {
  const { one, goesOn } = beside('dir1', ALL, { http: KEYS })
  goesOn(20_000)
  expect(troublesOf(one)).toEqual([])
  expect(shown(one)).toEqual(RS.map((server) => [server, 'dir1', ['dir2'], ['dir1']]))
})

it('each says what it finds failed, within the bounds of a message', () => {
  const dir1 = node('dir1', new Set(ALL.slice(0, 1)))
  dir1.feed({ kind: 'lease-up' })
  for (let at = 0; at < 8; at++) {
    dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    dir1.run(1000)
  }
  const texts = dir1.take('message').map(({ text }) => text)
  const states = texts
    .map(decodeMessage)
    .flatMap((one) => (one.ok && one.message.kind === 'state' ? [one.message] : []))
  expect(states.at(-1)?.failed).toEqual({ http: KEYS.slice(1) })
  expect(Math.max(...texts.map(bytesOf))).toBeLessThanOrEqual(LONGEST_MESSAGE)
  const rs1 = node('rs1')
  rs1.feed({ kind: 'lease-up' })
  rs1.run(5000)
  expect(rs1.core.checks(rs1.now())).toMatchObject({ checks: [], differing: [] })
})
