/** Messages as bytes: what is the same for all followers is made once. */
import { type ClusterAnswer, encodeFeedMessage, type FeedMessage, LONGEST_FEED_MESSAGE } from '@lvsm/protocol'

type Cluster = Extract<FeedMessage, { kind: 'cluster' }>

export class Frames {
  readonly #frames = new WeakMap<FeedMessage, Buffer>()
  readonly #texts = new WeakMap<object, string>()

  of(message: FeedMessage): Buffer {
    const known = this.#frames.get(message)
    if (known) return known
    const frame = Buffer.from(message.kind === 'cluster' ? this.#answer(message) : encodeFeedMessage(message))
    this.#frames.set(message, frame)
    return frame
  }

  /** To each question its own, of what is long and asked by many. */
  #answer({ kind, id, ...told }: Cluster): string {
    const head = encodeFeedMessage({ kind, id })
    const parts = Object.entries(told).map(([name, part]) => `,${JSON.stringify(name)}:${this.#textOf(part)}`)
    const text = `${head.slice(0, -1)}${parts.join('')}}`
    // An agent would leave for it.
    return text.length > LONGEST_FEED_MESSAGE ? head : text
  }
  #textOf(part: Exclude<ClusterAnswer[keyof ClusterAnswer], undefined>): string {
    const known = this.#texts.get(part)
    if (known !== undefined) return known
    const text = JSON.stringify(part)
    this.#texts.set(part, text)
    return text
  }
}
