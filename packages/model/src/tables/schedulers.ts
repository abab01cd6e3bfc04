/** How IPVS chooses a destination for a new connection (man 8 ipvsadm, scheduling-method; net/netfilter/ipvs/ip_vs_*.c). */

export interface SchedulerRow {
  readonly module: string
  /** Its flags (`ipvsadm --sched-flags`), in the order of their bits: three at most (linux/ip_vs.h, IP_VS_SVC_F_SCHED1 and up). */
  readonly flags: readonly string[]
  /** Where a client goes hangs on its address, and on the weights of all. */
  readonly hashes: boolean
  /** More weight is a larger share of the new connections; else it is none, one like the others, or a rank. */
  readonly weighted: boolean
  /** It may choose a realserver that takes nobody (weight 0, or at its upper threshold), and refuses the client then, unless its flag `fallback` is set. */
  readonly blind: boolean
  /** By it such a client goes to the next one (ip_vs_sh.c, ip_vs_mh.c); null: it has none. */
  readonly fallback: string | null
}

/** In place of the flag `fallback` of its row, which else is set: refused by name. */
export const NO_FALLBACK = 'no-fallback'

export const SCHEDULERS = {
  rr: { module: 'ip_vs_rr', flags: [], hashes: false, weighted: false, blind: false, fallback: null },
  wrr: { module: 'ip_vs_wrr', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  lc: { module: 'ip_vs_lc', flags: [], hashes: false, weighted: false, blind: false, fallback: null },
  wlc: { module: 'ip_vs_wlc', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  lblc: { module: 'ip_vs_lblc', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  lblcr: { module: 'ip_vs_lblcr', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  dh: { module: 'ip_vs_dh', flags: [], hashes: true, weighted: false, blind: true, fallback: null },
  sh: {
    module: 'ip_vs_sh',
    flags: ['sh-fallback', 'sh-port'],
    hashes: true,
    weighted: true,
    blind: true,
    fallback: 'sh-fallback',
  },
  mh: {
    module: 'ip_vs_mh',
    flags: ['mh-fallback', 'mh-port'],
    hashes: true,
    weighted: true,
    blind: true,
    fallback: 'mh-fallback',
  },
  sed: { module: 'ip_vs_sed', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  nq: { module: 'ip_vs_nq', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  fo: { module: 'ip_vs_fo', flags: [], hashes: false, weighted: false, blind: false, fallback: null },
  ovf: { module: 'ip_vs_ovf', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
  /** Since Linux 5.11 (ip_vs_twos.c); many distributions do not build it. */
  twos: { module: 'ip_vs_twos', flags: [], hashes: false, weighted: true, blind: false, fallback: null },
} as const satisfies Readonly<Record<string, SchedulerRow>>

export type Scheduler = keyof typeof SCHEDULERS

/** One row, with columns of their general type; undefined for a scheduler that somebody else set. */
export const schedulerRow = (name: string): SchedulerRow | undefined =>
  Object.hasOwn(SCHEDULERS, name) ? SCHEDULERS[name as Scheduler] : undefined

interface Scheduled {
  readonly scheduler: string
  readonly schedulerFlags: readonly string[]
}
/** The flags that the kernel is told, in the order of the row: the fallback too, unless it is refused by name. */
export function kernelFlags({ scheduler, schedulerFlags }: Scheduled): readonly string[] {
  const { flags = [], fallback = null } = schedulerRow(scheduler) ?? {}
  const falls = !schedulerFlags.includes(NO_FALLBACK)
  return flags.filter((flag) => schedulerFlags.includes(flag) || (falls && flag === fallback))
}
/** A realserver at weight 0 still has its share of the clients, who are refused. */
export function refusesAtZero({ scheduler, schedulerFlags }: Scheduled): boolean {
  const { blind = false, fallback = null } = schedulerRow(scheduler) ?? {}
  return blind && (fallback === null || schedulerFlags.includes(NO_FALLBACK))
}
