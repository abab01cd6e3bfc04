/** The lease's voters in a document: who they are, of which epoch, and that no other change touches either. */
import type { Electorate } from '@lvsm/protocol'
import type { Document } from '../document/document.ts'
import { isTree, type Tree, withKey } from '../document/tree.ts'

/**
 * Of a cluster that begins. Where its document has an epoch already (that of coordinators that were lost), the voters before are not
 * known: a majority of the present ones has somebody in common with each majority of those, and is waited for in their place.
 */
export const firstElectorate = (document: Document): Electorate => ({
  before: epochOf(document) > 1 ? votersOf(document) : [],
})

export const epochOf = ({ epoch = 1 }: Document): number => epoch
export const votersOf = ({ nodes }: Document): string[] =>
  Object.entries(nodes).flatMap(([name, { voter }]) => (voter === true ? [name] : []))

/** A document of earlier, or from elsewhere, with the epoch of today; and with the voters of today, where they are not its own business. */
export function withElectorate(
  file: Tree,
  { epoch, nodes: present }: Document,
  voters: 'as-they-are' | 'as-the-file-says',
): Tree {
  const dated = withKey(file, 'epoch', epoch)
  const { nodes } = file
  if (voters === 'as-the-file-says' || !Array.isArray(nodes)) return dated
  return withKey(
    dated,
    'nodes',
    nodes.map((node: unknown) => (isTree(node) ? votingAs(node, present) : node)),
  )
}

function votingAs(node: Tree, present: Document['nodes']): Tree {
  const { name } = node
  const voter = typeof name === 'string' && Object.hasOwn(present, name) ? present[name]?.voter : undefined
  // What means the same stays as it was said; but whoever was told today not to vote does not grow into it again by itself.
  const meansSame = (node['voter'] === true) === (voter === true)
  return meansSame && voter !== false ? node : withKey(node, 'voter', voter)
}
