/** A standby whose packet filter would let no client of a service through: no order moves the group there, and whoever looks is told before. */
import type { Trouble } from '@lvsm/base'
import { agreementDigests } from '@lvsm/model'
import { encodeMessage, judge, type StateMessage, verdictLines } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from './fixture.ts'

const RULE = {
  ...{ family: 'inet', table: 'site', chain: 'in', hook: 1, handle: 4, more: false, packets: null },
  ...{ destination: '10.11.0.10', protocol: 6, port: 80 },
}
const WHY = 'lets no client of service http through: chain inet site in handle 4'
const OTHERS = ['dir1', 'dir2', 'rs1', 'rs2', 'rs3']
const ROLES: Readonly<Record<string, StateMessage['state']>> = { dir1: 'owner', dir2: 'standby' }

function live(one: TestNode, ms: number, words: Readonly<Record<string, Partial<StateMessage>>> = {}, owner = 'dir1') {
  for (let left = ms; left > 0; left -= 100) {
    one.feed({ kind: 'lease-status', status: statusOf(one.name, owner, owner === 'dir1' ? 7 : 8) })
    if (left % 1000 === 0)
      for (const from of OTHERS.filter((name) => name !== one.name)) {
        const text = encodeMessage({
          ...{ kind: 'state', boot: from, revision: 1, agreement: agreementDigests(one.config) },
          ...{ state: ROLES[from] ?? 'serving', reason: 'well', standby: false, ready: { web: '' }, pings: {} },
          ...{ unheard: [], troubles: [], events: [], ...words[from] },
        })
        one.feed({ kind: 'message', from, text })
      }
    one.run(100)
  }
}
function standby(): TestNode {
  const one = node('dir2')
  one.feed({ kind: 'lease-up' })
  live(one, 8000)
  one.kern.state.dropRules = [RULE]
  live(one, 8000)
  return one
}

test('it says so of itself, to its lease process, to the others, and in its status', () => {
  const one = standby()
  const said = one.take('message').flatMap(({ text }) => {
    const message: { kind?: string; shut?: unknown } = JSON.parse(text)
    return message.kind === 'state' ? [message.shut] : []
  })
  expect(said.at(-1)).toEqual({ web: WHY })
  expect(one.take('ready').at(-1)).toMatchObject({
    ...{ ready: true, blind: 1, shut: WHY },
    reason: `the kernel is prepared; ${WHY}`,
  })
  expect(one.core.figures(one.now()).unchecked, 'its checks are well').toEqual(new Map([['web', 0]]))
  const status = one.core.status(one.now())
  expect(status.nodes.find(({ name }) => name === 'dir2')).toMatchObject({
    state: 'standby',
    reason: `takes web if dir1 fails, and by no order: it ${WHY}`,
  })
  expect(status.groups[0]?.takers).toMatchObject([{ node: 'dir2', could: true, refused: WHY }])
  // And all of it is over with the rule.
  one.kern.state.dropRules = []
  live(one, 5000)
  expect(one.take('ready').at(-1)).toMatchObject({ ready: true, reason: 'the kernel is prepared' })
  const [group] = one.core.status(one.now()).groups
  expect(group?.takers?.[0]).not.toHaveProperty('refused')
})

test('the owner says that the group cannot move, and refuses a switchover up front', () => {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  live(one, 8000)
  expect(judge(one.core.status(one.now())).health).toBe('healthy')
  const trouble: Trouble = {
    ...{ code: 'drop-rule', severity: 'warning', object: 'chain inet site in handle 4' },
    message:
      'a rule of chain inet site in of dir2 drops what clients of http send: all that is to 10.11.0.10 tcp port 80',
  }
  live(one, 3000, { dir2: { shut: { web: WHY }, troubles: [trouble] } })
  const verdict = judge(one.core.status(one.now()))
  expect([verdict.health, ...verdictLines(verdict)]).toEqual([
    'degraded',
    `cannot move: a switchover of web is refused (dir2 ${WHY}); if dir1 dies, dir2 takes it all the same`,
  ])
  // One more digit is another rule.
  const other = { ...trouble, object: 'chain inet site in handle 42', message: trouble.message.replace('http', 'ftp') }
  live(one, 3000, { dir2: { shut: { web: WHY }, troubles: [trouble, other] } })
  expect(verdictLines(judge(one.core.status(one.now()))).filter((line) => line.includes('clients of'))).toEqual([
    expect.stringContaining('clients of ftp'),
  ])
  live(one, 3000, { dir2: { shut: { web: WHY }, troubles: [trouble] } })
  one.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web', to: 'dir2' } })
  const message = `no director can take web now (dir2: it ${WHY})`
  expect(one.take('reply')).toMatchObject([{ outcome: { ok: false, refusals: [{ code: 'no-successor', message }] } }])
  live(one, 3000)
  expect(judge(one.core.status(one.now())).health, 'an older agent says nothing of it').toBe('healthy')
})

test('a rule that the owner has too keeps no order from moving the group: it is no worse there', () => {
  const one = standby()
  live(one, 5000, { dir1: { shutServices: ['http'] } })
  expect(one.take('ready').at(-1)).not.toHaveProperty('shut')
  const [group] = one.core.status(one.now()).groups
  expect(group?.takers?.[0], 'it is no reason against a move').not.toHaveProperty('refused')
  // The owner lets them through again.
  live(one, 5000)
  expect(one.take('ready').at(-1)).toMatchObject({ shut: WHY })
})

test('the owner with that rule hands over by order, also for maintenance, and without it names the rule', () => {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  live(one, 8000)
  one.kern.state.dropRules = [RULE]
  live(one, 5000, { dir2: { shutServices: ['http'] } })
  const said = one.take('message').flatMap(({ text }) => {
    const message: { kind?: string; shutServices?: unknown } = JSON.parse(text)
    return message.kind === 'state' ? [message.shutServices] : []
  })
  expect(said.at(-1)).toEqual(['http'])
  one.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: true } })
  live(one, 6000, { dir2: { shutServices: ['http'] } })
  expect(one.take('switchover')).toMatchObject([{ group: 'web', to: 'dir2' }])
  // Not since this node lets them through: the other one has not heard of it yet.
  const other = node('dir1')
  other.feed({ kind: 'lease-up' })
  live(other, 8000, { dir2: { shutServices: ['http'] } })
  other.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web', to: 'dir2' } })
  const refusal = {
    message:
      'no director can take web now (dir2: it lets no client of service http through: a rule of its packet filter)',
    hint: 'take that rule away there first: lvsm explain node dir2',
  }
  expect(other.take('reply')).toMatchObject([{ outcome: { ok: false, refusals: [refusal] } }])
})

test('it takes over all the same when the owner died, and what was a warning is critical: both are events', () => {
  const one = standby()
  live(one, 20_000, { dir1: { state: 'standby' } }, 'dir2')
  const status = one.core.status(one.now())
  expect(judge(status).unserved).toEqual([
    'http: a rule of chain inet site in of dir2 drops what clients of http send: all that is to 10.11.0.10 tcp port 80',
  ])
  one.kern.state.dropRules = []
  live(one, 10_000, { dir1: { state: 'standby' } }, 'dir2')
  const events = one.core.events(one.now()).events.filter(({ code }) => code === 'drop-rule')
  expect(events.map(({ kind, severity, reason }) => [kind, severity, reason.split(' of dir2 ')[0]])).toEqual([
    ['trouble', 'warning', 'a rule of chain inet site in'],
    ['trouble', 'critical', 'critical now, a warning before: a rule of chain inet site in'],
    ['over', undefined, expect.stringMatching(/^over after \d+ s: a rule of chain inet site in$/)],
  ])
})
