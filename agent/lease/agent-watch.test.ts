import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant } from '@lvsm/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { beginLife, refuseLife } from '../process/life.ts'
import { AgentWatch } from './agent-watch.ts'

let run = ''
const told: string[] = []
let watch: AgentWatch
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'lvsm-watch-'))
  told.length = 0
  watch = new AgentWatch(run, instant(0), (fault) => told.push(fault))
})
afterEach(() => rmSync(run, { recursive: true }))

test('an agent that speaks is there; one that never started is not, after a while, until it speaks', () => {
  watch.look(instant(2000))
  watch.heard(instant(3000))
  watch.look(instant(12_999))
  expect(told).toEqual([])
  watch.look(instant(13_000))
  watch.look(instant(14_000))
  expect(told).toEqual(['it has not started since this machine did'])
  watch.heard(instant(15_000))
  expect(told.slice(1)).toEqual([''])
})

test('one whose start was refused is told with its words, and soon', () => {
  refuseLife(run, 'lvsm-agent', 75, 'cannot load the scheduler wlc:\u001b[2J no module')
  watch.look(instant(3000))
  expect(told).toEqual([
    expect.stringMatching(/^it does not start, exit code 75: cannot load the scheduler wlc:.*no module$/),
  ])
})

test('one that works again after a refused start has ended, where it is silent, as its own file says', () => {
  refuseLife(run, 'lvsm-agent', 75, 'no module')
  beginLife(run, 'lvsm-agent', '0.1.0')
  watch.look(instant(10_000))
  expect(told).toEqual([`it runs (process ${process.pid}), and says nothing to the lease process`])
  beginLife(run, 'lvsm-agent', '0.1.0').ends(70, 'a fault')
  watch.look(instant(11_000))
  expect(told.at(-1)).toBe('it ended: exit code 70, its last words: a fault')
})

test('a file that somebody else wrote there says nothing', () => {
  writeFileSync(join(run, 'lvsm-agent.refused'), 'code x\nline y\n')
  watch.look(instant(5000))
  expect(told).toEqual([])
})
