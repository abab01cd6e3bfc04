/** What is known of the links to each peer: by which it is heard, what of its datagrams is lost, and over which it is sent to next. */
import type { Instant } from '@lvsm/base'
import type { LinkWatch, LossMeter, SentTo } from '@lvsm/heartbeat'

export interface LinkState {
  /** By node: datagrams sent over one link each; chooses the next link. */
  readonly linkTurns: Map<string, number>
  /** By node: over which links of ours its datagrams that count come. */
  readonly linksHeard: Map<string, LinkWatch>
  /** By node: over which link of ours its last word came that was no heartbeat of its own. */
  readonly wordsFrom: Map<string, number>
  /** By node: what of its datagrams is lost. */
  readonly losses: Map<string, LossMeter>
  /** By node: what was sent to its present start. */
  readonly sentTo: Map<string, SentTo>
  /** By node: when a heartbeat is to go to it alone, which tries the links in turn. */
  readonly probeAt: Map<string, Instant>
}

export const newLinkState = (): LinkState => ({
  linkTurns: new Map(),
  linksHeard: new Map(),
  wordsFrom: new Map(),
  losses: new Map(),
  sentTo: new Map(),
  probeAt: new Map(),
})
