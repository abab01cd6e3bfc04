/** What a coordinator has to tell its followers: of one state, worked out once for all of them. */
import { canonicalText, documentAt, newestOf, ringOf, type State, writtenOf } from '@lvsm/changes'
import { type FeedMessage, MOST_DIFFERENCES, type Revision } from '@lvsm/protocol'
import type { Refusal } from '@lvsm/base'

/** What a follower has. `sum` null: it does not trust it. */
export interface Has {
  readonly revision: number
  readonly sum: string | null
}
export type News = Extract<FeedMessage, { kind: 'whole' | 'change' }>
export type Answer =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** SHA-256 of a text in UTF-8, hexadecimal digits. */
export type Digest = (text: string) => string

/** Characters: what is shorter is sent without a look at how long the whole is. */
const SHORT = 4096

export class Publication {
  readonly state: State
  readonly revision: number
  /** The nodes' heartbeat keys; the same value while they are the same. */
  readonly keys: Extract<FeedMessage, { kind: 'keys' }>
  /** Of revisions that are kept, those that somebody asked for. */
  readonly #sums = new Map<number, string>()
  readonly #answers = new Map<string, News>()
  readonly #digest: Digest
  /** Characters of the whole. */
  #size: number | null = null

  /** `before`: of the same log, from which what stays true is taken over. */
  constructor(state: State, digest: Digest, before: Publication | null) {
    this.state = state
    this.revision = newestOf(state.history)
    this.#digest = digest
    const known = before?.keys.ring.number === (state.enrolled.ring ?? 0) ? before.keys : null
    this.keys = known ?? { kind: 'keys', ring: ringOf(state.enrolled) }
    if (!before || before.revision > this.revision) return
    const oldest = state.history.revisions[0]?.number ?? 0
    for (const [revision, sum] of before.#sums) if (revision >= oldest) this.#sums.set(revision, sum)
    if (before.revision === this.revision) for (const [key, news] of before.#answers) this.#answers.set(key, news)
  }

  answer({ revision, sum }: Has): Answer {
    if (revision > this.revision) return { kind: 'refused', refusal: behind(this.revision, revision) }
    if (revision === this.revision && sum === this.#newestSum()) return { kind: 'nothing' }
    // Whether the differences since would do comes first: what the document was then takes the longer the more there are.
    const isKnown = sum !== null && this.#isNear(revision) && sum === this.#sumAt(revision)
    return { kind: 'news', news: this.#remembered(isKnown ? String(revision) : 'whole', isKnown ? revision : null) }
  }

  #remembered(key: string, from: number | null): News {
    const known = this.#answers.get(key)
    if (known) return known
    const news = from === null ? this.#whole() : this.#change(from)
    this.#answers.set(key, news)
    return news
  }

  #since(from: number): readonly Revision[] {
    const { revisions } = this.state.history
    const at = revisions.findLastIndex(({ number }) => number <= from)
    return revisions.slice(at + 1)
  }
  /** The differences since are fewer than one message has, and shorter than the whole. */
  #isNear(from: number): boolean {
    if (from === this.revision) return false
    const since = this.#since(from)
    const count = since.reduce((sum, { change }) => sum + change.length, 0)
    const size = since.reduce((sum, revision) => sum + revision.size, 0)
    return count <= MOST_DIFFERENCES && (size <= SHORT || size <= this.#wholeSize())
  }
  #change(from: number): News {
    const change = this.#since(from).flatMap((revision) => revision.change)
    return { kind: 'change', from, to: this.revision, change, sum: this.#newestSum() }
  }
  #whole(): News {
    return { kind: 'whole', revision: this.revision, file: this.#file(), sum: this.#newestSum() }
  }

  #file() {
    return writtenOf(this.state.history.document, this.revision)
  }
  #wholeSize(): number {
    return (this.#size ??= JSON.stringify(this.#file()).length)
  }
  #newestSum(): string {
    return this.#sumAt(this.revision) ?? ''
  }
  /** Null: that revision is not kept. */
  #sumAt(revision: number): string | null {
    const known = this.#sums.get(revision)
    if (known !== undefined) return known
    const document = documentAt(this.state.history, revision)
    if (!document) return null
    const sum = this.#digest(canonicalText(writtenOf(document, revision)))
    this.#sums.set(revision, sum)
    return sum
  }
}

const behind = (own: number, other: number): Refusal => ({
  code: 'coordinator-behind',
  message: `this coordinator has revision ${own}, and the node ${other} already`,
  hint: 'it catches up when it reaches the others: lvsm coordinators',
})
