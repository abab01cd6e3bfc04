/** Connections to the port for nodes that end before they are anybody's: counted, and told now and then. */
import type { CounterName } from '@lvsm/protocol'
import type { LinksTold } from './options.ts'

const SHOWN_MS = 600_000
/** Of one kind: whoever connects without end shall not be told of without end. */
const TOLD_EVERY_MS = 5000

const SENTENCES = {
  'drop-connection-tls': null,
  'drop-connection-request': null,
  'drop-connection-certificate': "has no certificate of this cluster's authority",
  'drop-connection-key':
    "has a certificate of this cluster, and a key that is no node's: it was removed, or set up anew",
  'drop-connection-crowded': 'opens more connections than any node does',
} as const satisfies Readonly<Partial<Record<CounterName, string | null>>>
export type Refused = keyof typeof SENTENCES

export class Strangers {
  readonly #told: LinksTold
  readonly #toldAt = new Map<Refused, number>()
  constructor(told: LinksTold) {
    this.#told = told
  }

  refused(why: Refused, address: string | undefined): void {
    this.#told.count(why)
    const sentence = SENTENCES[why]
    const now = performance.now()
    const last = this.#toldAt.get(why)
    if (sentence === null || (last !== undefined && now - last < TOLD_EVERY_MS)) return
    this.#toldAt.set(why, now)
    this.#told.trouble(why, {
      code: 'stranger',
      severity: 'warning',
      message: `${address ?? 'somebody'} connects to the port for nodes and ${sentence}`,
      hint: 'if it is a node of this cluster, let it join again; else look who that is',
      leftMs: SHOWN_MS,
    })
  }
}
