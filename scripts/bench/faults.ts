/** What is done to the owner, for how long, and how it is made good again. */
import type { Stage } from '../lab/stage.ts'
import { other, type System } from './systems.ts'

export interface Fault {
  readonly name: string
  /** Milliseconds for which the fault lasts. */
  readonly lastsMs: number
  /** Milliseconds watched after its end. */
  readonly aftermathMs: number
  /** Runs for each one that was asked for, where one figure is close to the peer's and both spread; 1 when not given. */
  readonly times?: number
  /** Gives when it began, where that is known. */
  begin(stage: Stage, owner: string, system: System): Promise<{ readonly began?: number } | void>
  end(stage: Stage, owner: string, system: System): Promise<unknown>
  readonly only?: System['name']
}

const nothing = async (): Promise<void> => {}
/** A client whose first SYN was lost sends it again after a second. */
const AFTERMATH_MS = 1300

export const POWER_CUT: Fault = {
  name: 'power cut of the owner',
  lastsMs: AFTERMATH_MS,
  aftermathMs: 500,
  times: 2,
  begin: (stage, owner) => stage.verb('power-cut', owner),
  end: (stage, owner) => stage.verb('power-on', owner),
}
export const STOP: Fault = {
  name: 'graceful stop',
  lastsMs: AFTERMATH_MS,
  aftermathMs: 0,
  times: 2,
  begin: (stage, owner, { process }) => stage.verb('stop', owner, process),
  end: (stage, owner, { process }) => stage.verb('start', owner, process),
}
export const SWITCHOVER: Fault = {
  name: 'planned switchover',
  only: 'lvsm',
  lastsMs: AFTERMATH_MS,
  aftermathMs: 0,
  times: 2,
  begin: async (stage, owner, system) => system.switchover?.(stage, owner),
  end: nothing,
}

/** Where times are compared. Stops come last: each one means a young process, which V8 still compiles. */
const COMPARED: readonly Fault[] = [POWER_CUT, SWITCHOVER, STOP]
/** Where the question is who owns the address. */
const ENDURED: readonly Fault[] = [
  {
    name: 'SIGSTOP 3 s, lease process',
    lastsMs: 3000,
    aftermathMs: AFTERMATH_MS,
    begin: (stage, owner, { process }) => stage.verb('freeze', owner, process),
    end: (stage, owner, { process }) => stage.verb('thaw', owner, process),
  },
  {
    name: 'SIGSTOP 3 s, everything',
    lastsMs: 3000,
    aftermathMs: AFTERMATH_MS,
    begin: (stage, owner) => stage.verb('freeze', owner, 'all'),
    end: (stage, owner) => stage.verb('thaw', owner, 'all'),
  },
  {
    name: 'SIGKILL',
    lastsMs: 2500,
    aftermathMs: 0,
    begin: (stage, owner, { process }) => stage.verb('kill', owner, process),
    // What a killed keepalived leaves behind is cleaned by starting it again.
    end: (stage, owner, { process }) => stage.verb('start', owner, process),
  },
  {
    name: 'partition between directors',
    lastsMs: 2500,
    aftermathMs: 500,
    begin: (stage, owner) => stage.verb('partition', owner, other(owner)),
    end: (stage) => stage.verb('rejoin'),
  },
  {
    name: '40 % loss on every link',
    lastsMs: 5000,
    aftermathMs: 1000,
    begin: (stage) => stage.verb('loss', '40'),
    end: (stage) => stage.verb('loss', '0'),
  },
]

/**
 * What both systems go through, one boot for each turn. The outage after a power cut spreads over some 100 ms by when in
 * the period of a system it comes, so it is taken twice, minutes apart: a host that changes its speed meets both systems.
 */
export const TURNS: readonly (readonly Fault[])[] = [COMPARED, ENDURED, [POWER_CUT]]
