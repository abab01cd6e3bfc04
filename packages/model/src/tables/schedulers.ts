/** How IPVS chooses a destination for a new connection (man 8 ipvsadm, scheduling-method). */

export interface SchedulerRow {
  readonly module: string
  /** Names of the flags that it knows (`ipvsadm --sched-flags`). */
  readonly flags: readonly string[]
  /** Weights are shares; where not, only 0 and above 0 differ. */
  readonly weights: boolean
}

export const SCHEDULERS = {
  rr: { module: 'ip_vs_rr', flags: [], weights: false },
  wrr: { module: 'ip_vs_wrr', flags: [], weights: true },
  wlc: { module: 'ip_vs_wlc', flags: [], weights: true },
} as const satisfies Readonly<Record<string, SchedulerRow>>

export type Scheduler = keyof typeof SCHEDULERS
