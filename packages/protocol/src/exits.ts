/** With what the programs end: stable, for scripts and supervisors. Their help prints these tables. */

export interface Ending {
  readonly code: number
  readonly meaning: string
}

/** Of `lvsm`. */
export const EXITS = {
  ok: { code: 0, meaning: 'done' },
  refused: { code: 1, meaning: 'refused by the cluster; nothing was changed' },
  differs: { code: 1, meaning: 'config diff: there is a difference' },
  failing: { code: 1, meaning: 'check run: a realserver failed its check; alert test: the receiver did not take it' },
  usage: { code: 2, meaning: 'wrong command line; nothing was sent' },
  nameless: { code: 2, meaning: 'check run, alert test: there is nothing of that name; nothing was asked' },
  undiffed: { code: 2, meaning: 'config diff: nothing was compared, for whatever reason' },
  unreachable: { code: 3, meaning: 'no agent answered, or no coordinator, or not in time' },
  unasked: { code: 3, meaning: 'check run, alert test: nobody knows, the question could not be asked' },
  degraded: {
    code: 4,
    meaning: 'status --check: everything is served, and something needs attention, or is not known',
  },
  unserved: { code: 6, meaning: 'status --check: a service, or a group, is not served' },
  unknown: {
    code: 5,
    meaning: 'a change of the configuration may have been made, now or later: look before it is repeated',
  },
  behind: {
    code: 7,
    meaning: 'the change is made, and nodes that are heard of do not use it: they are named',
  },
  trapped: { code: 8, meaning: 'doctor: something is wrong on this machine' },
  unexamined: { code: 9, meaning: 'doctor: nothing wrong was found, and not everything could be looked at' },
  already: { code: 10, meaning: 'switchover, standby: it is so already; there was nothing to do' },
  bug: { code: 70, meaning: 'a fault of lvsm itself: please report it' },
  unwritten: { code: 74, meaning: 'what was asked for may be done, but could not be printed (a full disk)' },
} as const satisfies Readonly<Record<string, Ending>>

/**
 * Of `lvsm-lease` and `lvsm-agent`, by sysexits.h: a supervisor starts them again after 70 and 75, and not after 64 and 78
 * (systemd: RestartPreventExitStatus=64 78).
 */
export const DAEMON_EXITS = {
  ok: { code: 0, meaning: 'done, or stopped as it was told' },
  usage: { code: 64, meaning: 'wrong command line; nothing was touched' },
  bug: { code: 70, meaning: 'a fault of the program itself: please report it; start it again' },
  world: { code: 75, meaning: 'something that it needs is not there now, or is held by another: start it again' },
  refused: { code: 78, meaning: 'refused until somebody corrects it (configuration, file modes, rights)' },
} as const satisfies Readonly<Record<string, Ending>>

export type Exit = keyof typeof EXITS
export type DaemonExit = keyof typeof DAEMON_EXITS

/** A line for each. */
export const exitTable = (endings: Readonly<Record<string, Ending>>): string =>
  Object.values(endings)
    .map(({ code, meaning }) => `  ${String(code).padStart(2)}  ${meaning}`)
    .join('\n')
