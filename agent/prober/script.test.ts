import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { attempt, type End } from './attempt.ts'
import { PROBES } from './probes/index.ts'
import type { ProbeJob } from '@lvsm/protocol'

const folder = mkdtempSync(join(tmpdir(), 'lvsm-scripts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let number = 0
function script(text: string): string {
  number += 1
  const path = join(folder, `script-${number}`)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}
const JOB = { id: 1, probe: 'script', address: '10.11.0.11', port: 8080, source: null } as const
const virtual = { address: '10.11.0.10', port: 80 }
const start = (command: readonly string[], timeoutMs: number, done: End, keys = {}): void =>
  attempt(PROBES.script, { ...JOB, virtual, timeoutMs, keys: { command, ...keys } }, done)
const run = (command: readonly string[], keys = {}, timeoutMs = 10_000): Promise<readonly [boolean | null, string]> =>
  new Promise((resolve) => start(command, timeoutMs, (ok, reason) => resolve([ok, reason]), keys))

it.each<[string, string, boolean | null, string]>([
  ['nagios', 'echo "OK: fine | time=1s;2;3"; echo more; exit 0', true, 'OK: fine (exit code 0)'],
  ['nagios', 'echo "WARNING: slow"; exit 1', true, 'WARNING: slow (exit code 1)'],
  ['nagios', 'echo "CRITICAL: gone"; exit 2', false, 'CRITICAL: gone (exit code 2)'],
  ['nagios', 'echo "UNKNOWN: no such option"; exit 3', null, 'UNKNOWN: no such option (exit code 3)'],
  ['nagios', 'exit 127', false, 'exit code 127'],
  ['nagios', 'kill -SEGV $$', false, 'ended by SIGSEGV'],
  ['keepalived', 'exit 0', true, 'exit code 0'],
  ['keepalived', 'exit 1', false, 'exit code 1'],
  ['consul', 'exit 1', true, 'exit code 1'],
  ['consul', 'echo gone; exit 3', false, 'gone (exit code 3)'],
  ['mon', 'echo $*; exit 1', false, 'a 10.11.0.11 (exit code 1)'],
  ['ldirectord', 'echo $*', true, 'a 10.11.0.10 80 10.11.0.11 8080 (exit code 0)'],
  ['nagios', 'printf "\\033[2Jx"', true, '\u{fffd}[2Jx (exit code 0)'],
])('by the contract of %s: %s', async (contract, text, ok, reason) => {
  expect(await run([script(text), 'a'], { contract })).toEqual([ok, reason])
})

it('what a plugin warns of is well, and marked', async () => {
  const found = (code: number, contract: string): Promise<readonly [boolean | null, boolean | undefined]> =>
    new Promise((resolve) =>
      start([script(`exit ${code}`)], 10_000, (ok, _, { degraded } = {}) => resolve([ok, degraded]), { contract }),
    )
  expect(await Promise.all([0, 1, 2, 3].map((code) => found(code, 'nagios')))).toEqual([
    [true, undefined],
    [true, true],
    [false, undefined],
    [null, undefined],
  ])
  expect(await found(1, 'mon')).toEqual([false, undefined])
})

it('knows whom it asks by its words and its environment, and nothing else of this process', async () => {
  const told = script('echo "$1 $2 $LVSM_ADDRESS $LVSM_PORT $LVSM_VIP $LVSM_VPORT $(env | grep -c VITEST)"')
  expect(await run([told, '{address}:{port}', '{vip}:{vport}'])).toEqual([
    true,
    '10.11.0.11:8080 10.11.0.10:80 10.11.0.11 8080 10.11.0.10 80 0 (exit code 0)',
  ])
  expect(await run(['/no/such/program'])).toEqual([null, expect.stringContaining('it cannot be started')])
})

it('what it writes without end is bounded, and so is its time', async () => {
  const [ok, reason] = await run(
    [script('while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done')],
    {},
    500,
  )
  expect([ok, reason]).toEqual([false, 'it did not end within 500 ms'])
})

const lives = (pid: string): boolean => existsSync(`/proc/${pid.trim()}`)
it('one that ignores TERM is killed with all that it started, and no second one runs beside it', async () => {
  const place = join(folder, 'pids')
  const stubborn = [script(`trap '' TERM\n(trap '' TERM; sleep 600) &\necho $$ $! > ${place}\nsleep 600`)]
  expect(await run(stubborn, {}, 1500)).toEqual([false, 'it did not end within 1500 ms'])
  expect((await run(stubborn))[1]).toBe('the one before it still runs, although it was killed')
  const pids = readFileSync(place, 'utf8').split(' ')
  expect(pids).toHaveLength(2)
  await expect.poll(() => pids.some(lives), { timeout: 20_000 }).toBe(false)
})

it('what it left behind outside of its group is found and ended, also where it ignores TERM', async () => {
  const place = join(folder, 'strays')
  expect(
    await run([
      script(`setsid sh -c 'trap "" TERM; echo $$ > ${place}; exec sleep 600' >/dev/null 2>&1 &\nsleep 0.3; exit 0`),
    ]),
  ).toEqual([true, 'exit code 0'])
  const pid = readFileSync(place, 'utf8')
  expect(lives(pid)).toBe(true)
  await expect.poll(() => lives(pid), { timeout: 20_000 }).toBe(false)
}, 30_000)

it('of two hundred that hang those of one service leave room for others, and those that wait are late and not failed', async () => {
  const hanging = script('sleep 600')
  const told: (readonly [boolean | null, string])[] = []
  for (let at = 0; at < 200; at++) start([hanging, String(at)], 2000, (ok, reason) => told.push([ok, reason]))
  const other: ProbeJob = { ...JOB, virtual: { address: '10.11.0.20', port: 80 }, timeoutMs: 2000, keys: {} }
  const well = await new Promise((resolve) =>
    attempt(PROBES.script, { ...other, keys: { command: [script('exit 0')] } }, resolve),
  )
  expect([well, told]).toEqual([true, []])
  await expect.poll(() => told.length, { timeout: 30_000 }).toBe(200)
  const late = told.filter(([ok]) => ok === null)
  expect(late).toHaveLength(176)
  expect(late[0]?.[1]).toMatch(/^it is late: its turn did not come/)
  expect(told.filter(([ok]) => ok === false)).toHaveLength(24)
})

it('one that waited for its turn has all of its time when it runs', async () => {
  const told: (boolean | null)[] = []
  const slow = script('sleep 0.6')
  for (let at = 0; at < 30; at++) start([slow, String(at)], 1000, (ok) => told.push(ok))
  await expect.poll(() => told.length, { timeout: 30_000 }).toBe(30)
  expect(told).not.toContain(false)
  expect(told.filter((ok) => ok === true).length).toBeGreaterThanOrEqual(24)
})

it('programs give way to what this process asks beside them, and not so much that a busy director makes them late', async () => {
  expect(await run([script('sleep 0.3; cut -d" " -f19 /proc/$$/stat; nice')])).toEqual([true, '5 (exit code 0)'])
})
