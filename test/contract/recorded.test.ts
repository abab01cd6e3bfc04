/** A real agent records what it hears and does, and `lvsm explain --at` tells of it: from its memory, and from the file of the one before it. */
import { readResponse, type RecordedReport } from '@lvsm/protocol'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lvsm } from '../../packages/cli/test/agent.ts'
import { eventually } from '../kit/eventually.ts'
import { LoneRealserver, SLOW_MS } from '../kit/lone-realserver.ts'

let node: LoneRealserver
beforeEach(() => {
  node = new LoneRealserver()
})
afterEach(() => node.remove())

/** Null: nobody answers. */
const recorded = async (agoMs: number): Promise<RecordedReport | null> =>
  readResponse('recorded', await node.ask(`/v1/recorded?ago=${Math.round(agoMs)}`))
/** What it says now of its lease process; undefined: nothing is recorded. */
const leaseNow = async (): Promise<string | null | undefined> => (await recorded(0))?.found?.own.lease
const explain = (at: string) => lvsm(['--socket', node.socketPath, 'explain', 'rs1', '--at', at])

test('what an agent heard is told of then, from its memory, and after its end from its file', async () => {
  const agent = await node.running('lvsm-agent')
  await eventually(async () => expect(await leaseNow()).toMatch(/not connected/), SLOW_MS)
  const lease = await node.running('lvsm-lease')
  await eventually(async () => expect(await leaseNow()).toBeNull(), SLOW_MS)
  const withLease = Date.now()
  await node.ends(lease, 'SIGKILL')
  await eventually(async () => expect(await leaseNow()).toMatch(/./), SLOW_MS)
  expect((await recorded(Date.now() - withLease))?.found?.own.lease).toBeNull()
  const { happened = [] } = (await recorded(0))?.found ?? {}
  expect(happened.map(({ text }) => text)).toEqual(
    expect.arrayContaining(['connected to the lease process', expect.stringMatching(/^lost the lease process: /)]),
  )
  const now = await explain('0s')
  expect([now.code, now.out]).toEqual([
    0,
    expect.stringMatching(/^As rs1 recorded it at [^]*its lease process could not be relied on/),
  ])
  expect((await explain(new Date(withLease).toISOString())).out).not.toContain('could not be relied on')
  const early = await explain('1d')
  expect([early.code, early.err]).toEqual([
    1,
    expect.stringMatching(/is not recorded on rs1: recorded is \S+Z to \S+Z\n/),
  ])

  await node.ends(agent, 'SIGTERM')
  expect(existsSync(join(node.stateOf('lvsm-agent'), 'agent.recorded-end'))).toBe(true)
  await node.running('lvsm-agent')
  await eventually(async () => expect((await recorded(Date.now() - withLease))?.found?.own.lease).toBeNull(), SLOW_MS)
  expect((await recorded(Date.now() - withLease))?.spans.map(({ where }) => where)).toContain('file')
})

test('a state directory into which nothing can be written costs the file alone', async () => {
  const agent = await node.running('lvsm-agent')
  await eventually(async () => expect(await leaseNow()).toMatch(/not connected/), SLOW_MS)
  const state = node.stateOf('lvsm-agent')
  rmSync(state, { recursive: true })
  writeFileSync(state, '')
  expect((await recorded(0))?.found?.status.node).toBe('rs1')
  expect((await recorded(3_600_000))?.found).toBeNull()
  await node.ends(agent, 'SIGTERM')
  expect(agent.said()).toMatch(/cannot write \S+agent\.recorded-end: /)
})
