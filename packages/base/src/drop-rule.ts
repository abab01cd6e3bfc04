/** A rule of a packet filter that drops or refuses what it names, and how that is said. */

/** What is asked of packets, where it has a name. */
interface Named {
  /** An address, or a network: `10.12.0.0/24`. */
  readonly source?: string
  readonly destination?: string
  /** IANA's number. */
  readonly protocol?: number
  readonly sourcePort?: number
  readonly port?: number
  /** Of one family alone, in a table of both. */
  readonly only?: 'ip' | 'ip6'
  /** Whatever address of this machine it is for. */
  readonly local?: true
  /** Not what comes in by this interface. */
  readonly notBy?: string
  /** It asks for more than is named here. */
  readonly more: boolean
}
export interface AcceptedBefore extends Named {
  /** Only what belongs to a connection that is there. */
  readonly late?: true
}
export interface DropRule extends Named {
  /** As nft names it. */
  readonly family: string
  readonly table: string
  readonly chain: string
  /** Where it hooks in, by the number of its family; null: a chain that others jump to. */
  readonly hook: number | null
  readonly handle: number
  /** The chain by which it is reached, where that is another one; what its jump asks for is named with the rest. */
  readonly from?: string
  /** The set that has what is named. */
  readonly set?: string
  /** A rule before it accepts what it names, at least of some: it is the end of a list. */
  readonly behind?: boolean
  /** These: whatever else it names comes to it. Not there, behind others: nobody knows what does. */
  readonly lets?: readonly AcceptedBefore[]
  /** Its chain comes after IPVS, which takes what is for its services before: no client's packet to a VIP gets there. */
  readonly afterIpvs?: boolean
  /** It answers that it takes nothing (reject); not there: it is silent. */
  readonly refuses?: boolean
  /** It drops all that none of these lets in before it; not there: what it names is all that is known of it. */
  readonly accepts?: readonly AcceptedBefore[]
  /** Of what comes in by this interface alone: its chain is hooked in there. */
  readonly by?: string
  /** It is no rule, and has no handle: the policy of its chain. */
  readonly policy?: true
  /** It sends it to another address, port or program (DNAT, REDIRECT, TPROXY). */
  readonly takes?: boolean
  /** Where that is: without an address the one that it has; `self`: this machine. Not there: it is not known, or differs. */
  readonly to?: { readonly address?: string; readonly port?: number; readonly self?: true }
  /** Null: nobody counts. */
  readonly packets: number | null
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' }

/** What it names: `to 10.11.0.10 tcp port 80`, with `nodeOf` `to 10.12.0.11 (rs1) tcp port 80`; empty: nothing. */
export function dropRuleText(
  {
    source,
    destination,
    protocol,
    sourcePort,
    port,
    only,
    local,
    notBy,
    by,
    more,
  }: AcceptedBefore & Pick<DropRule, 'by'>,
  nodeOf: (address: string) => string = () => '',
): string {
  const name = protocol === undefined ? '' : (PROTOCOLS[protocol] ?? `protocol ${protocol}`)
  const named = (address: string): string => (nodeOf(address) === '' ? address : `${address} (${nodeOf(address)})`)
  return [
    source === undefined ? '' : `from ${named(source)}`,
    destination === undefined ? '' : `to ${named(destination)}`,
    only === 'ip6' ? 'IPv6' : only === 'ip' && source === undefined && destination === undefined ? 'IPv4' : '',
    local ? 'to this machine' : '',
    name,
    sourcePort === undefined ? '' : `from port ${sourcePort}`,
    port === undefined ? '' : `port ${port}`,
    notBy === undefined ? '' : `not by ${notBy}`,
    by === undefined ? '' : `by ${by}`,
    more ? '(and more that it asks for)' : '',
  ]
    .filter((text) => text !== '')
    .join(' ')
}

/** Where it sends what it names: `172.17.0.2 port 80`; empty: that is not known. */
export function dropTargetText({ to }: Pick<DropRule, 'to'>): string {
  const { address, port, self } = to ?? {}
  const where = address ?? (self ? 'this machine itself' : '')
  return [where, port === undefined ? '' : `port ${port}`].filter((text) => text !== '').join(' ')
}

export const chainText = ({ family, table, chain }: Pick<DropRule, 'family' | 'table' | 'chain'>): string =>
  `${family} ${table} ${chain}`
export const dropCountText = ({ packets, takes }: Pick<DropRule, 'packets' | 'takes'>): string => {
  if (packets === null) return `nobody counts what it ${takes ? 'took' : 'dropped'}`
  return `${packets} ${takes ? 'connections' : 'packets'} until now`
}
/** `drops`, `refuses`, `sends elsewhere` */
export const dropVerb = ({ refuses, takes }: Pick<DropRule, 'refuses' | 'takes'>): string =>
  takes ? 'sends elsewhere' : refuses ? 'refuses' : 'drops'

/** Where to look for those that one rule stands for, by its set or by whence it is reached; and what takes it away. */
export function dropRulePlace(those: readonly DropRule[]): { readonly evidence: string[]; readonly away: string } {
  const [first] = those
  if (!first) return { evidence: [], away: '' }
  const { family, table, handle, takes } = first
  const at = chainText(first)
  const unique = (texts: readonly (string | undefined)[]): string[] => [
    ...new Set(texts.flatMap((text) => (text === undefined ? [] : [text]))),
  ]
  const sets = unique(those.map(({ set }) => set))
  const from = unique(those.map((one) => one.from))
  const other = takes
    ? 'whoever publishes that port here (docker ps, kubectl get services) is given another one, or an own address of this machine; or: '
    : ''
  const rule = `${other}nft delete rule ${at} handle ${handle}, and take it from whatever makes it`
  return {
    evidence: [
      `nft -a list chain ${at}: handle ${handle}`,
      ...from.map((chain) => `it is reached from chain ${family} ${table} ${chain}`),
      ...sets.map((set) => `nft list set ${family} ${table} ${set} has it`),
    ],
    away: sets[0] === undefined ? rule : `nft delete element ${family} ${table} ${sets[0]} '{ … }'; or: ${rule}`,
  }
}
