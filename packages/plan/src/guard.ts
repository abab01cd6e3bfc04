/**
 * nftables rules of a director beside IPVS, in a table of our own, loaded as a whole in one transaction:
 *
 * * *untranslated*: without the connection entry IPVS passes a NAT realserver's answer on as it is, with the
 *   realserver's address as source (fence.md, row 11). Such answers end here. IPVS translates in the forward
 *   hook at priority 100, so at 150 whatever still has the realserver's address and port was not translated.
 * * *masquerade*: connections that NAT realservers open themselves leave with the group's VIP as source. On
 *   a director that is not the owner the fence drops them.
 * * *handover*: in a planned move packets of connections that the former owner still serves may reach the new
 *   one first. They go on to the former owner instead of meeting a reset.
 */
import { type Cidr, type ConfigGroup, type ConfigService, networkCidr } from '@lvsm/model'

export interface GuardNeeds {
  readonly answers: readonly { readonly address: string; readonly port: number; readonly protocol: string }[]
  readonly masquerade: readonly { readonly address: string; readonly network: Cidr; readonly vip: string }[]
  readonly handover: readonly {
    readonly address: string
    readonly port: number
    readonly protocol: string
    readonly to: string
  }[]
}

export const GUARD_TABLE = 'lvsm-nat'

export function guardNeeds(
  groups: readonly ConfigGroup[],
  services: readonly ConfigService[],
  handover: ReadonlyMap<string, string>,
): GuardNeeds | null {
  const answers: GuardNeeds['answers'][number][] = []
  const masquerade: GuardNeeds['masquerade'][number][] = []
  const moving: GuardNeeds['handover'][number][] = []
  for (const service of services) {
    const group = groups.find((entry) => entry.name === service.group)
    const vip = group?.addresses.find((entry) => entry.kind === 'vip')
    const to = handover.get(service.group)
    if (to !== undefined) moving.push({ address: service.address, port: service.port, protocol: service.protocol, to })
    for (const { address, port, forward, gateway } of service.realservers) {
      const floating = group?.addresses.find((entry) => entry.kind === 'gateway' && entry.address === gateway)
      if (forward !== 'nat' || !vip || !floating) continue
      if (!answers.some((entry) => entry.address === address && entry.port === port))
        answers.push({ address, port, protocol: service.protocol })
      if (!masquerade.some((entry) => entry.address === address))
        masquerade.push({ address, network: networkCidr(floating), vip: vip.address })
    }
  }
  return answers.length + moving.length > 0 ? { answers, masquerade, handover: moving } : null
}

/** What the rules are, as one text: equal texts are equal rules. */
export const guardPrint = (needs: GuardNeeds | null): string | null =>
  needs === null ? null : JSON.stringify([needs.answers, needs.masquerade, needs.handover])
