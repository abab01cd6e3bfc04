/** Kinds of trouble of the packets between clients and realservers. */
import { kind, type TroubleKind } from './kind.ts'

export const TRAFFIC = {
  'path-dead': kind(
    'critical',
    'service',
    'no new connection of service SERVICE at REALSERVER gets further than its first packet, though others do',
    'requests that go there hang, though its check is well: what the check shows is not the way of the clients',
    'follow the way of the packets as the line says; until it is mended: lvsm drain REALSERVER',
  ),
  'no-opening': kind(
    'critical',
    'service',
    'no new connection of service SERVICE gets further than its first packet, at any of its realservers',
    'no client is served: a packet filter, a route that all of them share, or a flood of first packets (SYN)',
    'look for what they have in common, as the line says',
  ),
} as const satisfies Record<string, TroubleKind>
