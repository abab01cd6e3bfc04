/**
 * Two hundred scripts that hang, as badly as they can: they ignore TERM, fork, and write for ever. Beside the process that runs them three real lease
 * processes hold a lease, and none is lost; so many run at once as may, the others are named, and none is left behind.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { Prober } from '../../agent/node/adapters/prober.ts'
import { besideProcesses } from '../bench/processes.ts'
import { eventually } from '../kit/eventually.ts'

const SCRIPTS = 200
/** Of one service, which leaves room for others. */
const AT_ONCE = 24
const TIMEOUT_MS = 500
const LASTS_MS = 8000
const LOOK_MS = 250
const TIMING = { keepaliveMs: 100, leaseMs: 500 }
const ENDED = `false it did not end within ${TIMEOUT_MS} ms`
const home = mkdtempSync(join(tmpdir(), 'lvsm-hanging-'))
const script = join(home, 'hangs')
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Arguments of those that run, each of a script of its own: a fork has those of its parent. */
const running = (): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
        return words.includes(script) ? [words[words.indexOf(script) + 1] ?? ''] : []
      } catch {
        return []
      }
    })

test('no lease is lost beside 200 hanging scripts, of which so many run as may', { timeout: 180_000 }, async () => {
  chmodSync(home, 0o755)
  writeFileSync(
    script,
    "#!/bin/sh\ntrap '' TERM HUP INT\n(while :; do echo still here; done) &\nwhile :; do echo and here; done\n",
  )
  chmodSync(script, 0o755)
  const told = new Set<number>()
  let most = 0
  const prober = new Prober({
    clock: () => performance.now(),
    trouble: (found) => void troubles.add(found?.code),
    unable: () => undefined,
    say: () => undefined,
  })
  const reasons = new Set<string>()
  const troubles = new Set<string | undefined>()
  let over = false
  const ask = (at: number): void => {
    if (over) return
    const where = { address: '10.11.0.11', port: 80, source: null, virtual: { address: '10.11.0.10', port: 80 } }
    const wanted = { probe: 'script', keys: { command: [script, `${at}`] }, timeoutMs: TIMEOUT_MS, ...where } as const
    prober.check(`${at}`, wanted, (ok, reason) => {
      told.add(at)
      reasons.add(`${ok} ${reason}`)
      setTimeout(() => ask(at), TIMEOUT_MS)
    })
  }
  const { moves, owned } = await besideProcesses(1, TIMING, async (leases) => {
    const before = leases.map((one) => one.moves)
    const until = performance.now() + LASTS_MS
    for (let at = 0; at < SCRIPTS; at++) ask(at)
    for (; performance.now() < until; await sleep(LOOK_MS)) most = Math.max(most, new Set(running()).size)
    over = true
    const groups = leases.flatMap(({ status }) => status?.groups ?? [])
    return {
      moves: leases.map((one, at) => one.moves - (before[at] ?? 0)),
      owned: groups.filter(({ role }) => role === 'owner').length,
    }
  })
  expect([moves, owned]).toEqual([[0, 0, 0], 1])
  expect(told.size).toBe(SCRIPTS)
  expect(troubles, 'the process that runs them goes on').not.toContain('prober-ended')
  expect([most > AT_ONCE / 2, most <= AT_ONCE]).toEqual([true, true])
  expect([...reasons].some((reason) => reason.startsWith('null it is late: its turn did not come'))).toBe(true)
  for (const reason of reasons) expect(reason).toMatch(/^(?:null|false) /)
  // Beside so many every word may be about the machine; of one alone it is about the script.
  over = false
  ask(0)
  await eventually(() => expect(reasons).toContain(ENDED), 60_000)
  over = true
  prober.close()
  await eventually(() => expect(running()).toEqual([]), 20_000)
})
