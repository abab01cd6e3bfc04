/**
 * Pools of three servers each, all of them well all the time, with the check that holds where nothing is said: how many verdicts say otherwise, and
 * whether a pool was left with nobody. `--loss N`: of a hundred packets so many get lost (nf_tables; give it a network of its own:
 * `unshare -n`). Says what it counted as one line.
 */
import { execFileSync, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { instant } from '@lvsm/base'
import {
  type Choice,
  choose,
  finish,
  type Health,
  judge,
  newSchedule,
  nextCheckAt,
  NOBODY_CHOSEN,
  paceOf,
  setPace,
  setTargets,
  takeDue,
  UNCHECKED,
} from '@lvsm/health'
import { DEFAULT_CHECK } from '@lvsm/model'
import { Prober } from '../../../agent/node/adapters/prober.ts'
import { serversUp } from './serving.ts'

const POOLS = 40
const SERVERS = 3
const VIRTUAL = { address: '10.11.0.10', port: 80 }
const { intervalMs, timeoutMs, pacing } = DEFAULT_CHECK
const paces = { ...pacing, intervalMs }

export interface Ejections {
  readonly checks: number
  readonly failed: number
  /** Verdicts that a well server failed. */
  readonly falls: number
  /** It left its pool for that. */
  readonly left: number
  /** A pool that had somebody was left with nobody. */
  readonly emptied: number
}

interface One {
  readonly id: string
  health: Health
}
interface Pool {
  readonly members: readonly One[]
  choice: Choice
}

function loses(percent: number): void {
  const nft = (text: string): void => void execFileSync('nft', [text])
  execFileSync('ip', ['link', 'set', 'lo', 'up'])
  nft('add table inet bench')
  nft('add chain inet bench in { type filter hook input priority 0; }')
  if (percent > 0) nft(`add rule inet bench in numgen random mod 100 < ${percent} drop`)
}

function judged(pool: Pool, one: One, ok: boolean, counted: Record<keyof Ejections, number>): void {
  const before = one.health.healthy
  one.health = judge(one.health, { ok, reason: '' }, DEFAULT_CHECK)
  if (before === true && one.health.healthy === false) counted.falls += 1
  const { serving } = pool.choice
  const members = pool.members.map(({ id, health }) => ({ id, health, weight: 1, configured: 1, backup: false }))
  const { keepLast } = DEFAULT_CHECK
  pool.choice = choose(members, pool.choice, { quorum: 1, hysteresis: 0, keepLast, maxEjection: paces.maxEjection })
  counted.left += [...serving].filter((id) => !pool.choice.serving.has(id)).length
  if (serving.size > 0 && pool.choice.serving.size === 0) counted.emptied += 1
}

async function watch(ms: number, place: { address: string; port: number }): Promise<Ejections> {
  const counted = { checks: 0, failed: 0, falls: 0, left: 0, emptied: 0 }
  const pools = Array.from({ length: POOLS }, (_, pool): Pool => {
    const members = Array.from({ length: SERVERS }, (__, at): One => ({ id: `${pool}.${at}`, health: UNCHECKED }))
    return { members, choice: NOBODY_CHOSEN }
  })
  const prober = new Prober({
    clock: () => performance.now(),
    trouble: () => undefined,
    unable: () => undefined,
    say: (text) => void process.stderr.write(`${text}\n`),
  })
  const schedule = newSchedule('bench')
  const all = pools.flatMap((pool) => pool.members.map((one) => ({ pool, one })))
  const byId = new Map(all.map((entry) => [entry.one.id, entry]))
  const jitter = paces.jitter / 100
  const targets = all.map(({ one }) => ({ id: one.id, intervalMs, timeoutMs, jitter }))
  const until = performance.now() + ms
  setTargets(schedule, targets, instant(performance.now()))
  const wanted = {
    probe: 'http',
    keys: { path: '/', body: 'works' },
    source: null,
    timeoutMs,
    virtual: VIRTUAL,
  } as const
  for (let now = performance.now(); now < until; now = performance.now()) {
    for (const { id } of takeDue(schedule, instant(now)))
      prober.check(id, { ...wanted, ...place }, (ok) => {
        const after = instant(performance.now())
        finish(schedule, id, after)
        const entry = byId.get(id)
        if (ok === null || !entry) return
        counted.checks += 1
        if (!ok) counted.failed += 1
        judged(entry.pool, entry.one, ok, counted)
        setPace(schedule, id, paceOf(entry.one.health, paces), after)
      })
    await sleep(Math.max(1, Math.min(nextCheckAt(schedule) ?? until, until) - performance.now()))
  }
  prober.close()
  return counted
}

const text = (value: string) => ({ type: 'string', default: value }) as const
const { values } = parseArgs({ options: { loss: text('0'), busy: text('0'), seconds: text('30') } })
loses(Number(values.loss))
const servers = await serversUp()
const loops = Array.from({ length: Number(values.busy) }, () => spawn(process.execPath, ['-e', 'for (;;);']))
try {
  const place = { address: servers.address, port: servers.ports['http'] ?? 0 }
  process.stdout.write(`${JSON.stringify(await watch(Number(values.seconds) * 1000, place))}\n`)
} finally {
  for (const loop of loops) loop.kill()
  servers.end()
}
