/** The operator's fault: returned, never thrown, and nothing was changed. */
export interface Refusal {
  /** Stable, for scripts: `unknown-key`, `vip-is-node-address`, … */
  readonly code: string
  /** Where: a path as in the file or request (`groups[0].addresses[1]`), or a flag. */
  readonly field?: string
  /** 1-based line and column, where the input is a file. */
  readonly line?: number
  readonly column?: number
  /** What is wrong, one sentence. */
  readonly message: string
  /** What to do instead, one sentence. */
  readonly hint?: string
}

/** Of input that was accepted: it works, and is probably not what its author wants. */
export interface Warning extends Refusal {
  /** `info`: worth knowing. `warning`: somebody should change it. */
  readonly severity: Exclude<Severity, 'critical'>
}

/** `name:line:column: message (hint)`: the form in which every tool of ours prints a refusal, and a warning with its severity. */
export function describeRefusal(refusal: Refusal | Warning, source?: string): string {
  const place = [source, refusal.line, refusal.column].filter((part) => part !== undefined).join(':')
  const field = refusal.field ? `${refusal.field}: ` : ''
  const hint = refusal.hint ? `\n  → ${refusal.hint}` : ''
  const severity = 'severity' in refusal ? `${refusal.severity}: ` : ''
  return `${place ? `${place}: ` : ''}${severity}${field}${refusal.message}${hint}`
}

export type Severity = 'info' | 'warning' | 'critical'

/** The world's fault: recorded and shown until it is over. */
export interface Trouble {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  /** The next step. */
  readonly hint?: string
  /** Milliseconds until it is over by itself, where that is known. */
  readonly leftMs?: number
  /** What it is about: `node dir2`, `group web`, `link outside`. Missing: the node that says it. */
  readonly object?: string
  /** What was seen, for whoever doubts it. */
  readonly evidence?: string
  /** ISO 8601, by the wall clock of the node that says it: for reading, never for deciding. Missing: it has just begun. */
  readonly since?: string
  /** Of what looks back: it is over, as far as that can be said, and so long ago was the last of it. Missing: it is so now. */
  readonly pastMs?: number
}

/** To be told: without whatever else it carries. */
export const plainTrouble = ({ code, severity, message, ...more }: Trouble): Trouble => {
  const { hint, leftMs, object, evidence, since, pastMs } = more
  return {
    code,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(leftMs === undefined ? {} : { leftMs }),
    ...(object === undefined ? {} : { object }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(since === undefined ? {} : { since }),
    ...(pastMs === undefined ? {} : { pastMs }),
  }
}
