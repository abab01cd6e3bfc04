/**
 * nftables rules beside IPVS, in a table of our own, loaded as a whole in one transaction:
 *
 * * *untranslated*: without the connection entry IPVS passes a NAT realserver's answer on as it is, with the
 *   realserver's address as source (agent/lease/FENCE.md, row 11). Such answers end here. IPVS translates in the forward
 *   hook at priority 100, so at 150 whatever still has the realserver's address and port was not translated.
 * * *masquerade*: connections that NAT realservers open themselves leave with the group's VIP as source. On
 *   a director that is not the owner the fence drops them.
 * * *handover*: in a planned move packets of connections that the former owner still serves may reach the new
 *   one first. They go on to the former owner instead of meeting a reset. Where connections are synchronised (`known`) that is true of
 *   all that did not begin here, before IPVS sees them: clients use their ports again, and of a connection that has just begun there the
 *   entry that stands here may be of the one before.
 * * *suppressRst*: a realserver whose service is gone refuses connections (RST) until the check has noticed. For a checked
 *   service the refusal of a SYN is kept back: TCP sends the SYN again after a second (RFC 6298), by then IPVS knows,
 *   and another realserver answers. Refusals inside a connection pass, and so do those that the check itself meets.
 * * *sync*: messages about connections are not authenticated: they are taken from the other directors alone, on their link.
 *
 * * *tunnels*: of a realserver that packets come to wrapped (`tunnel-rules`).
 *
 * *handover* and *suppressRst* tell packets apart by the flags of TCP, so they are for protocols with a handshake.
 */
import { familyOf } from '@lvsm/base'
import { type Cidr, forwarding, networkCidr, type NodeView, PROTOCOLS, type Protocol, probeOf } from '@lvsm/model'
import type { PlanInput } from './desired.ts'
import type { TunnelRules } from './tunnel-rules.ts'
import type { DesiredSync } from './sync.ts'

interface Socket {
  readonly address: string
  readonly port: number
  readonly protocol: Protocol
}
export interface NatRules {
  readonly untranslated: readonly Socket[]
  readonly masquerade: readonly { readonly address: string; readonly network: Cidr; readonly vip: string }[]
  /** `known`: the new one knows connections, too, from the former one's messages. */
  readonly handover: readonly (Socket & { readonly to: string; readonly known?: true })[]
  /** Who would refuse: a service of this node (`output`), or a NAT realserver behind it (`forward`). */
  readonly suppressRst: readonly (Socket & { readonly at: 'output' | 'forward' })[]
  readonly tunnels?: TunnelRules
  /** Who may send messages about connections. */
  readonly sync?: SyncRules
}
export interface SyncRules {
  readonly interface: string
  readonly group: string
  readonly port: number
  readonly peers: readonly string[]
}

export function natRules(
  { directs: groups, services, serves }: NodeView,
  handover: PlanInput['handover'],
  sync: DesiredSync | null = null,
  known = false,
): NatRules | null {
  const suppressRst = serves
    .filter(({ protocol }) => PROTOCOLS[protocol].handshake)
    .map(({ address, port, protocol }): NatRules['suppressRst'][number] => ({ address, port, protocol, at: 'output' }))
  const untranslated: NatRules['untranslated'][number][] = []
  const masquerade: NatRules['masquerade'][number][] = []
  const handed: NatRules['handover'][number][] = []
  for (const service of services) {
    const group = groups.find((entry) => entry.name === service.group)
    const vip = group?.addresses.find((entry) => entry.kind === 'vip')
    // A packet is handed on as it is, so within its family.
    const to = handover.get(service.group)?.find((address) => familyOf(address) === familyOf(service.address))
    const { handshake } = PROTOCOLS[service.protocol]
    const refuses = handshake && probeOf(service.check.type) !== null
    if (handshake && to !== undefined)
      handed.push({
        ...{ address: service.address, port: service.port, protocol: service.protocol, to },
        ...(known ? { known } : {}),
      })
    for (const { address, port, forward, gateway } of service.realservers) {
      const floating = group?.addresses.find((entry) => entry.kind === 'gateway' && entry.address === gateway)
      if (!forwarding(forward).answersThroughDirector || !vip || !floating) continue
      const { protocol } = service
      const same = (entry: Socket): boolean =>
        entry.address === address && entry.port === port && entry.protocol === protocol
      if (!untranslated.some(same)) untranslated.push({ address, port, protocol })
      if (refuses && !suppressRst.some(same)) suppressRst.push({ address, port, protocol, at: 'forward' })
      if (!masquerade.some((entry) => entry.address === address))
        masquerade.push({ address, network: networkCidr(floating), vip: vip.address })
    }
  }
  const closed = syncRules(sync)
  const all = untranslated.length + handed.length + suppressRst.length
  if (all === 0 && !closed) return null
  return { untranslated, masquerade, handover: handed, suppressRst, ...(closed ? { sync: closed } : {}) }
}

function syncRules(sync: DesiredSync | null): SyncRules | undefined {
  const [daemon] = sync?.daemons ?? []
  if (!sync || !daemon) return undefined
  return { interface: daemon.interface, group: daemon.group, port: daemon.port, peers: sync.peers }
}

/** Both in one table. */
export function withTunnels(rules: NatRules | null, tunnels: TunnelRules | null): NatRules | null {
  if (tunnels === null) return rules
  return { ...(rules ?? { untranslated: [], masquerade: [], handover: [], suppressRst: [] }), tunnels }
}

/** What the rules are, as one text: equal texts are equal rules. */
export const natRulesText = (needs: NatRules | null): string | null =>
  needs === null
    ? null
    : JSON.stringify([
        needs.untranslated,
        needs.masquerade,
        needs.handover,
        needs.suppressRst,
        needs.tunnels,
        needs.sync,
      ])
