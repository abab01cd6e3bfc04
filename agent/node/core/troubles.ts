/** Everything that is in the way now, from every part; what begins and what is over is logged once. */
import type { Instant, Trouble } from '@lvsm/base'
import { agreementDigests, disagreements } from '@lvsm/model'
import type { Desk } from './desk.ts'

export interface Troubles {
  /** Of the adapters, under a name of their own; null: over. */
  report(source: string, trouble: Trouble | null): void
  all(now: Instant): readonly Trouble[]
  show(present: readonly Trouble[]): void
}

/** `leaseFault`: why the lease process cannot be relied on; null when it can. */
export function createTroubles(desk: Desk, leaseFault: (now: Instant) => string | null): Troubles {
  const { config, peers, emit } = desk
  const agreement = agreementDigests(config)
  const reported = new Map<string, Trouble>()
  let shown: ReadonlyMap<string, Trouble> = new Map()

  function strangers(now: Instant): Trouble[] {
    return config.nodes.flatMap((node): Trouble[] => {
      const word = peers.stateOf(node.name, now)
      const subjects = word ? disagreements(agreement, word.agreement ?? {}) : []
      if (!word || subjects.length === 0) return []
      const message = `${node.name} runs revision ${word.revision} with other ${subjects.join(', ')} than revision ${config.revision} here`
      return [{ code: 'disagreement', severity: 'warning', message, hint: 'give every node the same configuration' }]
    })
  }

  return {
    report(source, trouble) {
      if (trouble) reported.set(source, trouble)
      else reported.delete(source)
    },
    all(now) {
      const fault = leaseFault(now)
      const hint = 'start lvsm-lease, or look at its log; without it this node takes nothing over'
      const lease: Trouble[] =
        fault === null
          ? []
          : [
              {
                code: 'no-lease-process',
                severity: 'critical',
                message: `the lease process does not answer: ${fault}`,
                hint,
              },
            ]
      return [
        ...lease,
        ...(desk.status()?.troubles ?? []),
        ...reported.values(),
        ...desk.reconciler.troubles(),
        ...desk.pings.troubles(),
        ...strangers(now),
      ]
    },
    show(list) {
      const present = new Map(list.map((trouble) => [`${trouble.code} ${trouble.message}`, trouble]))
      for (const [key, trouble] of present)
        if (!shown.has(key))
          emit({
            kind: 'log',
            text: `${trouble.severity}: ${trouble.message}${trouble.hint ? ` (${trouble.hint})` : ''}`,
          })
      for (const [key, trouble] of shown) if (!present.has(key)) emit({ kind: 'log', text: `over: ${trouble.message}` })
      shown = present
    },
  }
}
