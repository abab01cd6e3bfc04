/**
 * The programs of this node, as their files in the run directories say (`agent/process/life.ts`): looked at twice a second, and told to
 * the core where anything is new.
 */
import { VERSION } from '@lvsm/base'
import { readFileSync } from 'node:fs'
import { ageOf, endingOf, isStopped, type Life, lives, readLife, refusedLife, statusOf } from '../../process/life.ts'
import type { NodeInput } from '../core/index.ts'

const LOOK_MS = 500
const RUN_DIR = '/run/lvsm'
const COORDINATOR_RUN_DIR = '/run/lvsm-coordinator'

/** This start of the agent. */
export interface Begun {
  /** As the kernel names this start of the machine (man 4 random, boot_id); empty: not known. */
  readonly machine: string
  readonly sentence: string
  /** How the one before it ended; null: none ran since the machine started. */
  readonly before: string | null
  /** So long before no agent ran here; null: not known. */
  readonly awayMs: number | null
}

export function startOf(ended: Pick<Begun, 'before' | 'awayMs'>): Begun {
  return { machine: bootId(), sentence: `lvsm-agent ${VERSION} started (process ${process.pid})`, ...ended }
}
/** Of the machine; empty: not known. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}

/** Where the coordinator of the same node has its run directory: as `lvsm --node` finds it. */
export const coordinatorRunDir = (runDir: string): string =>
  runDir === RUN_DIR || runDir.startsWith(`${RUN_DIR}/`) ? COORDINATOR_RUN_DIR + runDir.slice(RUN_DIR.length) : runDir

type Found = Extract<NodeInput, { kind: 'program' }>

export class Programs {
  readonly #places: readonly (readonly [program: string, runDir: string])[]
  readonly #found: (found: Found) => void
  readonly #timer: NodeJS.Timeout
  readonly #last = new Map<string, string>()
  readonly #absent: (program: string, why: string | null) => void
  readonly #why = new Map<string, string | null>()
  /** Program → its life that is over, and of whose end nobody has said anything yet. */
  readonly #doubted = new Map<string, string>()
  /** Program → its life that was found stopped at the last look. */
  readonly #stopped = new Map<string, string>()

  /** `absent`: why a program is not there that somebody wanted to run; null: it is, or nobody did. Said where that changes. */
  constructor(
    runDir: string,
    found: (found: Found) => void,
    lookMs = LOOK_MS,
    absent: (program: string, why: string | null) => void = () => undefined,
  ) {
    this.#absent = absent
    this.#places = [
      ['lvsm-lease', runDir],
      ['lvsm-coordinator', coordinatorRunDir(runDir)],
    ]
    this.#found = found
    this.#timer = setInterval(() => this.look(), lookMs).unref()
    this.look()
  }
  close(): void {
    clearInterval(this.#timer)
  }

  look(): void {
    for (const [program, runDir] of this.#places) {
      const life = readLife(runDir, program)
      const found = life && this.#tellOf(program, runDir, life)
      const ended = life?.code === 0 ? null : (found?.ended ?? null)
      this.#tellAbsence(program, refusedLife(runDir, program) ?? ended ?? this.#stopOf(program, life))
      if (!life) continue
      const text = JSON.stringify(found, (key, value: unknown) => (key === 'ageMs' ? 0 : value))
      if (!found || this.#last.get(program) === text) continue
      this.#last.set(program, text)
      this.#found(found)
    }
  }

  #tellAbsence(program: string, why: string | null): void {
    if ((this.#why.get(program) ?? null) === why) return
    this.#why.set(program, why)
    this.#absent(program, why)
  }

  /** Who is stopped at two looks in a row does not go on by itself. */
  #stopOf(program: string, life: Life | null): string | null {
    const before = this.#stopped.get(program)
    if (!life || life.code !== null || !isStopped(life)) {
      this.#stopped.delete(program)
      return null
    }
    this.#stopped.set(program, life.life)
    const [pid] = life.life.split('.', 1)
    return before === life.life
      ? `${program} (process ${pid}) is stopped (state T) → kill -CONT ${pid}, and find who stopped it`
      : null
  }

  /** Null: that is said at the next look, when whoever keeps it running knows more. */
  #tellOf(program: string, runDir: string, life: Life): Found | null {
    const isOver = life.code !== null || !lives(life)
    const isDark = isOver && life.code === null && statusOf(runDir, program) === ''
    if (isDark && this.#doubted.get(program) !== life.life) {
      this.#doubted.set(program, life.life)
      return null
    }
    const [pid] = life.life.split('.', 1)
    return {
      kind: 'program',
      program,
      life: life.life,
      ageMs: ageOf(life) ?? 0,
      started: `${program} ${life.version} started (process ${pid})`,
      ended: isOver ? `${program} (process ${pid}) ended: ${endingOf(runDir, program, life)}` : null,
      before: life.before === null ? null : `${program} ended: ${life.before}`,
    }
  }
}
