/** Warnings about the configuration that is in use: as lines of the log, and as troubles until somebody changes it. */
import { describeRefusal, type Trouble, type Warning } from '@lvsm/base'
import { type Facts, saidAndStep } from '@lvsm/protocol'

/** Lines of a log, and troubles of a node, that somebody still reads. */
const MOST_LINES = 50
const MOST_TROUBLES = 8
/** What is not right with interfaces the agent sees for itself, and says so while it is so. */
const SEEN: ReadonlySet<string> = new Set(['no-known-network'])

export function warningLines(warnings: readonly Warning[], source: string): string[] {
  const lines = warnings.slice(0, MOST_LINES).map((warning) => describeRefusal(warning, source))
  const left = warnings.length - lines.length
  return left > 0 ? [...lines, `${source}: ${left} more warnings`] : lines
}

/** Those that somebody should do something about. Each node has the same: whoever shows them says each once. */
export function warningTroubles(warnings: readonly Warning[]): Trouble[] {
  const serious = warnings.filter(({ severity, code }) => severity === 'warning' && !SEEN.has(code))
  const shown = serious.slice(0, MOST_TROUBLES).map(
    ({ code, severity, field, message, hint }): Trouble => ({
      code,
      severity,
      message: `the configuration: ${field === undefined ? '' : `${field}: `}${message}`,
      ...(hint === undefined ? {} : { hint }),
    }),
  )
  const left = serious.length - shown.length
  if (left === 0) return shown
  const message = `the configuration: ${left} more warnings`
  return [
    ...shown,
    { code: 'more-warnings', severity: 'warning', message, hint: 'the log has them all: journalctl -u lvsm-agent' },
  ]
}

/**
 * Facts only ever take something out of service. Without them everything serves as it is configured, which is less harm than a
 * cluster that serves nobody because of a damaged file; standby, the lease process keeps by itself.
 */
export const lostFacts = ({ number }: Facts): Trouble => ({
  code: 'facts-damaged',
  severity: 'warning',
  message: `the file of what is drained, stopped and under maintenance cannot be read: ${number === 0 ? 'none of it is known here, and all serve as configured' : 'what was known before holds on'}`,
  hint: 'the coordinator on this node writes it anew (systemctl status lvsm-coordinator); what is wanted: lvsm intents',
})

/** Of a file that was not taken over: the first of its faults and what mends it, and where to see the others. */
export function refusedTrouble(message: string, faults: readonly string[]): Trouble {
  const [first = '', ...more] = faults
  // A trouble is one line, wherever it goes.
  const { said, step } = saidAndStep(first.replaceAll(/\s*\n\s*/g, ' '))
  const mend = step ?? 'correct what is seen, and: systemctl reload lvsm-agent'
  const hint = more.length > 0 ? `${mend}; the log has them all: journalctl -u lvsm-agent` : mend
  const evidence = said === '' ? {} : { evidence: said }
  return { code: 'configuration-refused', severity: 'warning', message, ...evidence, hint }
}

/** Shows the warnings of the configuration that is in use, and takes those of the one before away. */
export class WarningBoard {
  readonly #report: (source: string, trouble: Trouble | null) => void
  #shown = 0

  constructor(report: (source: string, trouble: Trouble | null) => void) {
    this.#report = report
  }

  /** As lines for the log, too. */
  show(warnings: readonly Warning[]): readonly string[] {
    const found = warningTroubles(warnings)
    for (let at = 0; at < Math.max(found.length, this.#shown); at++)
      this.#report(`configuration warning ${at}`, found[at] ?? null)
    this.#shown = found.length
    return warningLines(warnings, 'configuration')
  }
}
