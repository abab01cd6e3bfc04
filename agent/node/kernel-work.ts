/** What the core wants of the kernel: a look, a plan carried out, who listens here. Each is answered before anything else is heard. */
import { type Operation, Refusals } from '@lvsm/plan'
import type { Failure, NodeEffect, NodeInput } from './core/index.ts'
import { type AskDropRules, DropRules } from './adapters/kernel/drop-rules.ts'
import type { Kernel } from './ports.ts'

type Work = Extract<NodeEffect, { kind: 'observe' | 'apply' | 'sockets' }>

export class KernelWork {
  readonly #kernel: Kernel
  readonly #dropRules: DropRules
  readonly #feed: (input: NodeInput) => void

  constructor(kernel: Kernel, feed: (input: NodeInput) => void, dropRules: AskDropRules) {
    this.#kernel = kernel
    this.#dropRules = new DropRules(dropRules, () => performance.now())
    this.#feed = feed
    kernel.watch(() => feed({ kind: 'changed' }))
  }

  carryOut(effect: Work): void {
    switch (effect.kind) {
      case 'observe':
        return this.#observe(effect)
      case 'apply':
        return this.#feed({ kind: 'applied', failures: this.#apply(effect.operations) })
      case 'sockets':
        return this.#feed(this.#kernel.sockets(effect.protocols, effect.crowded))
    }
  }
  close(): void {
    this.#kernel.close()
  }

  #observe(wanted: Extract<Work, { kind: 'observe' }>): void {
    try {
      const [observed, dropRules] = [this.#kernel.observe(wanted), this.#dropRules.known()]
      this.#feed({ kind: 'observed', observed: dropRules ? { ...observed, dropRules } : observed })
    } catch (error) {
      this.#feed({ kind: 'observe-failed', error: (error as Error).message })
    }
  }
  /** In order. What relied on a step that the kernel refused is left out, and is no failure of its own. */
  #apply(plan: readonly Operation[]): Failure[] {
    const refusals = new Refusals(plan)
    return plan.flatMap((operation): Failure[] => {
      if (refusals.holdsBack(operation)) return []
      const failure = this.#kernel.apply(operation)
      if (!failure) return []
      refusals.add(operation)
      return [{ operation, ...failure }]
    })
  }
}
