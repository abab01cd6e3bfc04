/** How a director hands packets to a realserver (man 8 ipvsadm, packet-forwarding-method; packages/plan/TRAPS.md, rows 1, 3, 4, 6, 21 and 27). */

/** The kernel's own methods (linux/ip_vs.h, IP_VS_CONN_F_*): more than a configuration may ask for. */
export type KernelMethod = 'nat' | 'local' | 'tun' | 'dr' | 'bypass'

export interface ForwardingRow {
  /** In sentences. */
  readonly title: string
  readonly kernel: KernelMethod
  /** The packet arrives as the client sent it: the realserver listens on the service's own port. */
  readonly keepsPort: boolean
  /** The realserver has the service's address for itself (where: PLACEMENTS); else it answers as itself. */
  readonly hasVip: boolean
  /** Answers pass the director, which translates them back: it forwards, and guards what it does not know. */
  readonly answersThroughDirector: boolean
  /** The director hands a packet over by the realserver's address on the link: both must be on one network. */
  readonly onLink: boolean
  /** The director wraps packets for the realserver, which unwraps them: in what, its key `tunnel` says (TUNNELS). */
  readonly tunnels: boolean
  /** The realserver sees the director's own address in place of a client's, so that its answers come back whatever its routes are. */
  readonly hidesClients: boolean
  /** The realserver's default route is a floating address of the director. */
  readonly needsGateway: boolean
  /** The director serves itself: it is in the table of its own node alone, so that no packet goes from director to director (packages/plan/TRAPS.md, rows 9 and 10). */
  readonly onDirector: boolean
  /** As what a director of the group is in its own table under it, so that two of them may be realservers of one service; null: none may be. */
  readonly ofItself: 'local' | null
  /** Connections are known to their director alone: before a planned move they must have ended. */
  readonly connectionsMustEnd: boolean
  /** Where directors tell each other of connections, the next one goes on with them: it needs nothing that IPVS does not tell (a source given by connection tracking), and its node is not the server. */
  readonly carried: boolean
}

export const FORWARDING = {
  dr: {
    title: 'direct routing',
    kernel: 'dr',
    keepsPort: true,
    hasVip: true,
    answersThroughDirector: false,
    onLink: true,
    tunnels: false,
    hidesClients: false,
    needsGateway: false,
    onDirector: false,
    ofItself: null,
    carried: true,
    connectionsMustEnd: false,
  },
  nat: {
    title: 'NAT',
    kernel: 'nat',
    keepsPort: false,
    hasVip: false,
    answersThroughDirector: true,
    onLink: false,
    tunnels: false,
    hidesClients: false,
    needsGateway: true,
    onDirector: false,
    ofItself: null,
    carried: true,
    connectionsMustEnd: true,
  },
  tun: {
    title: 'tunnelling',
    kernel: 'tun',
    keepsPort: true,
    hasVip: true,
    answersThroughDirector: false,
    onLink: false,
    tunnels: true,
    hidesClients: false,
    needsGateway: false,
    onDirector: false,
    ofItself: null,
    carried: true,
    connectionsMustEnd: false,
  },
  fullnat: {
    title: 'full NAT',
    kernel: 'nat',
    keepsPort: false,
    hasVip: false,
    answersThroughDirector: true,
    onLink: false,
    tunnels: false,
    hidesClients: true,
    needsGateway: false,
    onDirector: false,
    ofItself: 'local',
    carried: false,
    connectionsMustEnd: true,
  },
  local: {
    title: 'local delivery',
    kernel: 'local',
    keepsPort: true,
    hasVip: false,
    answersThroughDirector: false,
    onLink: false,
    tunnels: false,
    hidesClients: false,
    needsGateway: false,
    onDirector: true,
    ofItself: 'local',
    carried: false,
    connectionsMustEnd: true,
  },
} as const satisfies Readonly<Record<string, ForwardingRow>>

export type Forward = keyof typeof FORWARDING

/** One row, with columns of their general type. */
export const forwarding = (name: Forward): ForwardingRow => FORWARDING[name]
