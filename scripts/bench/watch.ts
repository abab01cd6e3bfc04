/** One run of one fault, watched from outside. */
import { setTimeout as sleep } from 'node:timers/promises'
import { LabError } from '../lab/paths.ts'
import { ownerAt, unseen } from '../lab/reports.ts'
import type { Stage } from '../lab/stage.ts'
import type { Fault } from './faults.ts'
import type { System } from './systems.ts'

export interface Run {
  readonly fault: string
  readonly system: System['name']
  readonly owner: string
  /** Milliseconds: longest time between two successes of a client, longest request, longest silence to who-has. */
  readonly gapMs: number
  readonly requestMs: number
  readonly silenceMs: number
  readonly twoOwnersMs: number
  /** What the observer of owners missed; null: nothing. */
  readonly unseen: string | null
  readonly requests: number
  readonly failed: number
  /** What the first failed ones met. */
  readonly errors: readonly string[]
}

/** An observer that V8 still compiles stands in its own way, and in that of what it watches. */
const WARMUP_MS = 2000
/** Before the fault, so that it strikes at no special moment of anybody's timers. */
const LEAD_MS = 400

/** What a fault says at its beginning; a refusal of the cluster as text. */
async function begun(begin: () => ReturnType<Fault['begin']>): Promise<{ readonly began?: number } | string> {
  try {
    return (await begin()) ?? {}
  } catch (error) {
    if (error instanceof LabError) return error.message
    throw error
  }
}

/** A text: why this run tells nothing, because the fault struck somebody else than the owner, or did not happen. */
export async function watch(stage: Stage, system: System, fault: Fault): Promise<Run | string> {
  const owner = await system.settled(stage)
  const owners = await stage.observe('owners')
  const client = await stage.observe('http', '--warmup', String(WARMUP_MS))
  await sleep(LEAD_MS + Math.random() * 200)
  const struck = await begun(() => fault.begin(stage, owner, system))
  if (typeof struck === 'string') {
    await client.stop()
    await owners.stop()
    return struck
  }
  await sleep(fault.lastsMs)
  const clientFirst = fault.aftermathMs === 0
  const seen = clientFirst ? await client.stop() : undefined
  const watchedFirst = clientFirst ? await owners.stop() : undefined
  await fault.end(stage, owner, system)
  await sleep(fault.aftermathMs)
  const http = seen ?? (await client.stop())
  const watched = watchedFirst ?? (await owners.stop())
  if (struck.began !== undefined && ownerAt(watched, struck.began) !== owner)
    return `the group had moved by itself\n${(await system.told?.(stage)) ?? ''}`
  return {
    fault: fault.name,
    system: system.name,
    owner,
    gapMs: http.longestGapMs,
    requestMs: http.longestRequestMs,
    silenceMs: Math.max(...watched.addresses.map(({ longestSilenceMs }) => longestSilenceMs)),
    twoOwnersMs: Math.max(...watched.addresses.map(({ twoOwnersMs }) => twoOwnersMs)),
    unseen: unseen(watched),
    requests: http.requests,
    failed: http.failed,
    errors: http.failures.map(({ error }) => error ?? 'no answer'),
  }
}
