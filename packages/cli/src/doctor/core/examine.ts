/** From facts to findings: the whole of `lvsm doctor`, without a machine. */
import type { Severity } from '@lvsm/base'
import type { NodeView } from '@lvsm/model'
import type { DoctorReport, Exit, Finding, Fix, MachineFacts } from '@lvsm/protocol'
import { CHECKS } from './checks/index.ts'
import type { Check, Seen } from './check.ts'
import { type Given, type Part, partOf } from './part.ts'
import { Settings } from './settings.ts'

export interface Examined {
  readonly part: Part
  readonly findings: readonly Finding[]
  /** What `--fix` would do, each change once. */
  readonly fixes: readonly Fix[]
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 }

/** The worst first; of these what harms now before what waits for the next boot. */
const rankOf = ({ severity, atBoot }: Seen): number => 2 * RANK[severity] + (atBoot === true ? 1 : 0)

/** In words, with the former value. */
export function fixText(fix: Fix): { readonly what: string; readonly was: string; readonly is: string } {
  switch (fix.kind) {
    case 'sysctl':
      return { what: fix.path.replaceAll('/', '.'), was: fix.was, is: fix.value }
    case 'address':
      return { what: `${fix.address} on ${fix.interface}`, was: `/${fix.was}`, is: `/${fix.prefix}` }
    case 'module':
      return { what: `module ${fix.name}`, was: 'not loaded', is: 'loaded' }
  }
}
const lineOf = (fix: Fix): string => {
  const { what, was, is } = fixText(fix)
  return `${what}: ${was} → ${is}`
}

const findingOf = ({ name, mend }: Check, seen: Seen): Finding => ({
  check: name,
  severity: seen.severity,
  object: seen.object,
  message: seen.message,
  evidence: seen.evidence,
  mend: seen.mend ?? mend,
  fixes: (seen.fixes ?? []).map(lineOf),
})

/** The worst first; `only`: names of checks, all where it is empty. */
export function examine(
  facts: MachineFacts,
  view: NodeView | null,
  given: Given,
  only: readonly string[] = [],
): Examined {
  const part = partOf(facts, view, given)
  const site = { facts, part, settings: new Settings(facts) }
  const seen = CHECKS.filter(({ name }) => only.length === 0 || only.includes(name)).flatMap((check) =>
    check.look(site).map((one) => ({ check, one })),
  )
  const fixes = new Map(seen.flatMap(({ one }) => one.fixes ?? []).map((fix) => [lineOf(fix), fix]))
  return {
    part,
    findings: seen
      .toSorted(({ one }, { one: other }) => rankOf(one) - rankOf(other))
      .map(({ check, one }) => findingOf(check, one)),
    fixes: [...fixes.values()],
  }
}

/** What is only worth knowing is no finding for a script; what could not be looked at is no clean bill. */
export function verdict({ findings, gaps, agent }: Pick<DoctorReport, 'findings' | 'gaps' | 'agent'>): Exit {
  if (agent?.length || findings.some(({ severity }) => severity !== 'info')) return 'trapped'
  return gaps.length > 0 ? 'unexamined' : 'ok'
}
