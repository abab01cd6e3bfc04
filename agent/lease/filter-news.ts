/** What became of the rules in front of the heartbeat ports, for people. Without them all works, and strangers can keep the process busy. */
import type { News } from './news.ts'
import type { Outcome } from './ports.ts'

const CODE = 'heartbeats-unfiltered'
const HINT =
  'it needs nf_tables with sets and limits (modprobe nft_limit); until then let only the other nodes reach these ports'

export class FilterNews {
  readonly #news: News
  readonly #say: (text: string) => void

  constructor(news: News, say: (text: string) => void) {
    this.#news = news
    this.#say = say
  }

  built({ result, error }: Outcome): void {
    if (result === 'done') {
      if (this.#news.over(CODE)) this.#say('the rules in front of the heartbeat ports are there now')
      return
    }
    const message = `no rules in front of the heartbeat ports: ${error}; whoever reaches them can keep this process busy`
    if (this.#news.trouble({ code: CODE, severity: 'warning', message, hint: HINT })) this.#say(`${message}\n  ${HINT}`)
  }
  /** Somebody else changed them. */
  lost(damage: string, restored: Outcome): void {
    if (restored.result === 'done' && !this.#news.has(CODE)) {
      this.#news.count('filter-restored')
      this.#say(
        `somebody else changed the rule set (${damage}): the rules in front of the heartbeat ports are put back`,
      )
    }
    this.built(restored)
  }
}
