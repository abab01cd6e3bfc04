/** The consequence of a trouble for the node that has it: one that owns nothing loses nothing that only a director can lose. */
import type { NodeReport, NodeTrouble } from '../http/status.ts'
import { troubleKind } from './table.ts'

interface ByRole {
  /** Of a node that votes, and is no director. */
  readonly voter?: string
  /** Of one that does neither. */
  readonly other: string
}
const of = (other: string, voter?: string): ByRole => ({ other, ...(voter === undefined ? {} : { voter }) })
const both = (text: string): ByRole => of(text, text)

/** Code → what comes of it where it is no director; not there: what the table says is true of every node. */
export const BY_ROLE: Readonly<Record<string, ByRole>> = {
  'all-unbelieved': of(
    'this node is cut off by its own key: what it says of itself is believed by nobody',
    'this node is cut off by its own key: its vote is lost',
  ),
  'agent-silent': of(
    'what realservers need there (VIPs, settings) is neither set nor repaired; what stands goes on',
    'what realservers need there (VIPs, settings) is neither set nor repaired; what stands, and its vote, go on',
  ),
  'cannot-observe': both('nothing is repaired here: what somebody takes away (VIPs, settings) stays away'),
  'kernel-refused': both(
    'the kernel is not what the configuration says, so that this node may not answer as a realserver should',
  ),
  'cut-off': of(
    'the others take this node for dead, and who owns what is not known here; its servers and VIPs stay as they are, and whether they are reached, the checks of the owner say',
    'its vote is lost, the others take this node for dead, and who owns what is not known here; its servers and VIPs stay as they are, and whether they are reached, the checks of the owner say',
  ),
  'interface-down': both(
    'nothing goes over it: no heartbeats, and no checks of servers whose address is on it, nor requests that come by it',
  ),
  'link-down': both(
    'nothing goes over it: no heartbeats, and no checks of servers whose address is on it, nor requests that come by it; with one heartbeat link left, the next fault separates the nodes',
  ),
  late: of(
    'what this node says of itself comes late',
    'its vote comes late: an owner that needs it may lose its lease without any fault',
  ),
  'no-lease-process': of(
    'the others hear nothing of this node, and may take it for dead; whether its servers answer, their checks say',
    'its vote is lost, and the others may take this node for dead; whether its servers answer, their checks say',
  ),
  'node-dead': of(
    'the cluster decides without it as before, for it neither directs nor votes; whether its servers answer, their checks say',
    'its vote is lost; whether its servers answer, their checks say',
  ),
  'other-voters': of(
    'nothing comes of it at once: this node neither votes nor owns anything',
    'this node lends nothing anew until they agree',
  ),
  'peer-unbelieved': of(
    'what that node says of itself counts for nothing here',
    'that node counts for nothing here: its vote is lost to this one',
  ),
}
/** Code and words of its message → what comes of it, where one row of the table is of several things. */
const BY_WORDS: readonly (readonly [code: string, words: RegExp, means: string])[] = [
  [
    'drop-rule',
    / sends elsewhere what clients of /,
    'clients of the service are answered by whatever that is, and by no realserver: now where this node owns the group, else after a takeover',
  ],
  [
    'drop-rule',
    / (?:drops|refuses) .*what clients of /,
    'clients of the service get nothing by this node: now where it owns the group, else after a takeover',
  ],
  [
    'drop-rule',
    / (?:drops|refuses) .*what (?:comes for )?the servers of /,
    'its own servers of the service are not reached: they fail their checks, and clients are sent to the others',
  ],
  [
    'drop-rule',
    / (?:drops|refuses) (?:requests for|replies of) the servers of /,
    'clients that are sent to this realserver by its directors get nothing, though its check, which asks it by its own address, is well',
  ],
  [
    'drop-rule',
    / (?:drops|refuses) what (?:goes to )?realservers of /,
    'clients that are sent to these realservers by this node get nothing',
  ],
  [
    'drop-rule',
    / (?:drops|refuses) heartbeats /,
    'nodes hear less of each other, or nothing where there is no other link: votes are lost, and with one more fault a group may find no majority',
  ],
  [
    'fixed-neighbour',
    /, and is not answered$/,
    'the kernel asks nobody where that address is, and corrects nothing: checks, heartbeats and requests that go there are lost',
  ],
  [
    'fixed-neighbour',
    /, and nothing at that address answers this node$/,
    'the kernel asks nobody where that address is, and corrects nothing: the entry is wrong, or the server does not run',
  ],
  [
    'foreign-destination',
    / with weight 0$/,
    'no new client is sent to it; nobody checks it, and whoever gives it a weight sends clients there',
  ],
  [
    'no-way',
    /, (?:a client|clients) of [^:]*: /,
    'what its servers answer to these clients is lost: their requests that come to this realserver hang, though its check is well',
  ],
  [
    'qdisc-harm',
    / (?:loses|corrupts) /,
    'heartbeats, checks, requests and answers that leave there are lost: nodes are taken for dead, servers for failed',
  ],
  [
    'qdisc-harm',
    / holds back /,
    'heartbeats, checks, requests and answers that leave there are late; it may be meant (an emulated network)',
  ],
]

/** A way that only an owner needs, as its evidence says (agent/node/core/observe/ways.ts): this one would send clients there. */
const WOULD_SEND = /as owner it would send clients of /
const SENDS = / get nothing\b|answers to clients through /
const NO_WAY_THEN =
  'checks of this director there fail, and heartbeats to that address stop; after a takeover clients that it sends to this realserver would get nothing'

/** All directors tell it: they have nothing in common but that, or the way to it. */
const NOBODY_REACHES =
  'no director reaches it, so that nobody reaches more, and the group stays: the ping node itself is the likeliest, or what all of them have in common on the way there; while it is not reached it tells nobody whose way to the clients is broken'

/** These are told of another node. */
const OF_OBJECT: ReadonlySet<string> = new Set(['agent-silent', 'node-dead', 'peer-unbelieved'])

type Who = Pick<NodeReport, 'name' | 'roles' | 'voter'>
/** Null: a kind that this version does not know. `node` may be several, as `together` makes it. */
export function consequenceOf(
  {
    code,
    node,
    object = '',
    message = '',
    evidence = '',
  }: Pick<NodeTrouble, 'code' | 'node' | 'object' | 'evidence'> & { readonly message?: string },
  nodes: readonly Who[],
): string | null {
  const kind = troubleKind(code)
  const [, , named] = kind ? (BY_WORDS.find(([its, words]) => its === code && words.test(message)) ?? []) : []
  if (named !== undefined) return named
  if (code === 'no-way' && WOULD_SEND.test(evidence) && !SENDS.test(evidence)) return NO_WAY_THEN
  const tellers = node.split(', ')
  const directors = nodes.filter(({ roles }) => roles.includes('director'))
  const isOfAll = directors.length > 1 && directors.every(({ name }) => tellers.includes(name))
  if (code === 'ping-unreached' && isOfAll) return NOBODY_REACHES
  const row = Object.hasOwn(BY_ROLE, code) ? BY_ROLE[code] : undefined
  if (!kind || !row) return kind?.means ?? null
  const names = OF_OBJECT.has(code) ? [object.slice('node '.length)] : tellers
  const all = names.map((name) => nodes.find((one) => one.name === name))
  if (all.some((one) => one === undefined || one.roles.includes('director'))) return kind.means
  return (all.some((one) => one?.voter) ? row.voter : row.other) ?? kind.means
}
