/** Queueing disciplines that delay or lose what leaves this node by an interface that the cluster uses: somebody tried something, and forgot it. */
import { netemAway, netemHarm, type Trouble } from '@lvsm/base'
import type { NodeView } from '@lvsm/model'
import type { Observed } from './observed.ts'
import { usesByInterface, usesText } from './uses.ts'

export function netemTroubles(view: NodeView, observed: Observed): Trouble[] {
  const { netem = [], links } = observed
  if (netem.length === 0) return []
  const used = usesByInterface(view, observed)
  return netem.flatMap((one) => {
    const harm = netemHarm(one)
    const dev = links.find(({ index }) => index === one.index)
    const uses = dev && used.get(dev.name)
    if (!harm || !uses) return []
    const { name } = dev
    return [
      {
        ...{ code: 'qdisc-harm', severity: harm.severity, object: `interface ${name}` },
        message: `interface ${name} of ${view.node.name} ${harm.does}: a queueing discipline netem stands there`,
        evidence: `tc qdisc show dev ${name}; by it go ${usesText(uses)}`,
        hint: `on ${view.node.name}: ${netemAway(name, one)}, and take it from whatever makes it`,
      },
    ]
  })
}
