import type { Timing } from '@lvsm/base'

export type ProfileName = 'default' | 'fast' | 'wan'

/** Timing for those who do not want to choose each figure; all satisfy `refuseTiming`. */
export const PROFILES: Readonly<Record<ProfileName, Timing>> = {
  default: { keepaliveMs: 200, leaseMs: 1000, applyMs: 100, warntimeMs: 600, deadtimeMs: 2000, drainMs: 200 },
  fast: { keepaliveMs: 50, leaseMs: 250, applyMs: 40, warntimeMs: 150, deadtimeMs: 500, drainMs: 100 },
  wan: { keepaliveMs: 1000, leaseMs: 5000, applyMs: 500, warntimeMs: 3000, deadtimeMs: 10_000, drainMs: 500 },
}
