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
  readonly hint?: string
  /** Milliseconds until it is over by itself, where that is known. */
  readonly leftMs?: number
}

/** To be told: without whatever else it carries. */
export const plainTrouble = ({ code, severity, message, hint, leftMs }: Trouble): Trouble => ({
  code,
  severity,
  message,
  ...(hint === undefined ? {} : { hint }),
  ...(leftMs === undefined ? {} : { leftMs }),
})
