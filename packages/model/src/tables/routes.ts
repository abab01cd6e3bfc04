/** How answers of a realserver reach the gateway that it needs (packages/plan/TRAPS.md, rows 5 and 6). */

export interface RouteRow {
  /** In sentences. */
  readonly title: string
  /** All that the realserver says takes it, not its answers to clients alone. */
  readonly ofNode: boolean
}

export const ROUTES = {
  default: { title: 'default route', ofNode: true },
  policy: { title: 'policy route', ofNode: false },
} as const satisfies Readonly<Record<string, RouteRow>>

export type AnswerRoute = keyof typeof ROUTES

/** Used where a realserver says nothing of it. */
export const DEFAULT_ROUTE: AnswerRoute = 'default'
