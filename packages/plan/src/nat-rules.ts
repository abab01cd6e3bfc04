/**
 * nftables rules beside IPVS, in a table of our own, loaded as a whole in one transaction:
 *
 * * *untranslated*: without the connection entry IPVS passes a NAT realserver's answer on as it is, with the
 *   realserver's address as source (agent/lease/FENCE.md, row 11). Such answers end here. IPVS translates in the forward
 *   hook at priority 100, so at 150 whatever still has the realserver's address and port was not translated.
 * * *masquerade*: connections that hosts of a gateway's network begin leave with the group's VIP as source, and nothing of that network
 *   untranslated (`masquerade.ts`). On a director that is not the owner the fence drops them.
 * * *handover*: in a planned move packets of connections that the former owner still serves may reach the new
 *   one first. They go on to the former owner instead of meeting a reset. Where connections are synchronised (`known`) that is true of
 *   all that did not begin here, before IPVS sees them: clients use their ports again, and of a connection that has just begun there the
 *   entry that stands here may be of the one before.
 * * *suppressRst*: a realserver whose service is gone refuses connections (RST) until the check has noticed. For a checked
 *   service the refusal of a SYN is kept back: TCP sends the SYN again after a second (RFC 6298), by then IPVS knows,
 *   and another realserver answers. Refusals inside a connection pass, and so do those that the check itself meets.
 * * *marks*: packets of a service on several ports get its mark before IPVS sees them (`marks.ts`).
 * * *sync*: messages about connections are not authenticated: they are taken from the other directors alone, on their link.
 *
 * * *tunnels*: of a realserver that packets come to wrapped (`tunnel-rules`).
 *
 * * *sources*: packets to realservers that cannot route back leave with this node's own address (`full-nat.ts`).
 * * *untracked*: what is for services whose answers pass the director by, where connection tracking is on for the sake of others (`full-nat.ts`).
 * * *through*: what the prober asks the VIP, so that it goes the way of clients (`through.ts`).
 *
 * *handover* and *suppressRst* tell packets apart by the flags of TCP, so they are for protocols with a handshake.
 */
import { familyOf } from '@lvsm/base'
import { type ConfigService, forwarding, noticesRefusal, type NodeView, PROTOCOLS } from '@lvsm/model'
import type { PlanInput } from './desired.ts'
import type { HostNetwork } from './host-network.ts'
import { type Marking, marksOf } from './marks.ts'
import { addressesHere, type Masquerade, masquerades } from './masquerade.ts'
import type { SourceRule } from './full-nat.ts'
import { rangesOf, type Socket, socketsOf } from './service-sockets.ts'
import type { ThroughRule } from './through.ts'
import type { TunnelRules } from './tunnel-rules.ts'
import type { DesiredSync } from './sync.ts'

export interface NatRules {
  readonly untranslated: readonly Socket[]
  readonly masquerade: readonly Masquerade[]
  /** With `masquerade`: sources that are not translated. */
  readonly here?: readonly string[]
  /** `known`: the new one knows connections, too, from the former one's messages. */
  readonly handover: readonly (Socket & { readonly to: string; readonly known?: true })[]
  /** Who would refuse: a service of this node (`output`), or a NAT realserver behind it (`forward`). */
  readonly suppressRst: readonly (Socket & { readonly at: 'output' | 'forward' })[]
  /** Not there: no service is on several ports. */
  readonly marks?: readonly Marking[]
  readonly tunnels?: TunnelRules
  /** Not there: no realserver needs another source. */
  readonly sources?: readonly SourceRule[]
  /** Not there: no check goes through IPVS. */
  readonly through?: readonly ThroughRule[]
  /** Who may send messages about connections. */
  readonly sync?: SyncRules
  /** What connection tracking must not see half of. Not there: it need not be kept from anything. */
  readonly untracked?: readonly Socket[]
}
export interface SyncRules {
  readonly interface: string
  readonly group: string
  readonly port: number
  readonly peers: readonly string[]
}

const hasHandshake = ({ protocol }: Socket): boolean => PROTOCOLS[protocol].handshake
/** Of a range nobody says that somebody listens at each port. */
const isOne = ({ upTo }: Socket): boolean => upTo === undefined
const sameSocket = (one: Socket, other: Socket): boolean =>
  one.address === other.address && one.port === other.port && one.upTo === other.upTo && one.protocol === other.protocol

export function natRules(
  view: NodeView,
  handover: PlanInput['handover'],
  sync: DesiredSync | null = null,
  known = false,
  host: Pick<HostNetwork, 'addresses'> = { addresses: [] },
): NatRules | null {
  const { directs: groups, services, serves } = view
  const suppressRst = serves
    .flatMap((service) => socketsOf(service, service.address, rangesOf(service)))
    .filter((one) => hasHandshake(one) && isOne(one))
    .map((one): NatRules['suppressRst'][number] => ({ ...one, at: 'output' }))
  const untranslated: NatRules['untranslated'][number][] = []
  const masquerade = masquerades(view)
  const handed: NatRules['handover'][number][] = []
  for (const service of services) {
    const group = groups.find((entry) => entry.name === service.group)
    // Without one nothing of its realservers is translated.
    const vip = group?.addresses.find(
      (entry) => entry.kind === 'vip' && familyOf(entry.address) === familyOf(service.address),
    )
    // A packet is handed on as it is, so within its family.
    const to = handover.get(service.group)?.find((address) => familyOf(address) === familyOf(service.address))
    if (to !== undefined)
      for (const one of socketsOf(service, service.address, rangesOf(service)).filter(hasHandshake))
        handed.push({ ...one, to, ...(known ? { known } : {}) })
    for (const { address, port, forward, gateway } of service.realservers) {
      const floating = group?.addresses.find((entry) => entry.kind === 'gateway' && entry.address === gateway)
      const { answersThroughDirector, hidesClients } = forwarding(forward)
      if (!answersThroughDirector || !vip || (!floating && !hidesClients)) continue
      const answers = socketsOf(service, address, service.ports ?? [{ from: port, to: port }])
      for (const one of answers) {
        if (floating && !untranslated.some((known) => sameSocket(known, one))) untranslated.push(one)
        const refuses = hasHandshake(one) && isOne(one) && noticesRefusal(service.check)
        if (refuses && !suppressRst.some((known) => sameSocket(known, one))) suppressRst.push({ ...one, at: 'forward' })
      }
    }
  }
  const closed = syncRules(sync)
  const marks = marksOf(services)
  const all = untranslated.length + masquerade.length + handed.length + suppressRst.length + marks.length
  if (all === 0 && !closed) return null
  const more = {
    ...(masquerade.length > 0 ? { here: addressesHere(view, masquerade, host) } : {}),
    ...(closed ? { sync: closed } : {}),
    ...(marks.length > 0 ? { marks } : {}),
  }
  return { untranslated, masquerade, handover: handed, suppressRst, ...more }
}

function syncRules(sync: DesiredSync | null): SyncRules | undefined {
  const [daemon] = sync?.daemons ?? []
  if (!sync || !daemon) return undefined
  return { interface: daemon.interface, group: daemon.group, port: daemon.port, peers: sync.peers }
}

const NONE: NatRules = { untranslated: [], masquerade: [], handover: [], suppressRst: [] }

/** All in one table. */
export function withTunnels(rules: NatRules | null, tunnels: TunnelRules | null): NatRules | null {
  return tunnels === null ? rules : { ...(rules ?? NONE), tunnels }
}
export const withSources = (rules: NatRules | null, sources: readonly SourceRule[]): NatRules | null =>
  sources.length === 0 ? rules : { ...(rules ?? NONE), sources }
export const withUntracked = (rules: NatRules | null, untracked: readonly Socket[]): NatRules | null =>
  untracked.length === 0 ? rules : { ...(rules ?? NONE), untracked }
export const withThrough = (rules: NatRules | null, through: readonly ThroughRule[]): NatRules | null =>
  through.length === 0 ? rules : { ...(rules ?? NONE), through }

/** Without these a service is not served at all: its packets are marked, or get another source. */
const servingText = ({ marks, sources }: NatRules): string => JSON.stringify([marks, sources])
export const reliesOnRules = ({ ports, realservers }: Pick<ConfigService, 'ports' | 'realservers'>): boolean =>
  ports !== undefined || realservers.some(({ forward }) => forwarding(forward).hidesClients)

/** What the rules are, as one text: equal texts are equal rules. */
export function natRulesText(needs: NatRules | null): string | null {
  if (needs === null) return null
  const { untranslated, masquerade, here, handover, suppressRst, tunnels, sync, through, untracked } = needs
  const others = [untranslated, masquerade, here, handover, suppressRst, tunnels, sync, through, untracked]
  return `${servingText(needs)} ${JSON.stringify(others)}`
}

/** Do the rules that stand carry what services rely on? Others make it better, or come and go with a move. */
export const areServing = (standing: string | null, needs: NatRules | null): boolean =>
  needs === null || standing?.startsWith(`${servingText(needs)} `) === true
