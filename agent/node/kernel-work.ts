/**
 * What the core wants of the kernel. A plan is carried out in turns: a thousand services are thousands of calls, and whoever asks, and the
 * lease process, wait for none of that. There is one plan at a time: the core looks again when it is through.
 */
import { isHeldBack, type Operation } from '@lvsm/plan'
import type { Failure, NodeEffect, NodeInput } from './core/index.ts'
import type { Kernel } from './ports.ts'

/** Milliseconds that others wait at most, but for one call: some thousands of them, and what others do between two turns may cost as much. */
export const TURN_MS = 200

type Work = Extract<NodeEffect, { kind: 'observe' | 'apply' | 'sockets' }>

export class KernelWork {
  readonly #kernel: Kernel
  readonly #feed: (input: NodeInput) => void
  readonly #clock: () => number
  #next: NodeJS.Immediate | undefined

  constructor(kernel: Kernel, feed: (input: NodeInput) => void, clock: () => number = () => performance.now()) {
    this.#kernel = kernel
    this.#feed = feed
    this.#clock = clock
    kernel.watch(() => feed({ kind: 'changed' }))
  }

  carryOut(effect: Work): void {
    switch (effect.kind) {
      case 'observe':
        return this.#observe(effect)
      case 'apply':
        return this.#apply(effect.operations, 0, [])
      case 'sockets':
        return this.#feed(this.#kernel.sockets(effect.protocols))
    }
  }
  /** Where a plan is now, it stays. */
  close(): void {
    clearImmediate(this.#next)
    this.#kernel.close()
  }

  #observe(wanted: Extract<Work, { kind: 'observe' }>): void {
    try {
      this.#feed({ kind: 'observed', observed: this.#kernel.observe(wanted) })
    } catch (error) {
      this.#feed({ kind: 'observe-failed', error: (error as Error).message })
    }
  }
  /** In order. What relied on a step that the kernel refused is left out, and is no failure of its own. */
  #apply(plan: readonly Operation[], from: number, failures: Failure[]): void {
    const until = this.#clock() + TURN_MS
    let at = from
    do {
      const operation = plan[at++]
      if (!operation) return this.#feed({ kind: 'applied', failures })
      this.#step(plan, operation, failures)
    } while (this.#clock() < until)
    this.#next = setImmediate(() => this.#apply(plan, at, failures))
  }
  #step(plan: readonly Operation[], operation: Operation, failures: Failure[]): void {
    const refused = failures.map((one) => one.operation)
    if (isHeldBack(operation, refused, plan)) return
    const failure = this.#kernel.apply(operation)
    if (failure) failures.push({ operation, ...failure })
  }
}
