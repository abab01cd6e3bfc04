import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant, VERSION } from '@lvsm/base'
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
    alone: () => ({ ok: true, warning: null }),
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
    live: () => undefined,
    tries: () => undefined,
    print: (text) => void printed.push(text),
    exit: (code) => void exits.push(code),
    on: (signal, happened) => void signals.set(signal, happened),
  }
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const runs = (...node: string[]): Promise<void> =>
  launch([...node, '--run-dir', join(directory, 'run'), '--state-dir', join(directory, 'state')], program)

/** A few turns of the event loop. */
async function socketClosed(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('--help is printed, and no mistake', async () => {
  await launch(['--help'], program)
  expect(printed).toEqual([expect.stringMatching(/^usage: lvsm-lease \[--node NAME\].*\n.*--set-up[^]*75 [^]*\n$/)])
  expect([said, exits, order]).toEqual([[], [], []])
})
test('what cannot be understood ends it with 2, and the usage', async () => {
  await launch(['--node', ''], program)
  expect(said).toEqual([expect.stringMatching(/^--node is empty: .*\nusage: lvsm-lease/)])
  expect([printed, exits, order]).toEqual([[], [64], []])
})

test('a node that is not named is called as its machine', async () => {
  await runs()
  expect(said).toContainEqual(expect.stringMatching(new RegExp(`^${hostname()} runs, `)))
})

test('--version is that of the product', async () => {
  await launch(['--version'], program)
  expect(printed).toEqual([`lvsm-lease ${VERSION}\n`])
  expect([said, exits, order]).toEqual([[], [], []])
})

describe('--set-up', () => {
  test('keeps away from a directory into which others may write', async () => {
    chmodSync(directory, 0o777)
    await launch(['--set-up', '--state-dir', directory], program)
    expect(said).toEqual([expect.stringMatching(/others may write into .*nothing was changed\n {2}→ chmod 750 /)])
    expect(exits).toEqual([78])
    expect(existsSync(join(directory, 'lease.state'))).toBe(false)
  })
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
    expect(exits).toEqual([78])
    expect(existsSync(join(directory, 'lease.state'))).toBe(false)
  })
  test('needs no root, and says where it cannot be', async () => {
    program = { ...program, root: false }
    writeFileSync(join(directory, 'file'), '')
    await launch(['--set-up', '--state-dir', join(directory, 'file', 'lvsm')], program)
    expect(said).toEqual([expect.stringMatching(/^cannot set up .*ENOTDIR/)])
    expect(exits).toEqual([75])
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
    await runs('--node', 'dir1')
    expect(said).toEqual([expect.stringMatching(/^must run as root/)])
    expect([exits, order, signals.size]).toEqual([[78], [], 0])
  })

  test('beside another one of this network namespace says which, and does nothing', async () => {
    program = { ...program, alone: () => ({ ok: false, reason: 'another lvsm-lease already runs (process 7)' }) }
    await runs('--node', 'dir1')
    expect(said).toEqual([expect.stringMatching(/^another lvsm-lease .*process 7.*\n {2}→ stop it first/)])
    expect([exits, order, signals.size]).toEqual([[75], [], 0])
  })
  test('goes on where somebody else only took its name, and says so', async () => {
    program = { ...program, alone: () => ({ ok: true, warning: 'process 7 of user 1000 holds the name' }) }
    await runs('--node', 'dir1')
    expect(said[0]).toBe('process 7 of user 1000 holds the name')
    expect(exits).toEqual([])
  })
  test('hears signals before its warm-up, which takes a while', async () => {
    warmUpFault.broken = true
    program.say = (text) => {
      said.push(text)
      if (text.includes('warm-up')) for (const signal of ['SIGHUP', 'SIGUSR1']) signals.get(signal)?.()
    }
    await runs('--node', 'dir1')
    warmUpFault.broken = false
    expect(said).toContain('state: it is still starting')
    expect(exits).toEqual([])
  })

  test('runs first before it takes part, and says where it may not', async () => {
    program = {
      ...program,
      runFirst: () => {
        order.push('first')
        return new KernelError('sched_setscheduler', 1)
      },
    }
    await runs('--node', 'dir1')
    expect(order).toEqual(['first', 'kernel'])
    expect(said[0]).toMatch(/goes on without a privilege that keeps it punctual: sched_setscheduler: EPERM/)
    expect(said.at(-1)).toMatch(/dir1 runs/)
    expect(exits).toEqual([])
  })

  test('goes on when its warm-up breaks off, and says so', async () => {
    warmUpFault.broken = true
    await runs('--node', 'dir1')
    warmUpFault.broken = false
    expect(said[0]).toBe('goes on after a warm-up that broke off: no stage')
    expect(said.at(-1)).toMatch(/dir1 runs/)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('%s ends it, well', async (signal) => {
    await runs('--node', 'dir1')
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
    await runs('--node', 'dir1')
    const { length } = said
    for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2']) {
      expect(signals.has(signal)).toBe(true)
      signals.get(signal)?.()
    }
    expect(said.slice(length)).toEqual([
      expect.stringMatching(/^SIGHUP: there is nothing to read again/),
      expect.stringMatching(/^state: dir1, incarnation [0-9a-f]{8}, does not hear a majority, standby off$/),
      'state: counters: none',
    ])
    vi.advanceTimersByTime(5000)
    expect(exits).toEqual([])
    signals.get('SIGTERM')?.()
    vi.advanceTimersByTime(20)
  })
})
