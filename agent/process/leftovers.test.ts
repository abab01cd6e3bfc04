/** What is left of a process that died, and nobody else's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { Leftovers, leftOf, userOf } from './leftovers.ts'

const started: ChildProcess[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})
function sleeper(): { readonly child: ChildProcess; readonly pid: number; readonly ended: Promise<unknown> } {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
  started.push(child)
  return { child, pid: child.pid ?? 0, ended: once(child, 'exit') }
}
const own = userOf(process.pid)

describe('a group that was told', () => {
  it('is ended, where it runs still and is of that user', async () => {
    const [one, two, over] = [sleeper(), sleeper(), sleeper()]
    const leftovers = new Leftovers()
    for (const { pid } of [one, over]) leftovers.heard({ group: pid, runs: true })
    leftovers.heard({ group: over.pid, runs: false })
    await new Promise<void>((resolve) => leftovers.end(own, resolve))
    expect(await one.ended).toEqual([null, 'SIGTERM'])
    expect([two, over].map(({ child }) => child.exitCode ?? child.signalCode)).toEqual([null, null])
  })
  it('of another user is left alone, and so is what was never told', async () => {
    const one = sleeper()
    const leftovers = new Leftovers()
    leftovers.heard({ group: one.pid, runs: true })
    await new Promise<void>((resolve) => leftovers.end((own ?? 0) + 1, resolve))
    expect(one.child.signalCode).toBeNull()
    leftovers.kill(own)
    expect(one.child.signalCode, 'it was forgotten with the process that told it').toBeNull()
  })
  it('is killed at once where nobody will be there later', async () => {
    const one = sleeper()
    const leftovers = new Leftovers()
    leftovers.heard({ group: one.pid, runs: true })
    leftovers.kill(own)
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
