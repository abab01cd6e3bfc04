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
/** These are told of another node. */
const OF_OBJECT: ReadonlySet<string> = new Set(['agent-silent', 'node-dead', 'peer-unbelieved'])

type Who = Pick<NodeReport, 'name' | 'roles' | 'voter'>
/** Null: a kind that this version does not know. `node` may be several, as `together` makes it. */
export function consequenceOf(
  { code, node, object = '' }: Pick<NodeTrouble, 'code' | 'node' | 'object'>,
  nodes: readonly Who[],
): string | null {
  const kind = troubleKind(code)
  const row = Object.hasOwn(BY_ROLE, code) ? BY_ROLE[code] : undefined
  if (!kind || !row) return kind?.means ?? null
  const names = OF_OBJECT.has(code) ? [object.slice('node '.length)] : node.split(', ')
  const all = names.map((name) => nodes.find((one) => one.name === name))
  if (all.some((one) => one === undefined || one.roles.includes('director'))) return kind.means
  return (all.some((one) => one?.voter) ? row.voter : row.other) ?? kind.means
}
