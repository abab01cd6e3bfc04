/** How IPVS chooses a destination for a new connection (man 8 ipvsadm, scheduling-method; net/netfilter/ipvs/ip_vs_*.c). */

export interface SchedulerRow {
  readonly module: string
  /** Its flags (`ipvsadm --sched-flags`), in the order of their bits: three at most (linux/ip_vs.h, IP_VS_SVC_F_SCHED1 and up). */
  readonly flags: readonly string[]
}

export const SCHEDULERS = {
  rr: { module: 'ip_vs_rr', flags: [] },
  wrr: { module: 'ip_vs_wrr', flags: [] },
  lc: { module: 'ip_vs_lc', flags: [] },
  wlc: { module: 'ip_vs_wlc', flags: [] },
  lblc: { module: 'ip_vs_lblc', flags: [] },
  lblcr: { module: 'ip_vs_lblcr', flags: [] },
  dh: { module: 'ip_vs_dh', flags: [] },
  sh: { module: 'ip_vs_sh', flags: ['sh-fallback', 'sh-port'] },
  mh: { module: 'ip_vs_mh', flags: ['mh-fallback', 'mh-port'] },
  sed: { module: 'ip_vs_sed', flags: [] },
  nq: { module: 'ip_vs_nq', flags: [] },
  fo: { module: 'ip_vs_fo', flags: [] },
  ovf: { module: 'ip_vs_ovf', flags: [] },
  /** Since Linux 5.11 (ip_vs_twos.c); many distributions do not build it. */
  twos: { module: 'ip_vs_twos', flags: [] },
} as const satisfies Readonly<Record<string, SchedulerRow>>

export type Scheduler = keyof typeof SCHEDULERS

/** One row, with columns of their general type; undefined for a scheduler that somebody else set. */
export const schedulerRow = (name: string): SchedulerRow | undefined =>
  Object.hasOwn(SCHEDULERS, name) ? SCHEDULERS[name as Scheduler] : undefined
