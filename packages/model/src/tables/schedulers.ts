/** How IPVS chooses a destination for a new connection (man 8 ipvsadm, scheduling-method; net/netfilter/ipvs/ip_vs_*.c). */

export interface SchedulerRow {
  readonly module: string
  /** Its flags (`ipvsadm --sched-flags`), in the order of their bits: three at most (linux/ip_vs.h, IP_VS_SVC_F_SCHED1 and up). */
  readonly flags: readonly string[]
  /** Where a client goes hangs on its address, and on the weights of all. */
  readonly hashes: boolean
}

export const SCHEDULERS = {
  rr: { module: 'ip_vs_rr', flags: [], hashes: false },
  wrr: { module: 'ip_vs_wrr', flags: [], hashes: false },
  lc: { module: 'ip_vs_lc', flags: [], hashes: false },
  wlc: { module: 'ip_vs_wlc', flags: [], hashes: false },
  lblc: { module: 'ip_vs_lblc', flags: [], hashes: false },
  lblcr: { module: 'ip_vs_lblcr', flags: [], hashes: false },
  dh: { module: 'ip_vs_dh', flags: [], hashes: true },
  sh: { module: 'ip_vs_sh', flags: ['sh-fallback', 'sh-port'], hashes: true },
  mh: { module: 'ip_vs_mh', flags: ['mh-fallback', 'mh-port'], hashes: true },
  sed: { module: 'ip_vs_sed', flags: [], hashes: false },
  nq: { module: 'ip_vs_nq', flags: [], hashes: false },
  fo: { module: 'ip_vs_fo', flags: [], hashes: false },
  ovf: { module: 'ip_vs_ovf', flags: [], hashes: false },
  /** Since Linux 5.11 (ip_vs_twos.c); many distributions do not build it. */
  twos: { module: 'ip_vs_twos', flags: [], hashes: false },
} as const satisfies Readonly<Record<string, SchedulerRow>>

export type Scheduler = keyof typeof SCHEDULERS

/** One row, with columns of their general type; undefined for a scheduler that somebody else set. */
export const schedulerRow = (name: string): SchedulerRow | undefined =>
  Object.hasOwn(SCHEDULERS, name) ? SCHEDULERS[name as Scheduler] : undefined
