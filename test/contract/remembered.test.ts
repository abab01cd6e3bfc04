/** Real processes that end in every way, and what the node's agent tells of it: it remembers over its own death. */
import type { HistoryEvent } from '@lvsm/protocol'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readResponse } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type DaemonName, killAll, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

/** A process of its own on a machine that has much else to do. */
const SLOW_MS = 60_000
const QUIET = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-remembered-'))
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
const events = (): Promise<readonly HistoryEvent[]> =>
  new Promise((resolve) => {
    const asked = request({ socketPath: join(home, 'run', 'agent.sock'), path: '/v1/events' }, (answer) => {
      let text = ''
      answer.on('data', (chunk) => (text += chunk))
      answer.on('end', () => resolve(readResponse('events', JSON.parse(text))?.events ?? []))
    })
    asked.on('error', () => resolve([]))
    asked.end()
  })
const told = async (): Promise<string[]> =>
  (await events()).filter(({ kind }) => kind === 'started' || kind === 'ended').map(({ reason }) => reason)
const tells = (...reasons: RegExp[]): Promise<void> =>
  eventually(async () => {
    const all = await told()
    expect(all.map((reason, at) => (reasons[at]?.test(reason) ? 'as expected' : reason))).toEqual(
      reasons.map(() => 'as expected'),
    )
  }, SLOW_MS)
const dies = async (one: Started, signal: NodeJS.Signals): Promise<void> => {
  process.kill(one.pid, signal)
  await one.ended
}

test('an agent that was killed is started again, and tells what happened before, and how programs ended', async () => {
  const first = await running('lvsm-agent')
  await tells(/^lvsm-agent \S+ started \(process \d+\)$/)
  const lease = await running('lvsm-lease')
  await tells(/^lvsm-agent/, /^lvsm-lease \S+ started/)
  const path = join(home, 'lvsm-agent-state', 'agent.events')
  await eventually(() => expect(readFileSync(path, 'utf8')).toContain('lvsm-lease'), SLOW_MS)
  const before = (await events()).map(({ origin }) => origin)
  await dies(first, 'SIGKILL')
  // Nobody looks while it ends.
  await dies(lease, 'SIGTERM')
  await running('lvsm-agent')
  await tells(
    /^lvsm-agent/,
    /^lvsm-lease \S+ started/,
    /^lvsm-agent \S+ started .*; the one before it ended: without a word, so it was killed$/,
    /^lvsm-lease \(process \d+\) ended: exit code 0, its last words: SIGTERM: giving up/,
  )
  expect((await events()).map(({ origin }) => origin)).toEqual(expect.arrayContaining(before))
  const again = await running('lvsm-lease')
  await dies(again, 'SIGKILL')
  await eventually(async () => expect((await told()).at(-1)).toMatch(/^lvsm-lease .* ended: without a word/), SLOW_MS)
})
