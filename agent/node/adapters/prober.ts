/**
 * Checks of realservers are made by a process of their own, `lvsm-prober`, for it parses what strangers send. It is started with the first
 * check, and again whenever it ends or hangs; what was under way then is answered with nobody knows, which changes no verdict.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Trouble } from '@lvsm/base'
import {
  AWAKE,
  LONGEST_PROBE_ANSWER,
  type ProbeAnswer,
  type ProbeFound,
  type ProbeJob,
  type ProberFigures,
  probeLine,
  readProbeAnswer,
  unreadAnswerTo,
} from '@lvsm/protocol'
import { type Dead, Leftovers, userOf } from '../../process/leftovers.ts'
import { linesOf } from '../../process/lines.ts'
import type { Delivery, Probe, ProberOptions } from '../ports.ts'
import { endedTrouble, SILENT_TROUBLE } from './prober-troubles.ts'

/** Beside this file, or, where that is part of a bundle, beside the bundle. */
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? '../../prober/main.ts' : './lvsm-prober.mjs', import.meta.url)
/** Bodies and certificates are bounded: what needs more has a fault. The optimizing compilers would only cost it (v8-flags.ts). */
const OPTIONS = ['--disable-sigusr1', '--no-opt', '--no-maglev', '--max-old-space-size=128']

const SECOND_MS = 1000
/** How long it may be silent beyond the time of a check, and until its first word. */
const GRACE_MS = 10_000
const START_MS = 60_000
/** It may be so late by itself (agent/prober, `attempt.ts`); whoever is silent for longer is told of, before it is ended. */
const SILENT_PART = 0.6
/** Where there is nothing else to ask, it is asked whether it is awake. */
const AWAKE_EVERY_MS = 5000
/** Until it is started again: more each time, and the least again once it has lived for so long. */
const BACKOFF_MS = [100, 300, 1000, 3000, 10_000] as const
const STEADY_MS = 60_000
/** Calls back once. Null: nobody knows. */
type Done = (ok: boolean | null, reason: string, found?: ProbeFound) => void
interface Pending {
  readonly id: string
  readonly probe: string
  readonly done: Done
  readonly timeoutMs: number
  sentAt: number
}
/** Of an effect, nothing but what its prober is to know. */
const jobOf = (
  { probe, keys, address, port, source, timeoutMs, virtual, serves, explain, dueAt }: Probe,
  now: number,
): Omit<ProbeJob, 'id'> => ({
  ...{ probe, keys, address, port, source, timeoutMs, virtual },
  ...(serves === undefined ? {} : { serves }),
  ...(explain === true ? { explain } : {}),
  ...(dueAt === undefined ? {} : { due: monotonicMs() + dueAt - now }),
})
const isCheck = (probe: string): boolean => probe !== AWAKE && !probe.startsWith('alert-')
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

export class Prober {
  readonly #options: ProberOptions
  readonly #watch: NodeJS.Timeout
  readonly #pending = new Map<number, Pending>()
  /** Whose check is under way: one that is asked for again meanwhile is the same. */
  readonly #asked = new Set<string>()
  #child: ChildProcess | null = null
  #again: NodeJS.Timeout | null = null
  #number = 0
  /** Programs that it started, and the user that it became. */
  readonly #leftovers = new Leftovers()
  #dead: Dead = { pid: 0, uid: null }
  #ending = false
  #heardAt = 0
  #startedAt = 0
  #ready = false
  /** Of an answer or a beginning, at the last look. */
  #lateMs = Number.NEGATIVE_INFINITY
  #failures = 0
  #starts = 0
  #troubled = false
  /** Probes that this machine lacks something for. */
  readonly #unable = new Set<string>()
  #closed = false

  constructor(options: ProberOptions) {
    this.#options = options
    this.#watch = setInterval(() => this.#look(), SECOND_MS).unref()
  }

  check(id: string, wanted: Probe, done: Done): void {
    this.#ask(id, jobOf(wanted, this.#options.clock()), done)
  }
  /** Tells a receiver of alerts. */
  deliver(id: string, { delivery, keys, timeoutMs }: Delivery, done: Done): void {
    this.#ask(id, { probe: `alert-${delivery}`, keys, address: '', port: 0, source: null, timeoutMs }, done)
  }
  #ask(id: string, wanted: Omit<ProbeJob, 'id'>, done: Done): void {
    if (this.#closed || this.#asked.has(id)) return
    if (this.#again || this.#ending) return done(null, 'lvsm-prober does not run')
    if (!this.#child) this.#start()
    const [number, { probe, timeoutMs }] = [++this.#number, wanted]
    this.#asked.add(id)
    this.#pending.set(number, { id, probe, done, timeoutMs, sentAt: this.#options.clock() })
    this.#child?.stdin?.write(probeLine({ ...wanted, id: number }))
  }

  /** A line that is no check; it is started for it where it does not run, and not where it has just ended. */
  tell(line: string): void {
    if (this.#closed || this.#again || this.#ending) return
    if (!this.#child) this.#start()
    this.#child?.stdin?.write(line)
  }

  /** Null: nothing was to be done for it yet. */
  figures(): ProberFigures | null {
    if (this.#starts === 0) return null
    const checks = [...this.#pending.values()].filter(({ probe }) => isCheck(probe))
    const up = this.#ready && this.#child !== null && !this.#troubled
    return { up, restarts: this.#starts - 1, underWay: checks.length }
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#watch)
    if (this.#again) clearTimeout(this.#again)
    this.#child?.kill('SIGKILL')
    this.#leftovers.kill(this.#dead)
  }

  #start(): void {
    const { program = PROGRAM, clock } = this.#options
    const argv = [...OPTIONS, fileURLToPath(program)]
    const child: ChildProcess = spawn(process.execPath, argv, { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    this.#starts += 1
    this.#startedAt = clock()
    this.#lateMs = Number.NEGATIVE_INFINITY
    this.#ready = false
    const line = (text: string): void => {
      if (this.#child !== child) return
      const answer = readProbeAnswer(text)
      if (answer) return this.#heard(child, answer)
      const id = unreadAnswerTo(text)
      if (id === null) this.#options.other?.(text)
      else
        this.#answered({ id, ok: null, reason: 'lvsm-prober gives an answer that cannot be read: please report this' })
    }
    const tooLong = (): void => void child.kill('SIGKILL')
    // Without any where no file may be opened any more: its error comes later.
    child.stdout?.on('data', linesOf(LONGEST_PROBE_ANSWER, { line, tooLong }))
    // Its end says why.
    for (const stream of [child.stdin, child.stdout]) stream?.on('error', () => undefined)
    child.on('error', (error) => this.#ended(child, error.message))
    // What it said until then is read first.
    child.on('close', (code, signal) => this.#ended(child, signal === null ? `with exit code ${code}` : `by ${signal}`))
  }

  #heard({ pid }: ChildProcess, answer: ProbeAnswer): void {
    if ('ready' in answer) {
      this.#ready = true
      this.#lateMs = Number.NEGATIVE_INFINITY
      if (pid !== undefined) this.#dead = { pid, uid: userOf(pid) }
      this.#options.began?.()
      // Until now it was starting.
      for (const pending of this.#pending.values()) pending.sentAt = this.#options.clock()
      return
    }
    if ('group' in answer) this.#leftovers.heard(answer)
    else this.#answered(answer)
  }
  #answered(answer: Exclude<ProbeAnswer, { readonly ready: true } | { readonly group: number }>): void {
    this.#heardAt = this.#options.clock()
    const pending = this.#pending.get(answer.id)
    if (!pending) return
    this.#pending.delete(answer.id)
    this.#asked.delete(pending.id)
    if (this.#troubled) this.#tell(null)
    const { id: _, ok, reason, lacks, lateMs, ...found } = answer
    if (lateMs !== undefined) this.#options.late?.(lateMs)
    this.#noteAble(pending.probe, reason, lacks ?? null)
    pending.done(ok, reason, found)
  }

  #noteAble(probe: string, reason: string, lacks: string | null): void {
    if (this.#unable.has(probe) === (lacks !== null)) return
    if (lacks === null) {
      this.#unable.delete(probe)
      return this.#options.unable(probe, null)
    }
    this.#unable.add(probe)
    const message = `checks of type ${probe} cannot be made here: ${reason}`
    this.#options.unable(probe, { code: 'cannot-check', severity: 'warning', message, hint: lacks })
  }

  #ended(child: ChildProcess, how: string): void {
    if (this.#child !== child) return
    this.#child = null
    if (this.#closed) return
    const { clock, say } = this.#options
    if (clock() - this.#startedAt >= STEADY_MS) this.#failures = 0
    const waitMs = BACKOFF_MS[Math.min(this.#failures, BACKOFF_MS.length - 1)] ?? 0
    this.#failures += 1
    say(`lvsm-prober ended ${how}; it is started again`)
    this.#tell(endedTrouble(how))
    this.#again = setTimeout(() => {
      this.#again = null
    }, waitMs).unref()
    // No second copy of a program beside one that was left behind.
    this.#ending = true
    this.#leftovers.end(this.#dead, () => {
      this.#ending = false
    })
    const lost = [...this.#pending.values()]
    this.#pending.clear()
    this.#asked.clear()
    for (const { done } of lost) done(null, 'lvsm-prober ended meanwhile')
  }

  #look(): void {
    if (!this.#child) return
    const now = this.#options.clock()
    const { graceMs = GRACE_MS } = this.#options
    const lateMs = this.#ready
      ? Math.max(...[...this.#pending.values()].map(({ sentAt, timeoutMs }) => now - sentAt - timeoutMs))
      : now - this.#startedAt
    // Seen twice: what it said while this process stood still has been read by the second time.
    const twiceMs = Math.min(lateMs, this.#lateMs)
    this.#lateMs = lateMs
    if (twiceMs > graceMs * SILENT_PART && this.#pending.size > 0 && !this.#troubled) this.#tell(SILENT_TROUBLE)
    const mostMs = this.#ready ? graceMs : START_MS
    if (lateMs <= mostMs) return this.#wake(now)
    if (twiceMs <= mostMs) return
    this.#options.say('lvsm-prober does not answer: it is ended')
    this.#child.kill('SIGKILL')
  }

  /** A question that costs nothing, where there is no other. */
  #wake(now: number): void {
    if (!this.#ready || this.#pending.size > 0 || now - this.#heardAt < AWAKE_EVERY_MS) return
    const job = { probe: AWAKE, keys: {}, address: '', port: 0, source: null, timeoutMs: SECOND_MS }
    this.#ask(AWAKE, job, () => undefined)
  }

  #tell(found: Trouble | null): void {
    this.#troubled = found !== null
    this.#options.trouble(found)
  }
}
