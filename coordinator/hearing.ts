/** What a coordinator's links bring, before and after there is whoever hears it. */
import { isAboutNodes, type LinksHeard, type NodesMessage } from './ports.ts'

/** What is heard before there is a coordinator is lost, as on any network. */
export class Hearing implements LinksHeard {
  to: LinksHeard | null = null
  nodes: (message: NodesMessage) => void = () => undefined
  heard: LinksHeard['heard'] = (message) => (isAboutNodes(message) ? this.nodes(message) : this.to?.heard(message))
  removed: LinksHeard['removed'] = (by) => this.to?.removed(by)
  snapshot: LinksHeard['snapshot'] = (message, state) => this.to?.snapshot(message, state)
}
