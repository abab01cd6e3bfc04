/** A real agent records what it hears and does, and `lvsm explain --at` tells of it: from its memory, and from the file of the one before it. */
import { readResponse, type RecordedReport } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lvsm } from '../../packages/cli/test/agent.ts'
import { type DaemonName, killAll, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

const SLOW_MS = 60_000
const QUIET = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-recorded-'))
  writeFileSync(join(home, 'lvsm.yaml'), QUIET, { mode: 0o600 })
})
afterEach(() => {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
})

/** Realservers need no IPVS. */
async function running(name: DaemonName): Promise<Started> {
  const config = name === 'lvsm-agent' ? ['--config', join(home, 'lvsm.yaml')] : []
  const one = startDaemon(name, [
    ...[...config, '--node', 'rs1'],
    ...['--run-dir', join(home, 'run'), '--state-dir', join(home, `${name}-state`)],
  ])
  await eventually(() => expect(one.said()).toMatch(/rs1 (of cluster lab )?runs/), SLOW_MS)
  return one
}
const socketPath = (): string => join(home, 'run', 'agent.sock')
/** Null: nobody answers. */
const recorded = (agoMs: number): Promise<RecordedReport | null> =>
  new Promise((resolve) => {
    const asked = request({ socketPath: socketPath(), path: `/v1/recorded?ago=${Math.round(agoMs)}` }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => (text += chunk))
      answer.on('end', () => resolve(readResponse('recorded', JSON.parse(text))))
    })
    asked.on('error', () => resolve(null))
    asked.end()
  })
/** What it says now of its lease process; undefined: nothing is recorded. */
const leaseNow = async (): Promise<string | null | undefined> => (await recorded(0))?.found?.own.lease
const ends = async (one: Started, signal: NodeJS.Signals): Promise<void> => {
  process.kill(one.pid, signal)
  await one.ended
}
const explain = (at: string) => lvsm(['--socket', socketPath(), 'explain', 'rs1', '--at', at])

test('what an agent heard is told of then, from its memory, and after its end from its file', async () => {
  const agent = await running('lvsm-agent')
  await eventually(async () => expect(await leaseNow()).toMatch(/not connected/), SLOW_MS)
  const lease = await running('lvsm-lease')
  await eventually(async () => expect(await leaseNow()).toBeNull(), SLOW_MS)
  const withLease = Date.now()
  await ends(lease, 'SIGKILL')
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

  await ends(agent, 'SIGTERM')
  expect(existsSync(join(home, 'lvsm-agent-state', 'agent.recorded-end'))).toBe(true)
  await running('lvsm-agent')
  await eventually(async () => expect((await recorded(Date.now() - withLease))?.found?.own.lease).toBeNull(), SLOW_MS)
  expect((await recorded(Date.now() - withLease))?.spans.map(({ where }) => where)).toContain('file')
})

test('a state directory into which nothing can be written costs the file alone', async () => {
  const agent = await running('lvsm-agent')
  await eventually(async () => expect(await leaseNow()).toMatch(/not connected/), SLOW_MS)
  const state = join(home, 'lvsm-agent-state')
  rmSync(state, { recursive: true })
  writeFileSync(state, '')
  expect((await recorded(0))?.found?.status.node).toBe('rs1')
  expect((await recorded(3_600_000))?.found).toBeNull()
  await ends(agent, 'SIGTERM')
  expect(agent.said()).toMatch(/cannot write \S+agent\.recorded-end: /)
})
