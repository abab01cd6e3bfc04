/** What is left of a process that died, and nobody else's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { Leftovers, leftOf, userOf } from './leftovers.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})
function sleeper(mark = 0): { readonly child: ChildProcess; readonly pid: number; readonly ended: Promise<unknown> } {
  const child = spawn('sleep', ['600'], {
    ...{ detached: true, stdio: 'ignore' },
    env: { PATH: process.env['PATH'], LVSM_PROBER: String(mark) },
  })
  started.push(child)
  return { child, pid: child.pid ?? 0, ended: once(child, 'exit') }
}
const own = userOf(process.pid)
/** No number of a process is so large. */
const DEAD = { pid: 9_999_999, uid: own }

describe('a group that was told', () => {
  it('is ended, where it runs still and is of that user', async () => {
    const [one, two, over] = [sleeper(), sleeper(), sleeper()]
    const leftovers = new Leftovers()
    for (const { pid } of [one, over]) leftovers.heard({ group: pid, runs: true })
    leftovers.heard({ group: over.pid, runs: false })
    await new Promise<void>((resolve) => leftovers.end(DEAD, resolve))
    expect(await one.ended).toEqual([null, 'SIGTERM'])
    expect([two, over].map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null])
  })
  it('of another user is left alone, and so is what was never told', async () => {
    const one = sleeper()
    const leftovers = new Leftovers()
    leftovers.heard({ group: one.pid, runs: true })
    await new Promise<void>((resolve) => leftovers.end({ ...DEAD, uid: (own ?? 0) + 1 }, resolve))
    expect(one.child.signalCode).toBeNull()
    leftovers.kill(DEAD)
    expect(one.child.signalCode, 'it was forgotten with the process that told it').toBeNull()
  })
  it('need not be told where it has the mark of who died', async () => {
    const [one, other] = [sleeper(DEAD.pid), sleeper(DEAD.pid - 1)]
    const leftovers = new Leftovers()
    await new Promise<void>((resolve) => leftovers.end(DEAD, resolve))
    expect(await one.ended).toEqual([null, 'SIGTERM'])
    expect(other.child.signalCode).toBeNull()
  })
  it('is killed at once where nobody will be there later', async () => {
    const one = sleeper()
    const leftovers = new Leftovers()
    leftovers.heard({ group: one.pid, runs: true })
    leftovers.kill(DEAD)
    expect(await one.ended).toEqual([null, 'SIGKILL'])
  })
})

it('a number that was given to another since is nobody of theirs', () => {
  const all = [
    { pid: 10, group: 10, startedAt: 500 },
    { pid: 11, group: 10, startedAt: 501 },
    { pid: 21, group: 20, startedAt: 300 },
    { pid: 30, group: 30, startedAt: 1 },
  ]
  const pids = (...groups: [number, number | null][]): number[] => leftOf(new Map(groups), all).map(({ pid }) => pid)
  expect(pids([10, 500])).toEqual([10, 11])
  expect(pids([10, 499])).toEqual([])
  expect(pids([10, null]), 'its first had ended before').toEqual([])
  expect(pids([20, 299]), 'others of it outlived its first').toEqual([21])
})
