import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant } from '@lvsm/base'
import { KernelError } from '@lvsm/kernel'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeLinux } from '../../test/kit/linux.ts'
import { openKernel } from './adapters/kernel/kernel.ts'
import { launch, type Program } from './launch.ts'
import type * as WarmUp from './warm-up.ts'

const warmUpFault = vi.hoisted(() => ({ broken: false }))
vi.mock('./warm-up.ts', async (original) => {
  const real = await original<typeof WarmUp>()
  return {
    ...real,
    warmUp: (...args: Parameters<typeof real.warmUp>) => {
      if (warmUpFault.broken) throw new Error('no stage')
      return real.warmUp(...args)
    },
  }
})

let directory = ''
let said: string[] = []
let printed: string[] = []
let exits: number[] = []
let order: string[] = []
let signals: Map<string, () => void>
let program: Program
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsm-launch-'))
  said = []
  printed = []
  exits = []
  order = []
  signals = new Map()
  program = {
    root: true,
    clock: () => instant(performance.now()),
    openKernel: () => {
      order.push('kernel')
      return openKernel(program.clock, new FakeLinux(() => performance.now()))
    },
    runFirst: () => {
      order.push('first')
      return undefined
    },
    say: (text) => void said.push(text),
    print: (text) => void printed.push(text),
    exit: (code) => void exits.push(code),
    on: (signal, happened) => void signals.set(signal, happened),
  }
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const runs = (): Promise<void> =>
  launch(['--node', 'dir1', '--run-dir', join(directory, 'run'), '--state-dir', join(directory, 'state')], program)

/** A few turns of the event loop. */
async function socketClosed(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('--help is printed, and no mistake', async () => {
  await launch(['--help'], program)
  expect(printed).toEqual([expect.stringMatching(/^usage: lvsm-lease --node NAME.*\n.*--set-up.*\n$/)])
  expect([said, exits, order]).toEqual([[], [], []])
})
test('what cannot be understood ends it with 2, and the usage', async () => {
  await launch([], program)
  expect(said).toEqual([expect.stringMatching(/^--node is missing\nusage: lvsm-lease/)])
  expect([printed, exits, order]).toEqual([[], [2], []])
})

describe('--set-up', () => {
  test('makes a state once, and keeps it the next time, damaged or not', async () => {
    const stateDir = join(directory, 'fresh')
    await launch(['--set-up', '--state-dir', stateDir], program)
    const path = join(stateDir, 'lease.state')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(path, 'damaged')
    await launch(['--set-up', '--state-dir', stateDir], program)
    expect(said).toEqual([
      `${stateDir} is set up: this node lent nothing yet`,
      `${stateDir} has a state already; it is kept`,
    ])
    expect(readFileSync(path, 'utf8')).toBe('damaged')
    expect([exits, order]).toEqual([[], []])
  })
  test('does not make a new node of one that lost its state', async () => {
    writeFileSync(join(directory, 'lease.view'), 'of its last life')
    await launch(['--set-up', '--state-dir', directory], program)
    expect(said).toEqual([
      expect.stringMatching(/lost its lease\.state.*\n {2}→ start lvsm-lease: it does not vote for 30 s/),
    ])
    expect(exits).toEqual([1])
    expect(existsSync(join(directory, 'lease.state'))).toBe(false)
  })
  test('needs no root, and says where it cannot be', async () => {
    program = { ...program, root: false }
    writeFileSync(join(directory, 'file'), '')
    await launch(['--set-up', '--state-dir', join(directory, 'file', 'lvsm')], program)
    expect(said).toEqual([expect.stringMatching(/^cannot set up .*ENOTDIR/)])
    expect(exits).toEqual([1])
  })
})

describe('a lease process', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }))
  afterEach(async () => {
    signals.get('SIGTERM')?.()
    await socketClosed()
    vi.useRealTimers()
  })

  test('without root says so, and does nothing', async () => {
    program = { ...program, root: false }
    await runs()
    expect(said).toEqual([expect.stringMatching(/^must run as root/)])
    expect([exits, order, signals.size]).toEqual([[1], [], 0])
  })

  test('runs first before it takes part, and says where it may not', async () => {
    program = {
      ...program,
      runFirst: () => {
        order.push('first')
        return new KernelError('sched_setscheduler', 1)
      },
    }
    await runs()
    expect(order).toEqual(['first', 'kernel'])
    expect(said[0]).toMatch(/goes on without a privilege that keeps it punctual: sched_setscheduler: EPERM/)
    expect(said.at(-1)).toMatch(/dir1 runs/)
    expect(exits).toEqual([])
  })

  test('goes on when its warm-up breaks off, and says so', async () => {
    warmUpFault.broken = true
    await runs()
    warmUpFault.broken = false
    expect(said[0]).toBe('goes on after a warm-up that broke off: no stage')
    expect(said.at(-1)).toMatch(/dir1 runs/)
  })

  test.each(['SIGTERM', 'SIGINT'])('%s ends it, well', async (signal) => {
    await runs()
    expect(said.some((text) => text.includes('warm-up'))).toBe(false)
    signals.get(signal)?.()
    signals.get(signal)?.()
    expect(said.filter((text) => text.includes('giving up'))).toEqual([`${signal}: giving up what this node owns`])
    await socketClosed()
    vi.advanceTimersByTime(19)
    expect(exits).toEqual([])
    vi.advanceTimersByTime(1)
    expect(exits).toEqual([0])
    vi.advanceTimersByTime(5000)
    expect(exits).toEqual([0])
  })

  test('a closed terminal, or what other programs take for a question, ends nothing', async () => {
    await runs()
    const { length } = said
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2']) {
      expect(signals.has(signal)).toBe(true)
      signals.get(signal)?.()
    }
    expect(said.slice(length)).toEqual([expect.stringMatching(/^SIGHUP: there is nothing to read again/)])
    vi.advanceTimersByTime(5000)
    expect(exits).toEqual([])
    signals.get('SIGTERM')?.()
    vi.advanceTimersByTime(20)
  })
})
