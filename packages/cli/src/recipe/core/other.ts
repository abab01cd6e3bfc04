/** A system that nobody here knows: what it must do, in words. */
import { TUNNELS } from '@lvsm/model'
import { type Answer, byHand, type Need } from './recipe.ts'

const silent = ({ vips }: Pick<Need, 'vips'>): Answer & { readonly steps: ReturnType<typeof byHand>[] } => ({
  steps: vips.flatMap((vip) => [
    byHand(
      `give the machine ${vip} with the prefix of a single host (/${vip.includes(':') ? 128 : 32}), on a loopback interface`,
      'so that it takes packets for the VIP',
    ),
    byHand(
      vip.includes(':')
        ? `it must answer no neighbour solicitation for ${vip}`
        : `it must answer no ARP request for ${vip}, and name it as the sender of none: look with arping ${vip} from another machine in its network`,
      'else it takes the address away from the director',
    ),
  ]),
  undo: vips.map((vip) => byHand(`take ${vip} away`, 'that is all')),
})

function tunnelled(need: Need): Answer {
  const { tunnel = 'ipip', tunnelPort, directors, own } = need
  const { steps, undo } = { undo: [], ...silent(need) }
  const port = tunnelPort === undefined ? '' : ` at UDP port ${tunnelPort}`
  return {
    steps: [
      byHand(
        `let it unwrap ${TUNNELS[tunnel].title}${port} that comes to ${own.join(' or ')} from ${directors.join(', ')}, and from nobody else`,
        'so come the packets',
      ),
      ...steps,
    ],
    undo: [byHand('let it unwrap nothing any more', 'first'), ...undo],
  }
}

export const other = {
  title: 'another system',
  comment: '#',
  tried: [],
  methods: {
    dr: silent,
    nat: ({ gateway, oneNetwork }: Need): Answer =>
      gateway === null
        ? { refused: 'NAT needs a gateway in the group' }
        : {
            steps: [
              byHand(
                `make ${gateway} its default route, the only one, and let it follow no ICMP redirect`,
                'answers pass the director, which translates them back',
              ),
              ...(oneNetwork === null
                ? []
                : [
                    byHand(
                      `it must have no other way into ${oneNetwork} than through ${gateway}`,
                      'clients of the VIP are in this very network',
                    ),
                  ]),
            ],
            undo: [byHand('put its former default route back', 'that is all')],
          },
    tun: tunnelled,
  },
} as const
