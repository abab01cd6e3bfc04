/** What is told of a server that listens nowhere (`nowhere.ts`): while the owner's table says that it is refused. */
import { endpointText, listed, type Trouble } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { isRefused } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { sureOf } from './looks.ts'
import type { Gone } from './nowhere.ts'
import { ownersWord } from './owners-word.ts'

const MOST_PORTS = 4

export const nowhereTroubles = (state: NodeState): Trouble[] =>
  sureOf(state.sockets.nowhere).flatMap((gone) =>
    isRefusedHere(state, gone.arrival) ? [troubleOf(state.node, gone)] : [],
  )

/** As the owner's table says. */
function isRefusedHere(state: NodeState, arrival: OwnArrival): boolean {
  const told = ownersWord(state, arrival)
  return told?.healthy === false && isRefused(told.reason)
}

function troubleOf(node: string, { arrival, others, elsewhere: there }: Gone): Trouble {
  const { service, own, port } = arrival
  if (there.length > 0) return elsewhereOf(node, arrival, there)
  const elsewhere =
    others.length === 0 ? '' : `; by TCP the machine listens at port ${listed(others.map(String), MOST_PORTS)}`
  return {
    ...{ code: 'nobody-listens', severity: 'warning', object: `service ${service}` },
    message: `no program listens on ${node} at ${endpointText(own, port)}, and connections of service ${service} are refused there`,
    evidence: `ss -ltn${elsewhere}`,
    hint: `on ${node}: start its server (systemctl status), or let it listen at port ${port}; ss -ltnp shows who listens where`,
  }
}
function elsewhereOf(node: string, { service, own, port }: OwnArrival, there: readonly string[]): Trouble {
  const at = listed(
    there.map((address) => endpointText(address, port)),
    MOST_PORTS,
  )
  return {
    ...{ code: 'nobody-listens', severity: 'warning', object: `service ${service}` },
    message: `no program listens on ${node} at ${endpointText(own, port)}, but at ${at} alone, and connections of service ${service} are refused there`,
    evidence: `ss -ltn: ${at}`,
    hint: `on ${node}: let that server listen at ${own}, or at any address (0.0.0.0, [::]), by its configuration, and restart it; ss -ltnp shows which it is`,
  }
}
