import type { AlertsReport } from '@lvsm/protocol'
import { afterEach, expect, it } from 'vitest'
import { cleanUp, lvsm, startAgent, STATUS } from './agent.ts'
import { closeCoordinators, startCoordinator } from './coordinator.ts'

afterEach(() => {
  closeCoordinators()
  cleanUp()
})

const ALERTS: AlertsReport = {
  node: 'dir1',
  revision: 7,
  receivers: [
    { name: 'ops', type: 'webhook', sender: 'dir1', fault: null },
    { name: 'mails', type: 'mail', sender: 'dir2', fault: 'connection refused' },
  ],
  alerts: [
    {
      ...{ code: 'no-ipvs', object: 'node dir2', severity: 'critical', summary: 'this kernel has no \u001b[2JIPVS' },
      ...{
        state: 'firing',
        since: '2026-11-28T08:00:00Z',
        ended: null,
        fingerprint: 'ab',
        silenced: 'by ann until 2026-11-28T10:00:00Z: new kernel',
      },
      told: [
        { receiver: 'ops', what: 'firing', ageMs: 65_000 },
        { receiver: 'mails', what: 'not told yet', ageMs: null },
      ],
    },
  ],
}

it('lvsm alert list shows what is wrong, who was told, and who cannot be', async () => {
  const { socketPath } = await startAgent(() => ({ body: ALERTS }))
  const { code, out } = await lvsm(['--socket', socketPath, 'alert', 'list'])
  expect(code).toBe(0)
  expect(out).toMatch(/ops +webhook +dir1 +well\nmails|ops +webhook +dir1 +well\n/)
  expect(out).toMatch(/mails +mail +dir2 +connection refused\n/)
  expect(out).toContain('firing  critical  no-ipvs  node dir2: this kernel has no \u{fffd}[2JIPVS\n')
  expect(out).toMatch(
    / {2}told: ops: firing .*ago, mails: not told yet\n {2}silenced by ann until 2026-11-28T10:00:00Z: new kernel\n/,
  )
})

it('lvsm alert list shows what is wrong also where there is nobody to be told', async () => {
  const troubles = [
    {
      node: 'dir2',
      code: 'no-ipvs',
      severity: 'critical' as const,
      message: 'this kernel has no IPVS',
      hint: 'modprobe ip_vs',
    },
    { node: 'dir1', code: 'x', severity: 'info' as const, message: 'something else' },
    { node: 'dir1', code: 'late', severity: 'warning' as const, message: 'it was late', pastMs: 60_000 },
  ]
  const listed = async (of: typeof troubles) => {
    const { socketPath } = await startAgent(({ path }) => ({
      body: path === '/v1/alerts' ? { ...ALERTS, receivers: [], alerts: [] } : { ...STATUS, troubles: of },
    }))
    return (await lvsm(['--socket', socketPath, 'alert', 'list'])).out
  }
  const out = await listed(troubles)
  expect(out).toMatch(
    /^Nobody is told of anything: .* adds one\.\n\n {2}critical {2}dir2: this kernel has no IPVS \(no-ipvs\)\n/,
  )
  expect(out).toContain('    → on dir2: modprobe ip_vs\n')
  expect(out).not.toMatch(/something else|it was late|Nothing is wrong/)
  expect(await listed([])).toMatch(/^Nobody is told of anything: [^\n]*\n\nNothing is wrong\.\n$/)
})

it('lvsm alert list without receivers says what no trouble says, too: a dead node, a group without an owner', async () => {
  const nodes = STATUS.nodes.map((one) => (one.name === 'dir2' ? { ...one, state: 'dead', agent: false } : one))
  const groups = STATUS.groups.map((one) => ({ ...one, owner: null, state: 'nobody' }))
  const lost = {
    at: '2026-11-28T08:00:00.000Z',
    node: 'dir1',
    group: 'web',
    kind: 'lost',
    number: 7,
    reason: 'cut off',
  }
  const { socketPath } = await startAgent(({ path }) => ({
    body: path.startsWith('/v1/events')
      ? { events: [lost] }
      : path === '/v1/alerts'
        ? { ...ALERTS, receivers: [], alerts: [] }
        : { ...STATUS, nodes, groups, troubles: [] },
  }))
  const { out } = await lvsm(['--socket', socketPath, 'alert', 'list'])
  expect(out).toMatch(/critical {2}dir1: nobody owns web .*\(group-unowned; since 2026-11-28 08:00:00Z\)\n/)
  expect(out).toMatch(/critical {2}dir1: node dir2 is dead: /)
  expect(out).not.toContain('Nothing is wrong')
})

it('lvsm alert test says whether a receiver took it', async () => {
  const { socketPath, heard } = await startAgent(() => ({
    body: { node: 'dir2', receiver: 'ops', ok: false, reason: '503 Service Unavailable' },
  }))
  const { code, out } = await lvsm(['--socket', socketPath, 'alert', 'test', 'ops', '--on', 'dir2'])
  expect([code, out]).toEqual([1, 'ops did not take it: 503 Service Unavailable  (told by dir2)\n'])
  expect(heard.at(-1)).toMatchObject({ path: '/v1/alerts/test' })
  const refused = await startAgent(() => ({
    code: 404,
    body: {
      refusals: [{ code: 'unknown-receiver', message: 'there is no receiver "osp"', hint: 'did you mean "ops"?' }],
    },
  }))
  expect(await lvsm(['--socket', refused.socketPath, 'alert', 'test', 'osp'])).toMatchObject({ code: 2, out: '' })
})

it('lvsm alert silence needs an end and a reason, is one of the intents, and ends', async () => {
  const { socketPath } = startCoordinator()
  const ask = (...words: string[]) => lvsm(['--coordinator-socket', socketPath, 'alert', 'silence', ...words])
  expect(await ask('no-ipvs')).toMatchObject({ code: 2, err: expect.stringContaining('an end, and a reason') })
  expect(await ask('no-ipvs', '--for', '2h', '--reason', 'new kernel', '-y')).toMatchObject({
    code: 0,
    out: expect.stringContaining('alerts no-ipvs: silence'),
  })
  expect((await lvsm(['--coordinator-socket', socketPath, 'intents'])).out).toMatch(
    /alerts no-ipvs +silence .*new kernel/,
  )
  expect(await ask('nod=dir1', '--for', '2h', '--reason', 'x', '-y')).toMatchObject({
    code: 1,
    err: expect.stringContaining('"nod=dir1" says of no alert whether it is meant'),
  })
  expect(await ask('no-ipvs', '--end', '-y')).toMatchObject({ code: 0 })
  expect((await lvsm(['--coordinator-socket', socketPath, 'intents'])).out).not.toContain('no-ipvs')
})
