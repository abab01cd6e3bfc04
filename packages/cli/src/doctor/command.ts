/** `lvsm doctor`: look, say what is wrong, and change what is safe to change. */
import type { NodeView } from '@lvsm/model'
import {
  type AskedAnswer,
  type DoctorReport,
  type Exit,
  type Fix,
  type MachineFacts,
  readMachineFacts,
  type ToldByAgent,
} from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { textAt } from '../setup/files.ts'
import type { Terminal } from '../terminal.ts'
import { CHECKS } from './core/checks/index.ts'
import { type Examined, examine, fixText, verdict } from './core/examine.ts'
import { askedAnswers } from './core/checks/answers.ts'
import type { Given } from './core/part.ts'
import type { Examiner } from './examiner.ts'
import { agentOf } from './own-view.ts'
import { checkText, doctorText, listText } from './text.ts'

export interface DoctorOptions {
  readonly output: Format
  readonly fix: boolean
  /** Names of checks; all where it is empty. */
  readonly only: readonly string[]
  readonly given: Given
  /** File of facts of another machine, or of another time. */
  readonly from: string | undefined
  /** What the agent of this machine tells of it; null: it was not asked, or did not answer. */
  readonly told: readonly ToldByAgent[] | null
}
export interface Surroundings {
  readonly terminal: Terminal
  readonly examiner: Examiner
  /** By the files where they always are; null: there are none. */
  view(): NodeView | null
  /** By what the agent that runs here was started with; null: this machine is to be looked at alone. */
  ofAgent(agent: MachineFacts['processes'][number]): NodeView | null
}

/** Null: in no cluster. An agent that runs may have its files elsewhere. */
function whatItIs({ view, ofAgent, examiner }: Surroundings): NodeView | null {
  const own = view()
  if (own) return own
  const agent = agentOf(examiner.look([], []))
  return agent && ofAgent(agent)
}

export function doctor(surroundings: Surroundings, options: DoctorOptions): Exit {
  const { terminal, examiner } = surroundings
  for (const name of options.only) checkNamed(name)
  if (options.fix && options.from !== undefined)
    throw new Failure('usage', '--fix changes this machine, and --from tells of another one', 'leave one of them out')
  const own = options.from === undefined ? whatItIs(surroundings) : null
  const see = (): { facts: MachineFacts; examined: Examined } => {
    const facts =
      options.from === undefined ? examiner.look(towards(own, options.given), answersOf(own)) : factsIn(options.from)
    return { facts, examined: examine(facts, own, options.given, options.only) }
  }
  let seen = see()
  let fixed: DoctorReport['fixed'] = []
  if (options.fix && seen.examined.fixes.length > 0) {
    fixed = mended(examiner, seen.examined.fixes)
    seen = see()
  }
  const { facts, examined } = seen
  const report: DoctorReport = {
    node: examined.part.node,
    kernel: facts.kernel,
    part: examined.part,
    checks: options.only.length || CHECKS.length,
    findings: examined.findings,
    agent: options.told && options.told.filter(({ code }) => !examined.findings.some(({ check }) => check === code)),
    gaps: facts.gaps,
    fixed,
  }
  const plain: DoctorReport = { ...report, part: partOnly(report.part) }
  terminal.print(render(plain, options.output, (it) => doctorText(it, options.fix, terminal.paint)))
  return verdict(plain)
}

const partOnly = ({ director, vips, aliases, tunnelled, gateways }: DoctorReport['part']): DoctorReport['part'] => ({
  ...{ director, vips, aliases, tunnelled, gateways },
})

const towards = (view: NodeView | null, { gateway }: Given): string[] =>
  [
    ...(view?.gateways ?? [gateway]),
    ...(view?.services ?? []).flatMap(({ realservers }) => realservers.map(({ address }) => address)),
  ].flatMap((address) => address ?? [])

const answersOf = (view: NodeView | null): AskedAnswer[] => (view?.led ?? []).flatMap(askedAnswers)

function factsIn(path: string): MachineFacts {
  const facts = readMachineFacts(textAt(path) ?? '')
  if (facts) return facts
  throw new Failure('refused', `${path} has no facts of a machine`, 'write it with: lvsm doctor facts > FILE')
}

function mended(examiner: Examiner, fixes: readonly Fix[]): DoctorReport['fixed'] {
  const failures = examiner.change(fixes)
  return fixes.map((fix, at) => ({ ...fixText(fix), failed: failures[at] ?? null }))
}

function checkNamed(name: string): (typeof CHECKS)[number] {
  const check = CHECKS.find((one) => one.name === name)
  if (check) return check
  throw new Failure('usage', `there is no check ${name}`, 'lvsm doctor list names them')
}

export function doctorList({ terminal }: Pick<Surroundings, 'terminal'>, format: Format): Exit {
  const rows = CHECKS.map(({ name, rows: numbers, title }) => ({ name, rows: numbers, title }))
  terminal.print(render(rows, format, (all) => listText(all, terminal.paint)))
  return 'ok'
}

export function doctorExplain({ terminal }: Pick<Surroundings, 'terminal'>, name: string, format: Format): Exit {
  const { rows, title, symptom, why, mend } = checkNamed(name)
  terminal.print(render({ name, rows, title, symptom, why, mend }, format, (it) => checkText(it, terminal.paint)))
  return 'ok'
}

export function doctorFacts(surroundings: Surroundings, given: Given): Exit {
  const { terminal, examiner } = surroundings
  const own = whatItIs(surroundings)
  terminal.print(`${JSON.stringify(examiner.look(towards(own, given), answersOf(own)), null, 2)}\n`)
  return 'ok'
}
