/** A verdict that no answer renews: whether that realserver serves is not known after a while, and a prober that starts anew is no such while. */
import { agreementDigests, SAMPLE } from '@lvsm/model'
import {
  decodeMessage,
  encodeMessage,
  judge,
  type StateMessage,
  type TablesMessage,
  verdictLines,
} from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { explain } from '../../../../packages/cli/src/explain/explain.ts'
import { node, statusOf, type TestNode } from '../fixture.ts'

type Answer = (address: string) => { readonly ok: true | null; readonly reason: string } | null
const WELL: Answer = () => ({ ok: true, reason: 'connected' })
const NOTHING: Answer = () => null
const PLUGIN = 'plugin /usr/lib/x: ENOENT'
const WITHOUT_RS2: Answer = (address) =>
  address === '10.11.0.12' ? { ok: null, reason: PLUGIN } : { ok: true, reason: 'connected' }

function live(one: TestNode, ms: number, answer: Answer) {
  for (let left = ms; left > 0; left -= 100) {
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1', 7) })
    if (left % 1000 === 0)
      for (const from of ['dir2', 'rs1', 'rs2', 'rs3']) {
        const state: StateMessage['state'] = from === 'dir2' ? 'standby' : 'serving'
        const text = encodeMessage({
          ...{ kind: 'state', boot: from, revision: 1, agreement: agreementDigests(one.config), state },
          ...{ reason: 'well', standby: false, ready: { web: '' }, pings: {}, unheard: [], troubles: [], events: [] },
        })
        one.feed({ kind: 'message', from, text })
      }
    for (const { id, address } of one.take('check')) {
      const said = answer(address)
      if (said) one.feed({ kind: 'checked', id, ...said })
    }
    one.run(100)
  }
  const status = one.core.status(one.now())
  const verdict = judge(status)
  const { what, why } = explain({ status, events: [] }, { kind: 'service', name: 'http' })
  return {
    head: [verdict.health, ...verdictLines(verdict)],
    served: verdict.served.get('http'),
    said: `${what}. ${why}`,
  }
}
function owner(text = SAMPLE): TestNode {
  const one = node('dir1', undefined, text)
  one.silentChecks = true
  one.feed({ kind: 'lease-up' })
  expect(live(one, 8000, WELL)).toMatchObject({ head: ['healthy'], served: true })
  return one
}

test('of one that nobody asks with success any more', () => {
  const one = owner()
  const { head, served, said } = live(one, 600_000, WITHOUT_RS2)
  expect(head).toEqual([
    'not known',
    expect.stringMatching(
      /^not known: whether rs2 serves http \(connected; its check has told nothing for 10 min; nobody knows since \d+ answers: plugin/,
    ),
  ])
  expect(served, 'the others answer').toBe(true)
  expect(said).toContain('whether rs2 answers is not known (connected; its check has told nothing for 10 min')
  expect(said).toContain('rs1, rs3 answer their checks')
  expect(said).not.toContain('all of them')
  expect(live(one, 2000, WELL).head).toEqual(['healthy'])
})

test('of all: whether the service is served is not known', () => {
  const one = owner()
  const { head, served, said } = live(one, 600_000, NOTHING)
  expect(head).toEqual([
    'not known',
    ...['rs1', 'rs2', 'rs3'].map(
      (name) => `not known: whether ${name} serves http (connected; its check has told nothing for 10 min)`,
    ),
  ])
  expect(served).toBeNull()
  expect(said).not.toMatch(/is served|answer their check/)
})

test.each([
  ['a prober that hangs, is ended and starts anew', SAMPLE, 25_000],
  ['a check that is made every minute', SAMPLE.replace('interval: 500ms', 'interval: 1m'), 290_000],
])('%s: nothing is raised', (_, text, ms) => {
  const one = owner(text)
  for (let passed = 0; passed < ms; passed += 5000) expect(live(one, 5000, NOTHING).head).toEqual(['healthy'])
  expect(live(one, 60_000, NOTHING).head[0]).toBe('not known')
})

test('the others are told how old it is, and read an older agent that does not tell', () => {
  const row = { key: '10.11.0.11:80', weight: 1, healthy: true, active: 0, inactive: 0, reason: 'connected' }
  for (const one of [row, { ...row, unansweredMs: 600_000 }]) {
    const message: TablesMessage = { kind: 'tables', services: { http: [one] } }
    expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message })
  }
})
