/**
 * Agents that report to one of three coordinators, over connections that are cut and links that lose: what each coordinator has in
 * the end is what each agent said last, and every event once, in its order.
 */
import { instant, type Random, seededRandom } from '@lvsm/base'
import {
  type AgentReport,
  decodeFollowerMessage,
  decodePeerMessage,
  encodeFeedMessage,
  encodePeerMessage,
  ordered,
  type OwnReport,
  REPORT_ROOM,
} from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { ownReport } from '../../test/kit/own-report.ts'
import { Reporter } from '../../agent/node/feed/reporter.ts'
import { LARGEST } from './record.ts'
import { Reported } from './reported.ts'

const AT = '2026-11-27T20:00:00.000Z'
const WALL = { now: AT, latest: AT, msOf: Date.parse }
const CLOCK = 1_790_000_000_000_000
const NODES = ['dir1', 'rs1']
const IDS = [0, 1, 2]

const NOTHING = ownReport('boot 0')

class Agent {
  readonly name: string
  own: OwnReport
  reporter = new Reporter()
  to: number | null = null
  /** Of all its lives, those that it still remembers. */
  readonly told: string[] = []
  lives = 0
  constructor(name: string) {
    this.name = name
    this.own = { ...NOTHING, boot: `${name} 0` }
  }
  change(random: Random): void {
    const roll = Math.floor(random.next() * 100)
    const table = [{ key: '10.0.0.1:80', weight: 1, healthy: true, active: roll, inactive: 0, reason: '' }]
    const { [`service ${roll % 5}`]: gone, ...tables } = this.own.tables
    this.own = {
      ...this.own,
      counters: { 'drop-mac': roll },
      tables: gone ? tables : { ...tables, [`service ${roll % 5}`]: table },
    }
    this.reporter.take(this.own)
  }
  happens(): void {
    const serial = (this.own.events.at(-1)?.serial ?? 0) + 1
    const reason = `${this.own.boot} event ${serial}`
    const event = { serial, at: AT, group: '', kind: 'note', number: 0, reason, clock: CLOCK + this.told.length }
    this.told.push(reason)
    this.own = { ...this.own, events: [...this.own.events, event] }
    this.reporter.take(this.own)
  }
  restart(): void {
    this.lives += 1
    // What happened last may not have been on its disk; all else is told again, under numbers of this life.
    const kept = this.own.events.slice(0, this.lives % 2 === 0 ? -1 : undefined)
    const events = kept.map(({ serial, origin = { life: this.own.boot, serial }, ...event }, at) => ({
      ...event,
      origin,
      serial: at + 1,
    }))
    this.own = { ...NOTHING, boot: `${this.name} ${this.lives}`, events }
    this.reporter = new Reporter()
    this.reporter.take(this.own)
    this.to = null
  }
}

class Life {
  readonly random: Random
  readonly agents = NODES.map((name) => new Agent(name))
  readonly coordinators = IDS.map(() => new Reported())
  now = 1000
  /** Links between coordinators lose so many messages. */
  loss = 0.3
  diffs = 0
  asked = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
    for (const agent of this.agents) agent.reporter.take(agent.own)
  }
  at() {
    return { now: this.now, wall: WALL }
  }
  connect(agent: Agent): void {
    agent.to = Math.floor(this.random.next() * 3)
    agent.reporter.opened()
  }
  report(agent: Agent): void {
    const said = agent.to === null ? null : agent.reporter.next(instant(this.now))
    if (!said || agent.to === null) return
    const read = decodeFollowerMessage(encodeFeedMessage({ kind: 'report', ...said }))
    if (!read.ok || read.message.kind !== 'report') throw new Error('nobody understands it')
    this.diffs += Number(!said.whole)
    const { kind: _, ...report } = read.message
    const answer = this.coordinators[agent.to]?.take(agent.name, report, this.at())
    // A cut at this moment: it was heard, and the agent does not know that.
    if (this.random.next() < 0.1) return void (agent.to = null)
    if (answer) agent.reporter.answered({ ...answer, origins: true })
  }
  link<Message extends object>(message: Message): Message | null {
    return this.random.next() < this.loss ? null : message
  }
  share(): void {
    for (const from of IDS)
      for (const to of IDS.filter((id) => id !== from))
        for (const { name } of this.agents.filter((one) => one.to === from)) this.tell(name, from, to)
  }
  tell(name: string, from: number, to: number): void {
    const [teller, asker] = [this.coordinators[from], this.coordinators[to]]
    const announced = teller?.announce(name, this.now)
    const wanted = announced && this.link(announced) && asker?.wanted(name, announced, this.now)
    if (!wanted || !this.link(wanted)) return
    this.asked += 1
    const answer = teller?.answer(name, wanted, this.now)
    if (!answer || !this.link(answer)) return
    const read = decodePeerMessage(encodePeerMessage({ kind: 'report', from, to, name, ...answer }))
    if (!read.ok || read.message.kind !== 'report') throw new Error('nobody understands it')
    asker?.answered(name, read.message.report, read.message.ageMs, this.at())
  }
  settle(): void {
    this.loss = 0
    for (const agent of this.agents) if (agent.to === null) this.connect(agent)
    for (let turn = 0; turn < 40; turn++) {
      this.now += 600
      for (const agent of this.agents) {
        if (agent.to === null) this.connect(agent)
        this.report(agent)
      }
      this.share()
    }
  }
}

const DEEDS: readonly ((life: Life, agent: Agent) => void)[] = [
  (life, agent) => agent.change(life.random),
  (life, agent) => agent.happens(),
  (life, agent) => life.report(agent),
  (life, agent) => life.report(agent),
  (life) => life.share(),
  (life, agent) => {
    if (life.random.next() < 0.3) life.connect(agent)
  },
  (life, agent) => {
    if (life.random.next() < 0.05) agent.restart()
  },
  (life) => {
    // A coordinator that starts anew knows nothing.
    const id = Math.floor(life.random.next() * 3)
    if (life.random.next() > 0.05) return
    life.coordinators[id] = new Reported()
    for (const agent of life.agents) if (agent.to === id) agent.to = null
  },
]

const lastOf = ({ said, tables }: { said: object; tables: ReadonlyMap<string, { destinations: unknown }> }) => ({
  ...said,
  tables: Object.fromEntries([...tables].map(([name, one]) => [name, one.destinations])),
})

test('whatever is cut or lost, all coordinators come to what the agents said last, and to every event once', () => {
  let [diffs, asked, earlier] = [0, 0, 0]
  for (let seed = 1; seed <= 60; seed++) {
    const life = new Life(seed)
    for (let turn = 0; turn < 300; turn++) {
      life.now += Math.floor(life.random.next() * 400)
      const agent = life.agents[Math.floor(life.random.next() * life.agents.length)]
      if (agent) DEEDS[Math.floor(life.random.next() * DEEDS.length)]?.(life, agent)
    }
    life.settle()
    for (const reported of life.coordinators)
      for (const { name, own } of life.agents) {
        const record = reported.all().get(name)
        const { boot: _, events, tables, ...parts } = own
        expect([seed, name, record && lastOf(record)]).toEqual([
          seed,
          name,
          { ...parts, services: Object.keys(tables), tables },
        ])
        const reasons = ordered(reported.events(life.now)).flatMap((one) =>
          one.node === name && one.reason.startsWith(name) ? [one.reason] : [],
        )
        const remembered = new Set(events.map(({ reason }) => reason))
        expect(reasons.filter((one) => remembered.has(one))).toEqual([...remembered])
        expect(new Set(reasons).size).toBe(reasons.length)
        earlier += events.filter(({ origin }) => origin).length
      }
    diffs += life.diffs
    asked += life.asked
  }
  expect(Math.min(diffs, asked, earlier)).toBeGreaterThan(500)
})

const tableOf = (size: number) => [
  { key: 'k', weight: 1, healthy: true, active: 1, inactive: 1, reason: 'x'.repeat(size) },
]

test('a table of more than any node has is left out, and all else of the node is known', () => {
  const reported = new Reported()
  const at = { now: 0, wall: WALL }
  const base: AgentReport = { boot: 'a', number: 1, whole: true, services: ['a', 'b'], events: [] }
  const tables = { a: tableOf(LARGEST), b: tableOf(1) }
  expect(reported.take('rs1', { ...base, tables }, at)).toEqual({ number: 1, event: 0, isCut: true })
  expect([...(reported.all().get('rs1')?.tables.keys() ?? [])]).toEqual(['b'])
  const later = { ...base, number: 2, whole: false, tables: { a: tableOf(1) } }
  expect(reported.take('rs1', later, at)).toEqual({ number: 2, event: 0, isCut: false })
  expect(reported.all().get('rs1')?.tables.size).toBe(2)
})

test('a node of much is told to other coordinators in pieces that leave room for what is more urgent', () => {
  const [one, other] = [new Reported(), new Reported()]
  const at = { now: 0, wall: WALL }
  const names = Array.from({ length: 40 }, (_, number) => `service ${number}`)
  const say = (number: number, more: Partial<AgentReport>) =>
    one.take('dir1', { boot: 'a', number, whole: number === 1, events: [], ...more }, at)
  say(1, { services: names.slice(0, 20) })
  names.forEach((name, index) => {
    const services = names.slice(0, Math.max(20, index + 1))
    say(index + 2, { services, tables: { [name]: tableOf(50_000) } })
  })
  let messages = 0
  for (;;) {
    const announced = one.announce('dir1', 0)
    const wanted = announced && other.wanted('dir1', announced, 0)
    const answer = wanted && one.answer('dir1', wanted, 0)
    if (!answer) break
    messages += 1
    expect(JSON.stringify(answer).length).toBeLessThan(2 * REPORT_ROOM)
    other.answered('dir1', answer.report, answer.ageMs, at)
  }
  expect(messages).toBeGreaterThan(10)
  const [told, known] = [one, other].map((reported) => reported.all().get('dir1'))
  expect(known && lastOf(known)).toEqual(told && lastOf(told))
  expect(known?.tables.size).toBe(40)
})

test('a machine that is set back, its agent with it, is known again after a few seconds', () => {
  const [one, other] = [new Reported(), new Reported()]
  const report = (number: number, revision: number): AgentReport => ({
    boot: 'a',
    number,
    whole: true,
    self: { ...NOTHING.self, revision },
    events: [],
  })
  const share = (now: number) => {
    const announced = one.announce('rs1', now)
    const wanted = announced && other.wanted('rs1', announced, now)
    const answer = wanted && one.answer('rs1', wanted, now)
    if (answer) other.answered('rs1', answer.report, answer.ageMs, { now, wall: WALL })
    return other.all().get('rs1')?.said.self?.revision
  }
  one.take('rs1', report(2 ** 53 - 1, 7), { now: 0, wall: WALL })
  expect(share(0)).toBe(7)
  one.take('rs1', report(5, 3), { now: 4000, wall: WALL })
  // It may be a word that comes late.
  expect(share(4000)).toBe(7)
  one.take('rs1', report(6, 4), { now: 6000, wall: WALL })
  expect(share(6000)).toBe(4)
  one.take('rs1', report(7, 5), { now: 6001, wall: WALL })
  expect(share(6001)).toBe(5)
})

test('what does not follow on the report before is asked for as a whole', () => {
  const reported = new Reported()
  const at = { now: 0, wall: WALL }
  const base: AgentReport = { boot: 'a', number: 5, whole: false, events: [] }
  expect(reported.take('rs1', base, at)).toMatchObject({ number: 0, event: 0 })
  expect(reported.take('rs1', { ...base, whole: true }, at)).toMatchObject({ number: 5, event: 0 })
  expect(reported.take('rs1', { ...base, number: 7 }, at)).toMatchObject({ number: 0, event: 0 })
  expect(reported.take('rs1', { ...base, boot: 'b', number: 6 }, at)).toMatchObject({ number: 0, event: 0 })
  expect(reported.take('rs1', { ...base, number: 6 }, at)).toMatchObject({ number: 6, event: 0 })
})

test('events that one answer has no room for are asked for again', () => {
  const [one, other] = [new Reported(), new Reported()]
  const at = { now: 0, wall: WALL }
  const eventOf = (serial: number) => ({ serial, at: AT, group: '', kind: 'note', number: 0, reason: `${serial}` })
  const some = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => eventOf(from + index))
  one.take('rs1', { boot: 'a', number: 1, whole: true, events: some(1, 100) }, at)
  one.take('rs1', { boot: 'a', number: 2, whole: false, events: some(101, 150) }, at)
  for (const known of [100, 150, 150]) {
    const announced = one.announce('rs1', 0)
    const wanted = announced && other.wanted('rs1', announced, 0)
    const answer = wanted && one.answer('rs1', wanted, 0)
    if (answer) other.answered('rs1', answer.report, answer.ageMs, at)
    expect(other.announce('rs1', 0)).toEqual({ boot: 'a', number: 2, event: known, ageMs: 0 })
  }
  expect(other.events(0).map(({ reason }) => reason)).toEqual(some(1, 150).map(({ reason }) => reason))
})
