import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { Trouble } from '@lvsm/base'
import { freeze } from '../../../test/kit/freeze.ts'
import type { ProberOptions } from '../ports.ts'
import { Prober } from './prober.ts'

const OWN = '127.77.0.3'
const virtual = { address: '10.11.0.10', port: 80 }
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const listening = async (): Promise<number> => {
  const server = createServer((socket) => socket.resume())
  ends.push(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, OWN, resolve))
  return (server.address() as AddressInfo).port
}

function begin(options: Partial<ProberOptions> = {}) {
  const troubles: (Trouble | null)[] = []
  const said: string[] = []
  const prober = new Prober({
    clock: () => performance.now(),
    trouble: (found) => troubles.push(found),
    unable: (_, found) => troubles.push(found),
    say: (text) => said.push(text),
    ...options,
  })
  ends.push(() => prober.close())
  const check = (port: number, keys = {}, probe: 'connect' | 'http' = 'connect') =>
    new Promise<boolean | null>((resolve) =>
      prober.check(`${port}`, { probe, keys, address: OWN, port, source: null, timeoutMs: 5000, virtual }, (ok) =>
        resolve(ok),
      ),
    )
  return { prober, check, troubles, said }
}

/** Processes of this one. */
const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

const identity = (pid: number): string =>
  /^Uid:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t')[1] ?? ''

it('checks are made by a process that is nobody’s, and no verdict changes when it dies', async () => {
  const { check, troubles, said } = begin()
  const port = await listening()
  expect(await check(port)).toBe(true)
  const [pid = 0] = children()
  expect(identity(pid)).not.toBe('0')
  process.kill(pid, 'SIGSTOP')
  const lost = check(port)
  process.kill(pid, 'SIGKILL')
  expect(await lost, 'nobody knows').toBeNull()
  expect(troubles.map((one) => one?.code)).toEqual(['prober-ended'])
  expect(said).toEqual([expect.stringMatching(/^lvsm-prober ended by SIGKILL/)])
  await expect.poll(() => check(port), { timeout: 30_000 }).toBe(true)
  expect(troubles.at(-1), 'it is over').toBeNull()
})

it('its figures: whether it answers, how often it was started again, and the checks that it was asked for', async () => {
  const { prober, check } = begin()
  expect(prober.figures(), 'nothing was to be done yet').toBeNull()
  const port = await listening()
  const first = check(port)
  expect(prober.figures()).toEqual({ up: false, restarts: 0, underWay: 1 })
  await first
  expect(prober.figures()).toEqual({ up: true, restarts: 0, underWay: 0 })
  const [pid = 0] = children()
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => prober.figures()?.up).toBe(false)
  await expect.poll(() => check(port), { timeout: 30_000 }).toBe(true)
  expect(prober.figures()).toEqual({ up: true, restarts: 1, underWay: 0 })
})

it('how late a check was begun is told by the process that begins it, however busy this one was', async () => {
  const late: number[] = []
  const { prober, check } = begin({ late: (ms) => late.push(ms) })
  const port = await listening()
  await check(port)
  expect(late, 'nobody said when it was due').toEqual([])
  const wanted = { probe: 'connect', keys: {}, address: OWN, port, source: null, timeoutMs: 5000, virtual } as const
  const ask = (id: string, ago: number) =>
    new Promise<boolean | null>((resolve) =>
      prober.check(id, { ...wanted, dueAt: performance.now() - ago }, (ok) => resolve(ok)),
    )
  const began = performance.now()
  expect([await ask('now', 0), await ask('late', 700), await ask('early', -60_000)]).toEqual([true, true, true])
  const longest = performance.now() - began
  expect(late).toHaveLength(3)
  expect(late[0]).toBeLessThanOrEqual(longest)
  expect(late[1]).toBeGreaterThanOrEqual(700)
  expect(late[1]).toBeLessThanOrEqual(700 + longest)
  expect(late[2]).toBe(0)
})

it('one that hangs is ended, and another goes on', async () => {
  const { check, said } = begin({ graceMs: -4000 })
  const port = await listening()
  expect(await check(port)).toBe(true)
  const [pid = 0] = children()
  process.kill(pid, 'SIGSTOP')
  expect(await check(port)).toBeNull()
  expect(said[0]).toMatch(/does not answer/)
  await expect.poll(() => check(port), { timeout: 30_000 }).toBe(true)
})

it('one that answered while this process stood still is not ended for it', async () => {
  const { check, said } = begin({ graceMs: -4000 })
  const port = await listening()
  expect(await check(port)).toBe(true)
  const asked = check(port)
  // Longer than an answer may take, and its answer waits in the pipe.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500)
  expect(await asked).toBe(true)
  expect(said).toEqual([])
})

it('one that says too much, or nothing that is meant, is not believed', async () => {
  const { check } = begin({ program: new URL(`file://${join(import.meta.dirname, 'fixture-liar.ts')}`) })
  const port = await listening()
  expect(await check(port)).toBeNull()
})

it('an answer that cannot be read ends its own check, and no other', async () => {
  const { check, said } = begin({ program: new URL(`file://${join(import.meta.dirname, 'fixture-unread.ts')}`) })
  expect(await Promise.all([check(1), check(2), check(3)])).toEqual([null, true, null])
  expect(said).toEqual([])
})

it('one that answers nothing is told of before it is ended, and that is over with its next answer', async () => {
  let ahead = 0
  const { check, troubles, said } = begin({ clock: () => performance.now() + ahead })
  const port = await listening()
  expect(await check(port)).toBe(true)
  const [pid = 0] = children()
  await freeze(pid)
  const asked = check(port)
  // Beyond the five seconds that the check has, and less than one is ended after.
  ahead += 12_000
  await expect.poll(() => troubles.at(-1)?.code, { timeout: 10_000 }).toBe('prober-silent')
  process.kill(pid, 'SIGCONT')
  expect(await asked).toBe(true)
  expect([troubles.at(-1), said]).toEqual([null, []])
})

it('one that hangs is noticed where there is nothing to check', async () => {
  let ahead = 0
  const { check, said } = begin({ clock: () => performance.now() + ahead })
  expect(await check(await listening())).toBe(true)
  const [pid = 0] = children()
  await freeze(pid)
  const later = (): string | undefined => {
    ahead += 3000
    return said[0]
  }
  await expect.poll(later, { timeout: 30_000, interval: 300 }).toMatch(/does not answer/)
})

describe('programs of a prober that died', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-leftovers-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  // One that was killed stays in the list until its parent has looked (man 5 proc: Z).
  const lives = (pid: string): boolean =>
    existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  const pidsIn = (place: string): string[] => (existsSync(place) ? readFileSync(place, 'utf8').trim().split(/\s+/) : [])

  it.each([
    ['by SIGKILL', ''],
    // Before it can tell of the program that it started.
    ['at once', 'kill -9 $PPID'],
  ])('%s are ended before another begins', async (how, suicide) => {
    chmodSync(folder, 0o777)
    const place = join(folder, how.replaceAll(' ', '-'))
    const path = `${place}-script`
    writeFileSync(path, `#!/bin/sh\ntrap '' TERM\n(sleep 600) &\necho $$ $! >> ${place}\n${suicide}\nwait\nsleep 600\n`)
    chmodSync(path, 0o755)
    const { prober, check, troubles } = begin()
    const job = { keys: { command: [path] }, address: OWN, port: 1, source: null, timeoutMs: 60_000, virtual }
    const lost = new Promise<boolean | null>((resolve) => prober.check('one', { probe: 'script', ...job }, resolve))
    await expect.poll(() => pidsIn(place).length, { timeout: 20_000 }).toBe(2)
    const [pid = 0] = children()
    if (suicide === '') process.kill(pid, 'SIGKILL')
    expect(await lost).toBeNull()
    const port = await listening()
    await expect.poll(() => check(port), { timeout: 30_000 }).toBe(true)
    await expect.poll(() => pidsIn(place).filter(lives), { timeout: 500, message: 'when checks go on' }).toEqual([])
    expect(troubles[0]?.code).toBe('prober-ended')
  })
})

const WEB = `require('node:http').createServer((_, answer) => answer.end()).listen(0, '${OWN}', function () { console.log(this.address().port) })`

it('a web server that is stopped accepts connections, and answers no request; it goes on', async () => {
  const { prober, check } = begin()
  const web = spawn(process.execPath, ['-e', WEB], { stdio: ['ignore', 'pipe', 'inherit'] })
  ends.push(() => web.kill('SIGKILL'))
  const [said]: Buffer[] = await once(web.stdout, 'data')
  const port = Number(said)
  const http = (timeoutMs: number) =>
    new Promise<readonly [boolean | null, string]>((resolve) =>
      prober.check(
        'web',
        { probe: 'http', keys: {}, address: OWN, port, source: null, timeoutMs, virtual },
        (ok, reason) => resolve([ok, reason]),
      ),
    )
  expect(await http(10_000)).toEqual([true, 'answers with status 200'])
  await freeze(web.pid ?? 0)
  expect(await check(port), 'which a tcp check does not notice').toBe(true)
  expect(await http(500)).toEqual([false, 'accepts connections, but does not answer the request within 500 ms'])
  web.kill('SIGCONT')
  expect(await http(10_000)).toEqual([true, 'answers with status 200'])
})
