/** What an agent's status says of who could take a group, and of whose table is shown. */
import { agreementDigests, SAMPLE } from '@lvsm/model'
import { encodeMessage, type StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

const SAID: StateMessage = {
  ...{ kind: 'state', boot: 'b', revision: 1, agreement: {}, state: 'standby', reason: 'well', standby: false },
  ...{ ready: { web: '' }, pings: {}, troubles: [], events: [] },
}
const KEYS = ['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080']

/** dir1, which has looked at its kernel and at its realservers. */
function director(owner: string | null): TestNode {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', owner) })
  dir1.run(1500)
  return dir1
}
const says = (dir1: TestNode, from: string, more: Partial<StateMessage>): void =>
  dir1.feed({
    kind: 'message',
    from,
    text: encodeMessage({ ...SAID, agreement: agreementDigests(dir1.config), ...more }),
  })
function tells(dir1: TestNode, from: string, keys: readonly string[]): void {
  const dests = keys.map((key) => ({ key, weight: 5, healthy: true, active: 7, inactive: 0, reason: 'told' }))
  dir1.feed({ kind: 'message', from, text: encodeMessage({ kind: 'tables', services: { http: dests } }) })
}
const taker = (dir1: TestNode) => dir1.core.status(dir1.now()).groups[0]?.takers
const http = (dir1: TestNode) => dir1.core.status(dir1.now()).services[0]

test('a director that could take a group says so itself, lately', () => {
  const dir1 = director('dir1')
  const unsaid = [{ node: 'dir2', could: null, reason: 'its lease process lives, its agent is silent' }]
  expect(taker(dir1)).toEqual(unsaid)
  says(dir1, 'dir2', {})
  expect(taker(dir1)).toEqual([{ node: 'dir2', could: true, reason: '' }])
  says(dir1, 'dir2', { ready: { web: 'this kernel has no IPVS' } })
  expect(taker(dir1)).toEqual([{ node: 'dir2', could: false, reason: 'this kernel has no IPVS' }])
  dir1.run(7000)
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  expect(taker(dir1)).toEqual(unsaid)
})

test('who is not heard, is under maintenance or has another configuration could not, whatever it said', () => {
  const dir1 = director('dir1')
  says(dir1, 'dir2', {})
  const heard = (more: object) => {
    const status = statusOf('dir1', 'dir1')
    const peers = status.peers.map((peer) => (peer.name === 'dir2' ? { ...peer, ...more } : peer))
    dir1.feed({ kind: 'lease-status', status: { ...status, peers } })
    return taker(dir1)
  }
  expect(heard({ life: 'dead', silentMs: 4100 })).toEqual([{ node: 'dir2', could: false, reason: 'silent for 4.1 s' }])
  expect(heard({ life: 'late', silentMs: 600 })).toEqual([{ node: 'dir2', could: false, reason: 'silent for 0.6 s' }])
  expect(heard({ standby: true })).toEqual([
    { node: 'dir2', could: false, reason: 'under maintenance; lvsm standby off dir2 ends it' },
  ])
  expect(heard({})).toMatchObject([{ could: true }])
  says(dir1, 'dir2', { agreement: { ...agreementDigests(dir1.config), timing: 'other' } })
  expect(taker(dir1)).toMatchObject([
    { could: false, reason: expect.stringMatching(/^has other .* configuration than dir1$/) },
  ])
})

test('a director of no group is one all the same: it is no witness, and its standby is seen', () => {
  const dir3 = '  - { name: dir3, roles: [director], voter: true, links: [{ name: inside, address: 10.12.0.3 }] }\n'
  const spare = SAMPLE.replace(
    '  - { name: rs1, roles: [realserver], voter: true,',
    `${dir3}  - { name: rs1, roles: [realserver],`,
  ).replace(
    '[{ name: inside, address: 10.12.0.3 }]',
    '[{ name: inside, address: 10.12.0.3 }, { name: outside, address: 10.11.0.3 }]',
  )
  const one = node('dir3', undefined, spare)
  const status = { ...statusOf('dir3', 'dir1'), groups: [] }
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status })
  one.run(1500)
  const own = () => one.core.status(one.now()).nodes.find(({ name }) => name === 'dir3')
  expect(own()).toMatchObject({ state: 'idle', reason: 'directs no group, votes' })
  one.feed({ kind: 'lease-status', status: { ...status, standby: true } })
  expect(own()).toMatchObject({
    state: 'maintenance',
    standby: true,
    reason: expect.stringMatching(/^under maintenance by /),
  })
})

test('of itself a node says what it has told its lease process; without one nothing is known', () => {
  const dir1 = director('dir2')
  expect(taker(dir1)).toEqual([{ node: 'dir1', could: true, reason: '', voters: 2 }])
  dir1.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2'), standby: true } })
  expect(taker(dir1)).toEqual([
    { node: 'dir1', could: false, reason: 'under maintenance; lvsm standby off dir1 ends it' },
  ])
  expect(dir1.core.status(dir1.now()).nodes[0]).toMatchObject({ state: 'maintenance', standby: true })
  dir1.feed({ kind: 'lease-down', reason: 'gone' })
  expect(taker(dir1)?.map(({ node: who, could }) => [who, could])).toEqual([
    ['dir1', null],
    ['dir2', null],
  ])
})

test('its own table is told where it is the owner, and is not shown as that of another', () => {
  expect(http(director('dir1'))).toMatchObject({ told: true, realservers: [{ weight: 1, configured: 1 }, {}, {}] })
  const other = http(director('dir2'))
  expect(other).toMatchObject({ told: false })
  expect(other?.realservers[0]).toMatchObject({ weight: 0, healthy: null, reason: 'dir2 did not tell' })
  // All that there is, and of no owner.
  expect(http(director(null))).toMatchObject({ told: false, realservers: [{ weight: 1 }, {}, {}] })
})

test('the table of another is told when all parts of it have come, and as long as its agent speaks', () => {
  const dir1 = director('dir2')
  says(dir1, 'dir2', { state: 'owner' })
  tells(dir1, 'dir2', KEYS.slice(0, 2))
  expect(http(dir1)).toMatchObject({ told: false, realservers: [{ active: 7 }, { active: 7 }, { healthy: null }] })
  tells(dir1, 'dir2', KEYS.slice(2))
  expect(http(dir1)).toMatchObject({ told: true, realservers: [{ weight: 5, active: 7, reason: 'told' }, {}, {}] })
  dir1.run(7000)
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir2') })
  expect(http(dir1)).toMatchObject({ told: false })
})

test('a realserver by NAT says which way its answers go', () => {
  const reason = (text: string): string | undefined => {
    const rs3 = node('rs3', undefined, text)
    rs3.feed({ kind: 'lease-up' })
    rs3.feed({ kind: 'lease-status', status: statusOf('rs3', null) })
    rs3.run(1500)
    return rs3.core.status(rs3.now()).nodes.find(({ name }) => name === 'rs3')?.reason
  }
  const NAT = 'gateway: 10.12.0.254, weight'
  const near = (text: string): string =>
    text.replaceAll('10.12.0.254', '10.11.0.254').replaceAll('10.12.0.13', '10.11.0.13')
  const policy = SAMPLE.replace(NAT, 'route: policy, weight')
  expect([reason(SAMPLE), reason(policy), reason(near(SAMPLE)), reason(near(policy))]).toEqual([
    'is set up to answer through NAT gateway 10.12.0.254',
    'is set up to answer through NAT gateway 10.12.0.254 by a policy route',
    'is set up to answer through NAT gateway 10.11.0.254, to its own network too',
    'is set up to answer through NAT gateway 10.11.0.254 by a policy route, to its own network too',
  ])
})

test('an agent of which much is lost on the way is not called silent', () => {
  const dir1 = director('dir1')
  const status = statusOf('dir1', 'dir1')
  const peers = status.peers.map((peer) => (peer.name === 'dir2' ? { ...peer, lostPercent: 60 } : peer))
  dir1.feed({ kind: 'lease-status', status: { ...status, peers } })
  const reason =
    'its lease process lives, its agent was not heard lately: about 60 % of what that node sends here is lost'
  expect(taker(dir1)).toEqual([{ node: 'dir2', could: null, reason }])
})
