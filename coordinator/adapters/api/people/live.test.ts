import { once } from 'node:events'
import { LIVE_CLOSE, LIVE_PATH, liveMessage, type Status } from '@lvsm/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import { hostOf } from '../../../../test/kit/configuration.ts'
import { weightOf } from '../../../../test/suites/configuration.ts'
import { SESSION } from '../../../api/sessions.ts'
import type { PeopleSetting } from './people.ts'
import {
  AUTHORITY,
  HOST,
  logIn,
  originOf,
  startPeople,
  staying,
  type TestPeople,
  withToken,
  withUser,
} from './fixture.ts'

const soon = { timeout: 30_000, interval: 10 }

const statusOf = (leftMs: number): Status => ({
  cluster: 'lab',
  node: 'dir1',
  revision: 1,
  quorum: true,
  groups: [
    {
      name: 'web',
      owner: 'dir1',
      number: 7,
      leftMs,
      addresses: [],
      directors: ['dir1'],
      pings: [],
      state: 'owned',
      reason: '',
    },
  ],
  services: [],
  nodes: [],
  troubles: [],
  counters: {},
})

const OTHER = { scheme: 'scrypt', n: 2, r: 1, p: 1, salt: 'ab'.repeat(16), hash: 'cd'.repeat(32) } as const

function visit({ port }: TestPeople, headers: Record<string, string>) {
  const page = new WebSocket(`wss://${HOST}:${port}${LIVE_PATH}`, { headers, ca: AUTHORITY.certificate })
  onTestFinished(() => page.terminate())
  const heard: unknown[] = []
  const ends: (number | string)[] = []
  page.on('message', (data: Buffer) => heard.push(liveMessage.parse(JSON.parse(data.toString()))))
  page.on('close', (code) => ends.push(code))
  page.on('error', (error) => ends.push(error.message))
  return { page, heard, ends }
}
/** Signs of life are among what is heard in one test alone. */
async function opened(live: object = { lookMs: 10 }, setting: Partial<PeopleSetting> = {}) {
  const people = await startPeople({ limits: { live: { aliveMs: 3_600_000, ...live } }, ...setting })
  await withUser(people, 'alice', 'viewer')
  const { cookie } = await logIn(people, 'alice')
  const headers = { cookie, origin: originOf(people) }
  return { people, headers }
}

describe('a page that is open', () => {
  it('hears how it is, and of each change of configuration, intents and coordinators', async () => {
    const { people, headers } = await opened()
    const { heard } = visit(people, headers)
    await expect
      .poll(() => heard, soon)
      .toMatchObject([{ revision: 1, coordinators: { leader: 1 }, wanted: { facts: [] } }])
    await people.configuration.write(weightOf(7))
    await expect.poll(() => heard.at(-1), soon).toMatchObject({ revision: 2 })
    const subject = { kind: 'server', node: 'rs1', service: null } as const
    const command = { model: 1, verb: 'drain', subject, forMs: null, comment: '' } as const
    await people.configuration.write({ kind: 'intent', author: 'bob', at: 1, command })
    await expect.poll(() => heard.at(-1), soon).toMatchObject({ wanted: { facts: [{ intent: 'drain' }] } })
    const { raft, members } = people.configuration.status()
    people.configuration.status = () => ({ raft: { ...raft, leader: null }, members })
    await expect.poll(() => heard.at(-1), soon).toMatchObject({ coordinators: { leader: null } })
    expect(heard).toHaveLength(4)
  })
  it('hears nothing while nothing is new, and of many changes at once the last', async () => {
    const { people, headers } = await opened()
    const { raft, members } = people.configuration.status()
    let asked = 0
    people.configuration.status = () => {
      const peers = raft.peers.map((peer) => ({
        ...peer,
        silentMs: (asked++ % 1000) + (peer.id === 9 ? 31_000 + asked * 500 : 0),
      }))
      return { raft: { ...raft, peers }, members }
    }
    const { heard } = visit(people, headers)
    await expect.poll(() => heard.length, soon).toBe(1)
    const before = asked
    await expect.poll(() => asked, soon).toBeGreaterThan(before + 20)
    expect(heard).toHaveLength(1)
    for (let weight = 20; weight < 120; weight++) await people.configuration.write(weightOf(weight))
    await expect.poll(() => heard.at(-1), soon).toMatchObject({ revision: 101 })
    expect(heard.length).toBeLessThan(50)
  })
  it('hears who owns what, what is well and who made the newest revision, but no news of how long a lease still lasts', async () => {
    const told = { status: statusOf(300) }
    const host = { ...hostOf(), clusterStatus: () => told.status }
    const { people, headers } = await opened({ lookMs: 10 }, { host })
    const { heard } = visit(people, headers)
    await expect
      .poll(() => heard, soon)
      .toMatchObject([{ status: { groups: [{ owner: 'dir1', leftMs: 300 }] }, written: { number: 1, author: 'init' } }])
    told.status = statusOf(200)
    told.status = { ...statusOf(200), counters: { replay: 7 } }
    await people.configuration.write(weightOf(7))
    await expect.poll(() => heard.at(-1), soon).toMatchObject({ revision: 2, status: { counters: { replay: 7 } } })
    expect(heard).toHaveLength(2)
    told.status = { ...statusOf(200), quorum: false }
    await expect.poll(() => heard.length, soon).toBe(3)
  })
  it('hears nothing of what is other at every look: what a lease has left, how old a report is, what was counted', async () => {
    let asked = 0
    const clusterStatus = (): Status => {
      asked += 1
      const node = {
        name: 'rs1',
        roles: [],
        voter: false,
        state: 'idle',
        reason: '',
        standby: false,
        agent: true,
      } as const
      const trouble = { node: 'rs1', code: 'late', severity: 'warning', message: 'late', leftMs: asked } as const
      return {
        ...statusOf(1_000_000 - asked),
        nodes: [{ ...node, ageMs: asked }],
        troubles: [trouble],
        counters: { replay: asked },
      }
    }
    const { people, headers } = await opened({ lookMs: 10 }, { host: { ...hostOf(), clusterStatus } })
    const { heard } = visit(people, headers)
    await expect.poll(() => heard.length, soon).toBe(1)
    const before = asked
    await expect.poll(() => asked, soon).toBeGreaterThan(before + 20)
    expect(heard).toHaveLength(1)
  })
  it('hears since when something is wrong that no trouble says, and how long a dead node is silent: once, and counts on by itself', async () => {
    const node = {
      name: 'rs1',
      roles: [],
      voter: false,
      state: 'dead',
      reason: '',
      standby: false,
      agent: false,
    } as const
    const told = { ageMs: 9000, status: statusOf(300) }
    const lost = { at: '2026-11-28T08:00:00.000Z', node: 'dir1', group: 'web', kind: 'lost', number: 7 } as const
    const host = {
      ...hostOf(),
      clusterStatus: () => ({ ...told.status, nodes: [{ ...node, ageMs: told.ageMs }] }),
      clusterEvents: () => ({ events: [{ ...lost, reason: 'it was cut off', ageMs: told.ageMs }] }),
    }
    const { people, headers } = await opened({ lookMs: 10 }, { host })
    const { heard } = visit(people, headers)
    await expect.poll(() => heard, soon).toMatchObject([{ events: [{ at: lost.at }] }])
    told.ageMs = 9300
    told.status = { ...statusOf(300), quorum: false }
    await expect.poll(() => heard.length, soon).toBe(2)
    told.ageMs = 10_000
    await expect
      .poll(
        staying(() => heard.length),
        { timeout: 10_000, interval: 200 },
      )
      .toBe(true)
    expect(heard).toHaveLength(2)
    told.ageMs = 100
    await expect.poll(() => heard.at(-1), soon).toMatchObject({ status: { nodes: [{ ageMs: 100 }] } })
  })
  it('hears that its coordinator is there while nothing is new', async () => {
    const { people, headers } = await opened({ lookMs: 10, aliveMs: 20 })
    const { heard } = visit(people, headers)
    await expect.poll(() => heard.length, soon).toBeGreaterThan(4)
    expect(heard.slice(1).every((message) => JSON.stringify(message) === '{"kind":"alive"}')).toBe(true)
  })
  it('of a script, by its token, too', async () => {
    const { people } = await opened()
    const { heard, ends } = visit(people, await withToken(people, 'viewer', { until: people.now + 1000 }))
    await expect.poll(() => heard.length, soon).toBe(1)
    people.now += 1000
    await expect.poll(() => ends, soon).toEqual([LIVE_CLOSE.loggedOut])
  })
})

describe('a page is closed', () => {
  it.each<[string, (people: TestPeople, headers: Record<string, string>) => unknown]>([
    ['when its user logs out', (people, headers) => people.ask('POST', '/v1/logout', { headers })],
    ['when nobody has asked for anything for long', (people) => (people.ticks += SESSION.idleMs)],
    [
      'when its user is removed',
      ({ configuration }) => configuration.write({ kind: 'user-remove', author: 'root', at: 1, name: 'alice' }),
    ],
    [
      'when its user gets another password',
      ({ configuration }) =>
        configuration.write({ kind: 'user-set', author: 'root', at: 1, name: 'alice', password: OTHER }),
    ],
  ])('%s', async (_, end) => {
    const { people, headers } = await opened()
    const { page, ends } = visit(people, headers)
    await once(page, 'open')
    await end(people, headers)
    await expect.poll(() => ends, soon).toEqual([LIVE_CLOSE.loggedOut])
  })
  it('when it answers no ping', async () => {
    const { people, headers } = await opened({ lookMs: 10, pingMs: 100 })
    const { page, ends } = visit(people, headers)
    page.pong = () => undefined
    await expect.poll(() => ends, soon).toEqual([1006])
  })
  it('when it has much to say', async () => {
    const { people, headers } = await opened()
    const { page, ends } = visit(people, headers)
    await once(page, 'open')
    page.send('x'.repeat(2000))
    await expect.poll(() => ends, soon).toEqual([1009])
    expect((await people.ask('GET', '/health')).status).toBe(200)
  })
})

it('pages cost one look, however many there are, and none when the last has gone', async () => {
  const began = vi.spyOn(globalThis, 'setInterval')
  onTestFinished(() => began.mockRestore())
  const { people, headers } = await opened({ lookMs: 11 })
  let looks = 0
  const { status } = people.configuration
  people.configuration.status = () => {
    looks += 1
    return status()
  }
  const pages = [visit(people, headers), visit(people, headers)]
  await expect.poll(() => pages.map(({ heard }) => heard.length), soon).toEqual([1, 1])
  expect(began.mock.calls.filter(([, ms]) => ms === 11)).toHaveLength(1)
  for (const { page } of pages) page.close()
  await expect
    .poll(
      staying(() => looks),
      { timeout: 10_000, interval: 200 },
    )
    .toBe(true)
})

describe('nothing is told', () => {
  it.each<[string, (headers: Record<string, string>) => Record<string, string>, string]>([
    ['to nobody', () => ({}), '401'],
    ['to a page of another server', ({ cookie = '' }) => ({ cookie, origin: 'https://evil.example.org' }), '403'],
    ['to a page that does not say whose it is', ({ cookie = '' }) => ({ cookie }), '403'],
  ])('%s', async (_, change, status) => {
    const { people, headers } = await opened()
    const { ends, heard } = visit(people, change(headers))
    await expect.poll(() => ends[0], soon).toMatch(status)
    expect(heard).toEqual([])
  })
  it('to more pages than there may be, until one of them goes', async () => {
    const { people, headers } = await opened({ lookMs: 10, connections: 2 })
    const pages = [visit(people, headers), visit(people, headers)]
    await expect.poll(() => pages.map(({ heard }) => heard.length), soon).toEqual([1, 1])
    const third = visit(people, headers)
    await expect.poll(() => third.ends[0], soon).toMatch('503')
    pages[0]?.page.close()
    await expect
      .poll(async () => {
        const { heard, page } = visit(people, headers)
        await Promise.race([once(page, 'message').catch(() => undefined), once(page, 'close').catch(() => undefined)])
        return heard.length
      }, soon)
      .toBe(1)
  })
})
