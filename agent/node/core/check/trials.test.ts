/** Checks that somebody runs by hand: asked beside the others, and deciding nothing. */
import { decodeMessage, LONGEST_MESSAGE } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { node, statusOf } from '../fixture.ts'

type Report = { trials: { server: string; ok: boolean | null; reason: string; steps?: { text: string }[] }[] }

function director(check = '{ type: tcp, interval: 500ms, timeout: 300ms, fall: 1 }', name = 'dir1', text = SAMPLE) {
  const one = node(name, undefined, text.replace(/check: \{[^}]*\}/, `check: ${check}`))
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf(name, 'dir1') })
  one.run(3000)
  one.take('check')
  const run = (words: { name: string; on?: string; explain?: boolean }, id = 'x') =>
    one.feed({ kind: 'command', id, command: { verb: 'runCheck', explain: false, ...words } })
  const replies = () => one.take('reply').map(({ outcome }) => outcome)
  return Object.assign(one, { ask: run, replies })
}

it.each([
  ['http', ['rs1', 'rs2', 'rs3']],
  ['rs2', ['rs2']],
  ['http/rs3', ['rs3']],
])('%s is asked, and decides nothing', (name, servers) => {
  const one = director()
  one.alive.clear()
  const before = one.core.checks(one.now()).checks.map(({ healthy, reason }) => [healthy, reason])
  one.ask({ name, explain: true })
  const [outcome] = one.replies()
  const report = outcome?.ok ? (outcome.report as unknown as Report) : null
  expect(report?.trials.map(({ server, ok, reason }) => [server, ok, reason])).toEqual(
    servers.map((server) => [server, false, 'refused']),
  )
  expect(one.take('check').map(({ explain }) => explain)).toEqual(servers.map(() => true))
  expect(one.core.checks(one.now()).checks.map(({ healthy, reason }) => [healthy, reason])).toEqual(before)
})

it('tells of each check when it was asked last, how long that took, and what a plugin measured', () => {
  const one = director()
  one.silentChecks = true
  one.run(500)
  const first = one.take('check').find(({ address }) => address === '10.11.0.11')
  const perfdata = [{ label: 'time', value: 3, unit: 'ms' }]
  one.feed({ kind: 'checked', id: first?.id ?? '', ok: true, reason: 'fine', found: { tookMs: 12.5, perfdata } })
  one.run(250)
  expect(one.core.checks(one.now())).toMatchObject({
    node: 'dir1',
    revision: 1,
    checks: [
      {
        service: 'http',
        server: 'rs1',
        type: 'tcp',
        fall: 1,
        healthy: true,
        serving: true,
        kept: false,
        ageMs: 250,
        tookMs: 12.5,
        perfdata,
      },
      { server: 'rs2' },
      { server: 'rs3', port: 8080 },
    ],
  })
})

it.each([
  [{ name: 'htp' }, 'unknown-check', /there is no check "htp"/],
  [{ name: 'http', on: 'dir9' }, 'unknown-node', /dir9/],
])('%j is refused', (words, code, message) => {
  const one = director()
  one.ask(words)
  expect(one.replies()).toEqual([
    {
      ok: false,
      fault: 'unknown',
      refusals: [expect.objectContaining({ code, message: expect.stringMatching(message) })],
    },
  ])
})

it('says where nothing is asked: by the type of a check, or on a node that directs nothing', () => {
  const none = director('{ type: none }')
  none.ask({ name: 'rs1' })
  expect(none.replies()).toMatchObject([{ refusals: [{ code: 'not-checked' }] }])
  const rs1 = director(undefined, 'rs1')
  rs1.ask({ name: 'http', on: 'rs1' })
  expect(rs1.replies()).toMatchObject([
    { refusals: [{ code: 'no-checks', hint: 'directors do: run it on dir1 or dir2: lvsm check run http' }] },
  ])
})

it('one that is never answered is told of in time, and no more than a few go on at once', () => {
  const one = director()
  one.silentChecks = true
  for (let count = 0; count < 20; count++) one.ask({ name: 'rs1' }, `${count}`)
  expect(one.replies()).toHaveLength(4)
  one.run(2400)
  const late = one.replies()
  expect(late).toHaveLength(16)
  expect(late[0]).toMatchObject({ report: { trials: [{ ok: null, reason: /did not end/ }] } } satisfies object as never)
})

it('on another director: passed on, asked there, and the answer fits a message', () => {
  const [one, other] = [director(), director(undefined, 'dir2')]
  other.silentChecks = true
  one.take('message')
  one.ask({ name: 'http', on: 'dir2', explain: true })
  const passed = one.take('message').find(({ to }) => to === 'dir2')
  other.take('check')
  other.feed({ kind: 'message', from: 'dir1', text: passed?.text ?? '' })
  const steps = Array.from({ length: 40 }, () => ({ atMs: 1, what: 'received', text: 'ä'.repeat(600) }))
  other.take('message')
  for (const { id } of other.take('check'))
    other.feed({ kind: 'checked', id, ok: true, reason: 'connected', found: { tookMs: 1, steps } })
  const [answer] = other.take('message').filter(({ to }) => to === 'dir1')
  expect(Buffer.byteLength(answer?.text ?? '')).toBeLessThanOrEqual(LONGEST_MESSAGE)
  expect(decodeMessage(answer?.text ?? '')).toMatchObject({
    ok: true,
    message: { kind: 'answer', outcome: { ok: true } },
  })
  one.feed({ kind: 'message', from: 'dir2', text: answer?.text ?? '' })
  expect(one.replies()).toMatchObject([
    { ok: true, report: { node: 'dir2', trials: [{ server: 'rs1', ok: true }, {}, {}] } },
  ])
})

it('who wants it explained is told what else is known, and what follows where no answer came', () => {
  const one = director()
  one.silentChecks = true
  one.take('check')
  one.ask({ name: 'http/rs1', explain: true })
  const [asked] = one.take('check')
  one.feed({ kind: 'checked', id: asked?.id ?? '', ok: false, reason: 'no answer within 300 ms', found: {} })
  const [outcome] = one.replies()
  const [trial] = outcome?.ok ? (outcome.report as unknown as { trials: { known?: string[] }[] }).trials : []
  expect(trial?.known?.[0]).toMatch(/^heartbeats of rs1: /)
  expect(trial?.known?.some((line) => /^asked by \S+ from 10\.11\.0\.1$/.test(line))).toBe(true)
  expect(trial?.known?.at(-1)).toMatch(/^so: /)

  one.ask({ name: 'http/rs1', explain: false })
  const [again] = one.take('check')
  one.feed({ kind: 'checked', id: again?.id ?? '', ok: false, reason: 'no answer within 300 ms', found: {} })
  expect(JSON.stringify(one.replies())).not.toContain('known')
})

it('of a realserver without an agent no heartbeats are told, for it sends none', () => {
  const one = director(
    undefined,
    'dir1',
    SAMPLE.replace('node: rs2, address: 10.11.0.12', 'node: web9, agent: false, address: 10.11.0.19'),
  )
  one.silentChecks = true
  one.take('check')
  one.ask({ name: 'http/web9', explain: true })
  const [asked] = one.take('check')
  one.feed({ kind: 'checked', id: asked?.id ?? '', ok: false, reason: 'no answer within 300 ms', found: {} })
  const [outcome] = one.replies()
  const [trial] = outcome?.ok ? (outcome.report as unknown as { trials: { known?: string[] }[] }).trials : []
  expect(trial?.known?.join('\n')).not.toMatch(/heartbeats|doctor/)
  expect(trial?.known?.at(-1)).toContain('whether the machine of web9 is on is not known here')
})
