/** Plants a mistake, and asks the tests that could notice it, the nearest first. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Mutant } from './enumerate.ts'
import { type Imports, reaching, readImports, type Stage, stagesFor } from './related.ts'
import { Scratch } from './scratch.ts'
import type { Answer, Question } from './trial.ts'

export type Catcher = Stage['name'] | 'soak'
export interface Verdict {
  /** Null: it is alive. */
  readonly caughtBy: Catcher | null
  /** What failed; that nothing came back in time is a failure too. */
  readonly failed: string
}

const SOAK = 'test/sim/soak.ts'
/** Far from the seeds of the unit tests. */
const SOAK_FROM = 1_000_000
const MOST_LEFT_OUT = 3
const LONGEST_MS = 600_000
/** For a vitest to come up, on a machine that has other work. */
const START_MS = 60_000
/** Times of what the same run took without a mistake, and nobody is late before. */
export const PATIENCE = { times: 5, leastMs: 15_000 } as const
const LATE: Answer = { failed: 'nothing came back in time', file: null, ran: 0, tookMs: 0 }

export class Judge {
  readonly #scratch: Scratch
  readonly #imports: Imports
  readonly #roomOf: (file: string) => string
  readonly #soakSeeds: number
  readonly #limitOf: (tookMs: number) => number
  readonly #limits = new Map<Catcher, number>()
  readonly #leftOut = new Set<string>()
  #child: ChildProcess | null = null
  /** Of the mistake before: nobody may find it in memory. */
  #restored = ''

  constructor(
    tree: string,
    roomOf: (file: string) => string,
    soakSeeds: number,
    patience: { readonly times: number; readonly leastMs: number } = PATIENCE,
  ) {
    this.#scratch = new Scratch(tree)
    this.#imports = readImports(tree)
    this.#roomOf = roomOf
    this.#soakSeeds = soakSeeds
    this.#limitOf = (tookMs) => Math.ceil(Math.max(patience.leastMs, patience.times * tookMs))
  }

  /** Tests of other rooms that are red without a mistake, because all run in one process: they are not asked. */
  get leftOut(): readonly string[] {
    return [...this.#leftOut]
  }

  /** Runs everything without a mistake; gives what is red, or that there is nothing to run. */
  async baseline(files: readonly string[]): Promise<string | null> {
    const stages = files.flatMap((file) => this.#stages(file))
    for (const name of new Set(stages.map((stage) => stage.name))) {
      const tests = new Set(stages.filter((stage) => stage.name === name).flatMap((stage) => stage.files))
      this.#limits.set(name, LONGEST_MS)
      const { failed, ran, tookMs } = await this.#green(name, tests)
      if (tests.size === 0) continue
      if (failed !== null || ran === 0) return `${name}: ${failed ?? 'no test ran'}`
      this.#limits.set(name, this.#limitOf(tookMs))
    }
    if (stages.length === 0) return 'no test reaches these files'
    const began = performance.now()
    if (files.some((file) => this.#soaks(file)) && !(await this.#soak())) return 'soak'
    this.#limits.set('soak', this.#limitOf(performance.now() - began))
    return null
  }

  async #green(name: Catcher, tests: Set<string>): Promise<Answer> {
    const answer = await this.#ask(name, { tests: [...tests], changed: [] })
    if (answer.file === null || name !== 'other tests' || this.#leftOut.size >= MOST_LEFT_OUT) return answer
    this.#leftOut.add(answer.file)
    tests.delete(answer.file)
    return tests.size === 0 ? answer : this.#green(name, tests)
  }

  async judge({ file, source }: Mutant): Promise<Verdict> {
    const restore = this.#scratch.plant(file, source)
    try {
      for (const { name, files } of this.#stages(file)) {
        const { failed } = await this.#ask(name, { tests: files, changed: [file, this.#restored] })
        if (failed !== null) return { caughtBy: name, failed }
      }
      if (this.#soaks(file) && !(await this.#soak())) return { caughtBy: 'soak', failed: SOAK }
      return { caughtBy: null, failed: '' }
    } finally {
      restore()
      this.#restored = file
    }
  }

  close(): void {
    this.#end()
    this.#scratch.remove()
  }

  #stages(file: string): Stage[] {
    return stagesFor(file, this.#roomOf(file), this.#imports)
      .map(({ name, files }) => ({
        name,
        files: files.filter((one) => !this.#leftOut.has(one)),
      }))
      .filter(({ files }) => files.length > 0)
  }
  #soaks(file: string): boolean {
    return this.#soakSeeds > 0 && reaching(file, this.#imports).has(SOAK)
  }

  #soak(): Promise<boolean> {
    const words = ['--seeds', `${this.#soakSeeds}`, '--from', `${SOAK_FROM}`]
    const child = spawn(process.execPath, [join(this.#scratch.root, SOAK), ...words], {
      stdio: 'ignore',
      timeout: this.#limits.get('soak') ?? LONGEST_MS,
      killSignal: 'SIGKILL',
    })
    return new Promise((resolve) => {
      child.on('error', () => resolve(false))
      child.on('exit', (code) => resolve(code === 0))
    })
  }

  /** Never rejects: a vitest that dies or hangs is an answer, and the next question gets a new one. */
  #ask(name: Catcher, question: Question): Promise<Answer> {
    const limitMs = (this.#limits.get(name) ?? LONGEST_MS) + (this.#child ? 0 : START_MS)
    const child = (this.#child ??= fork(join(import.meta.dirname, 'trial.ts'), [this.#scratch.root], {
      cwd: this.#scratch.root,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    }))
    return new Promise((resolve) => {
      const done = (answer: Answer, ends: boolean): void => {
        clearTimeout(timer)
        child.removeAllListeners()
        if (ends) this.#end()
        resolve(answer)
      }
      const timer = setTimeout(() => done(LATE, true), limitMs)
      child.on('message', (answer: Answer) => done(answer, false))
      child.on('exit', () => done({ failed: 'the tests ended their process', file: null, ran: 0, tookMs: 0 }, true))
      child.send(question)
    })
  }

  #end(): void {
    this.#child?.kill('SIGKILL')
    this.#child = null
  }
}
