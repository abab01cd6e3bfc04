/** A realserver in the wrong hands, with its own key: whatever it reports, it reports of itself. */
import { beginState, parseDocument } from '@lvsm/changes'
import { agentReport, type AgentReport, statusReport } from '@lvsm/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { believedEvents, clusterStatusOf } from './cluster-status.ts'
import { Reported } from './reported.ts'

const parsed = parseDocument(SAMPLE_DOCUMENT).document
if (!parsed) throw new Error('the sample has faults')
const STATE = beginState(parsed, { at: 0, author: 'init', comment: '' })
const LIAR = 'rs1'
const NOW = '2026-11-27T20:00:00.000Z'
const at = { now: 10_000, wall: { now: NOW, latest: NOW, msOf: Date.parse } }
const CLOCK = 1_790_000_000_000_000

const HONEST: readonly (readonly [string, AgentReport])[] = ['dir1', 'dir2', 'rs2'].map((node, index) => {
  const roles = ['owner', 'standby', 'none'] as const
  const group = { name: 'web', role: roles[index] ?? 'none', owner: 'dir1', number: 7, leftMs: 100, reason: 'well' }
  const table = [{ key: '10.11.0.11:80', weight: 1, healthy: true, active: 4, inactive: 1, reason: 'answers' }]
  return [
    node,
    {
      boot: node,
      number: 1,
      whole: true,
      self: { revision: 1, state: index === 0 ? 'owner' : 'serving', reason: 'well', standby: false, versions: {} },
      lease: { quorum: true, groups: [group], peers: [] },
      troubles: [],
      pings: { '10.11.0.100': true },
      counters: {},
      services: index === 0 ? ['http'] : [],
      tables: index === 0 ? { http: table } : {},
      events: [
        {
          serial: 1,
          at: NOW,
          group: 'web',
          kind: 'took',
          number: 7,
          reason: 'nobody had it',
          clock: CLOCK - index,
          ageMs: 5,
        },
        { serial: 2, at: NOW, group: '', kind: 'note', number: 0, reason: 'well', clock: CLOCK + index, ageMs: 5 },
      ],
    },
  ]
})

const name = fc.constantFrom('dir1', 'dir2', 'rs1', 'rs2', 'web', 'http', '10.11.0.100', '__proto__', 'constructor', '')
const number = fc.constantFrom(0, 1, 7, 8, 2 ** 31, 2 ** 52, 2 ** 53 - 1)
const text = fc.constantFrom(
  '',
  'well',
  '\u001b[2J',
  '\u009b31m',
  '\ud800',
  'x'.repeat(400),
  '2099-01-01T00:00:00.000Z',
)
const life = fc.constantFrom('alive', 'late', 'dead', 'unknown', 'else')
const key = fc.constantFrom('10.11.0.11:80', '10.11.0.12:80', '')
const lie = fc.record(
  {
    boot: fc.constantFrom('a', 'b', 'dir1'),
    number: number.map((one) => Math.max(1, one)),
    whole: fc.boolean(),
    self: fc.record(
      {
        revision: number,
        state: fc.constantFrom('owner', 'standby', 'dead', 'serving', 'else'),
        reason: text,
        standby: fc.boolean(),
        word: fc.record({ standby: fc.boolean(), author: text, since: number, known: number }),
        versions: fc.dictionary(name, text),
        model: number,
      },
      { requiredKeys: ['revision', 'state', 'reason', 'standby', 'versions'] },
    ),
    lease: fc.record({
      quorum: fc.boolean(),
      epoch: number,
      groups: fc.array(
        fc.record({
          name,
          role: fc.constantFrom('owner', 'acquiring', 'releasing', 'standby', 'none', 'else'),
          owner: fc.option(name),
          number,
          leftMs: number,
          reason: text,
        }),
      ),
      peers: fc.array(fc.record({ name, life, standby: fc.boolean() })),
    }),
    troubles: fc.array(fc.record({ code: name, severity: text, message: text, leftMs: number })),
    pings: fc.dictionary(name, fc.option(fc.boolean())),
    ready: fc.dictionary(name, text),
    counters: fc.dictionary(name, number),
    services: fc.array(name),
    tables: fc.dictionary(
      name,
      fc.array(
        fc.record({ key, weight: number, healthy: fc.boolean(), active: number, inactive: number, reason: text }),
      ),
    ),
    events: fc.array(
      fc.record({
        serial: number.map((one) => Math.max(1, one)),
        at: text.map((one) => one.slice(0, 32)),
        group: name,
        kind: fc.constantFrom('took', 'lost', 'refused', 'renumbered', 'note'),
        number,
        reason: text,
        origin: fc.record({ life: fc.constantFrom('dir1', 'a', ''), serial: number.map((one) => Math.max(1, one)) }),
        clock: fc.oneof(number, fc.constantFrom(CLOCK - 5, CLOCK, CLOCK + 5)),
        ageMs: number,
        lastedMs: number,
        code: name,
        severity: text,
      }),
    ),
  },
  { requiredKeys: ['boot', 'number', 'whole', 'events'] },
)

let understood = 0
function seen(lies: readonly unknown[]) {
  const [reported, other] = [new Reported(), new Reported()]
  for (const [node, report] of HONEST) reported.take(node, report, at)
  for (const one of lies) {
    const read = agentReport.safeParse(one)
    if (!read.success) continue
    understood += 1
    reported.take(LIAR, read.data, at)
  }
  // As another coordinator has it.
  for (const [node] of reported.all()) {
    const told = reported.announce(node, at.now)
    const wanted = told && other.wanted(node, told, at.now)
    const answer = wanted && reported.answer(node, wanted, at.now)
    if (answer) other.answered(node, answer.report, answer.ageMs, at)
  }
  return [reported, other].map((one) => {
    const status = clusterStatusOf({
      state: STATE,
      records: one.all(),
      now: at.now,
      node: 'dir1',
      troubles: [],
      counters: {},
    })
    return { status, events: believedEvents(one.events(at.now), STATE.config) }
  })
}
const ofOthers = ({ status, events }: ReturnType<typeof seen>[number]) => ({
  ...status,
  // A voter is believed in which epoch its own lease process acts on.
  epoch: 0,
  nodes: status.nodes.filter(({ name: node }) => node !== LIAR),
  troubles: status.troubles.filter(({ node }) => node !== LIAR),
  events: events.filter(({ node }) => node !== LIAR),
})
const TRUTH = seen([]).map(ofOthers)

test('nothing of it throws, changes what is said of others, or looks like what it is not', () => {
  fc.assert(
    fc.property(fc.array(lie, { minLength: 1, maxLength: 4 }), (lies) => {
      const found = seen(lies)
      expect(found.map(ofOthers)).toEqual(TRUTH)
      for (const { status, events } of found) {
        expect(statusReport.safeParse(JSON.parse(JSON.stringify(status))).success).toBe(true)
        expect(status.nodes.find((one) => one.name === LIAR)?.state).not.toBe('owner')
        expect(events.some(({ node, kind }) => node === LIAR && kind !== 'note')).toBe(false)
        expect(JSON.stringify([status, events]).replaceAll('\\ud800', '')).not.toMatch(/\\u00[01]|[\u0080-\u009f]/)
      }
    }),
    { numRuns: 300 },
  )
  expect(understood).toBeGreaterThan(200)
})
