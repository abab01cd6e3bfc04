/** Real processes that end in every way, and what the node's agent tells of it: it remembers over its own death. */
import { type HistoryEvent, readResponse } from '@lvsm/protocol'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../kit/eventually.ts'
import { LoneRealserver, SLOW_MS } from '../kit/lone-realserver.ts'

let node: LoneRealserver
beforeEach(() => {
  node = new LoneRealserver()
})
afterEach(() => node.remove())

const events = async (): Promise<readonly HistoryEvent[]> =>
  readResponse('events', await node.ask('/v1/events'))?.events ?? []
const told = async (): Promise<string[]> =>
  (await events()).filter(({ kind }) => kind === 'started' || kind === 'ended').map(({ reason }) => reason)
const tells = (...reasons: RegExp[]): Promise<void> =>
  eventually(async () => {
    const all = await told()
    expect(all.map((reason, at) => (reasons[at]?.test(reason) ? 'as expected' : reason))).toEqual(
      reasons.map(() => 'as expected'),
    )
  }, SLOW_MS)

test('an agent that was killed is started again, and tells what happened before, and how programs ended', async () => {
  const first = await node.running('lvsm-agent')
  await tells(/^lvsm-agent \S+ started \(process \d+\)$/)
  const lease = await node.running('lvsm-lease')
  await tells(/^lvsm-agent/, /^lvsm-lease \S+ started/)
  const path = join(node.stateOf('lvsm-agent'), 'agent.events')
  await eventually(() => expect(readFileSync(path, 'utf8')).toContain('lvsm-lease'), SLOW_MS)
  const before = (await events()).map(({ origin }) => origin)
  await node.ends(first, 'SIGKILL')
  // Nobody looks while it ends.
  await node.ends(lease, 'SIGTERM')
  await node.running('lvsm-agent')
  await tells(
    /^lvsm-agent/,
    /^lvsm-lease \S+ started/,
    /^lvsm-agent \S+ started .*; the one before it ended: without a word, so it was killed$/,
    /^lvsm-lease \(process \d+\) ended: exit code 0, its last words: SIGTERM: giving up/,
  )
  expect((await events()).map(({ origin }) => origin)).toEqual(expect.arrayContaining(before))
  const again = await node.running('lvsm-lease')
  await node.ends(again, 'SIGKILL')
  await eventually(async () => expect((await told()).at(-1)).toMatch(/^lvsm-lease .* ended: without a word/), SLOW_MS)
})
