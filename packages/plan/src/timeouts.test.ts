/** Timeouts of IPVS that the configuration names for a while. */
import type { IpvsTimeouts } from '@lvsm/model'
import { expect, it } from 'vitest'
import { apply, kernel, planInput, view } from './fixture.ts'
import {
  desired,
  describeOperation,
  diff,
  forget,
  NOTHING_OWNED,
  type Observed,
  type OwnedRecord,
  ownsServices,
  readRecord,
  rememberSettings,
  writeRecord,
} from './index.ts'
import { timeoutTroubles } from './timeouts.ts'

const BOOT: IpvsTimeouts = { tcp: 900, tcpFin: 120, udp: 300 }
const NONE: IpvsTimeouts = { tcp: null, tcpFin: null, udp: null }
const director = view('dir1')
interface Node {
  readonly now: Observed
  readonly record: OwnedRecord
  readonly said?: readonly string[]
}
const started: Node = { now: kernel({ timeouts: BOOT, services: [] }), record: NOTHING_OWNED }

/** Two looks with this configuration; the record is written and read again after each. */
function settle(before: Node, ipvsTimeouts: IpvsTimeouts, of = director): Node {
  let { now, record } = before
  const said: string[] = []
  for (let look = 0; look < 2; look++) {
    const wanted = desired(planInput('dir1', { view: { ...of, ipvsTimeouts } }), now)
    const plan = diff(now, wanted, record).filter(({ kind }) => kind === 'timeouts')
    record = forget(readRecord(writeRecord(rememberSettings(record, now, wanted, plan))), [], now.services ?? [])
    said.push(...plan.map(describeOperation))
    now = plan.reduce(apply, now)
  }
  return { now, record, said }
}
const set = (node: Node, timeouts: Partial<IpvsTimeouts>): Node => ({
  ...node,
  now: { ...node.now, timeouts: { ...BOOT, ...node.now.timeouts, ...timeouts } },
})

it('one that is said no more is as it was before, and nothing is remembered of it', () => {
  const short = settle(started, { ...NONE, udp: 5 })
  expect(short.now.timeouts).toEqual({ ...BOOT, udp: 5 })
  expect(writeRecord(short.record)).toBe('timeout udp\twas 300\twrote 5')
  const back = settle(short, NONE)
  expect(back.now.timeouts).toEqual(BOOT)
  expect(back.said).toHaveLength(1)
  expect(writeRecord(back.record)).toBe('')
})

it('each for itself', () => {
  const both = settle(started, { tcp: 600, tcpFin: 60, udp: 5 })
  expect(settle(both, { ...NONE, tcp: 700 }).now.timeouts).toEqual({ tcp: 700, tcpFin: 120, udp: 300 })
})

it('values of ours in between are not what it was before', () => {
  const longer = settle(settle(started, { ...NONE, udp: 5 }), { ...NONE, udp: 10 })
  expect(longer.now.timeouts?.udp).toBe(10)
  expect(settle(longer, NONE).now.timeouts).toEqual(BOOT)
})

it('what somebody else has set meanwhile stays', () => {
  const short = settle(started, { ...NONE, udp: 5 })
  const left = settle(set(short, { udp: 40 }), NONE)
  expect([left.now.timeouts?.udp, left.said, writeRecord(left.record)]).toEqual([40, [], ''])
  const again = settle(set(short, { udp: 40 }), { ...NONE, udp: 5 })
  expect(settle(again, NONE).now.timeouts?.udp, 'the last value that was not ours').toBe(40)
})

it('one that is as the configuration wants it anyway was not set by us', () => {
  const same = settle(started, { ...NONE, udp: 300 })
  expect([same.said, writeRecord(same.record)]).toEqual([[], ''])
})

it('who is a director no more gives them back, and looks at IPVS for that long', () => {
  const short = settle(started, { ...NONE, udp: 5 })
  expect(ownsServices(short.record)).toBe(true)
  const left = settle(short, { ...NONE, udp: 5 }, { ...director, directs: [], services: [] })
  expect([left.now.timeouts, ownsServices(left.record)]).toEqual([BOOT, false])
})

it('of an IPVS that is gone there is nothing to give back', () => {
  const short = settle(started, { ...NONE, udp: 5 })
  const { timeouts: _, ...now } = short.now
  const left = settle({ ...short, now: { ...now, services: null } }, NONE)
  expect([left.said, writeRecord(left.record)]).toEqual([[], ''])
})

it('a line of the record that was spoilt does nothing', () => {
  const spoilt = readRecord('timeout udp\twas many\twrote 5\ntimeout tcp\twas 0\twrote 900')
  const { said, now } = settle(set({ ...started, record: spoilt }, { udp: 5 }), NONE)
  expect([said, now.timeouts?.udp]).toEqual([[], 5])
})

it('says that somebody shortened what the configuration leaves to the kernel', () => {
  const said = (timeouts: IpvsTimeouts, ipvsTimeouts: IpvsTimeouts = NONE, of = director) =>
    timeoutTroubles({ ...of, ipvsTimeouts }, { timeouts, services: [] }, NOTHING_OWNED)
  expect(said({ tcp: 60, tcpFin: 120, udp: 10 })).toMatchObject([
    {
      ...{ code: 'ipvs-timeouts', severity: 'warning', object: 'node dir1' },
      message:
        'IPVS of dir1 forgets idle connections early (tcp 60 s, udp 10 s): the configuration leaves that to the kernel, which begins with tcp 900 s, udp 300 s',
      hint: 'on dir1: ipvsadm --set 900 0 300, and find what set them (a script, a unit, keepalived); where they are wanted: tcp-timeout, udp-timeout in the configuration, for all directors',
    },
  ])
  const [{ hint = '' } = {}] = said({ tcp: 3600, tcpFin: 60, udp: 400 }, { ...NONE, tcp: 3600 })
  expect(hint, 'what is configured, and what is longer, stays').toMatch(/^on dir1: ipvsadm --set 0 120 0, and/)
  for (const now of [BOOT, { tcp: 3600, tcpFin: 120, udp: 300 }]) expect(said(now)).toEqual([])
  expect(said({ ...BOOT, tcp: 60 }, { ...NONE, tcp: 60 }), 'it is configured').toEqual([])
  expect(said({ ...BOOT, tcp: 60 }, NONE, view('rs1')), 'it directs nothing').toEqual([])
  const configured = settle(started, { ...NONE, tcp: 60 })
  expect(timeoutTroubles(director, configured.now, configured.record), 'it is ours, and is given back').toEqual([])
})
