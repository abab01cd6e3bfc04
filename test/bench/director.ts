/** One agent of a director, in virtual time, beside a kernel that does as it is told; and what its steps take. */
import { instant, type Instant } from '@lvsm/base'
import { NO_FACTS } from '@lvsm/changes'
import type { Config } from '@lvsm/model'
import { NOTHING_OWNED } from '@lvsm/plan'
import { statusOf } from '../../agent/node/core/fixture.ts'
import { TestKernel } from '../../agent/node/core/fixture-kernel.ts'
import { createNodeCore, type NodeCore, type NodeEffect, type NodeInput } from '../../agent/node/core/index.ts'

/** Who owns the group, and the other one. */
export const [DIRECTOR, OTHER] = ['dir1', 'dir2'] as const
const STEP_MS = 100

export const FIGURES = [
  'read the configuration, a person wrote it',
  'read it as an agent keeps it',
  'a look that finds all as it should be',
  'a glance at what the listing does not show, each second',
  'an answer to a check',
  'a wake, for each check that it begins',
  'what the lease process says',
  'what the lease process says, while another director has other weights',
] as const
export type Figure = (typeof FIGURES)[number]
const OF_INPUT: Readonly<Partial<Record<NodeInput['kind'], Figure>>> = {
  observed: 'a look that finds all as it should be',
  checked: 'an answer to a check',
  wake: 'a wake, for each check that it begins',
  'lease-status': 'what the lease process says',
}

/** Steps are timed as soon as somebody asks. */
export class Agent {
  readonly core: NodeCore
  readonly kernel: TestKernel
  readonly times: Record<Figure, number[]> = emptyTimes()
  now: Instant = instant(1000)
  said: string[] = []
  readonly #name: string
  #dueAt: Instant = this.now
  #timed = false

  constructor(config: Config, name: string = DIRECTOR) {
    this.#name = name
    this.kernel = new TestKernel(config, name)
    this.core = createNodeCore({
      ...{ node: name, record: NOTHING_OWNED, boot: 'bench', startedAt: this.now, machine: '', word: null },
      ...{ follows: true, kept: null, started: null },
      wall: (at) => String(Math.round(at)),
      wallMs: (at) => Math.round(at),
    })
    this.feed({ kind: 'config', config, secrets: new Map(), facts: NO_FACTS })
    this.feed({ kind: 'lease-up' })
  }

  feed(input: NodeInput): void {
    const inbox = [input]
    for (let next = inbox.shift(); next; next = inbox.shift()) inbox.push(...this.#step(next))
  }
  run(ms: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = instant(Math.max(this.now + 1, Math.min(this.#dueAt, this.now + STEP_MS)))
      if (this.#dueAt <= this.now) this.feed({ kind: 'wake' })
    }
  }
  /** Lease process and time go on. */
  lives(ms: number): void {
    for (let left = ms; left > 0; left -= 1000) {
      this.feed({ kind: 'lease-status', status: statusOf(this.#name, DIRECTOR) })
      this.run(Math.min(1000, left))
    }
  }
  /** From now on, what each step takes is kept. */
  measure(): void {
    this.#timed = true
    this.said = []
  }

  #step(input: NodeInput): NodeInput[] {
    const began = performance.now()
    const effects = this.core.step(input, this.now)
    const took = performance.now() - began
    const figure = OF_INPUT[input.kind]
    const share = input.kind === 'wake' ? Math.max(1, effects.filter(({ kind }) => kind === 'check').length) : 1
    if (this.#timed && figure) this.times[figure].push(took / share)
    return effects.flatMap((effect) => this.#answer(effect))
  }
  #answer(effect: NodeEffect): NodeInput[] {
    switch (effect.kind) {
      case 'wake':
        this.#dueAt = effect.at
        return []
      case 'observe':
        return [{ kind: 'observed', observed: this.kernel.observe(effect) }]
      case 'apply':
        for (const operation of effect.operations) this.kernel.apply(operation)
        return [{ kind: 'applied', failures: [] }]
      case 'check':
        return [{ kind: 'checked', id: effect.id, ok: true, reason: 'connected' }]
      case 'ping':
        return [{ kind: 'pinged', round: effect.round, unsent: [] }]
      case 'message':
        this.said.push(effect.text)
        return []
      default:
        return []
    }
  }
}
function emptyTimes(): Record<Figure, number[]> {
  return Object.fromEntries(FIGURES.map((name) => [name, []])) as unknown as Record<Figure, number[]>
}
