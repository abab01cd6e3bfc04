/** `lvsm cluster finalize`: who knows which version of the model, and from now on everybody speaks the lowest of them. */
import type { Exit, VersionsReport } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import type { Paint } from '../paint.ts'
import { isAgreed, isAsking } from '../questions.ts'
import { table } from '../table.ts'
import { ask, lost } from './ask.ts'
import type { CoordinatorSession } from './write.ts'

export interface FinalizeOptions {
  readonly output: Format
  readonly dryRun: boolean
  readonly yes: boolean
}

export async function finalize({ paths, terminal }: CoordinatorSession, options: FinalizeOptions): Promise<Exit> {
  const { output, dryRun, yes } = options
  const found = await ask(paths, { route: 'versions', body: null })
  if (dryRun) {
    terminal.print(render(found, output, (it) => versionsText(it, terminal.paint)))
    return 'ok'
  }
  terminal.complain(versionsText(found, terminal.paint))
  const { next, finalized } = found
  if (next !== finalized && isAsking() && !yes && !(await isAgreed(`Speak version ${next}? There is no way back.`)))
    throw new Failure('refused', 'not confirmed', 'nothing was changed')
  // What was shown is what is agreed on.
  const done = await ask(paths, { route: 'finalize', body: { version: next } })
  if (done.outcome === 'unknown') throw lost(done.message, done.hint)
  terminal.print(render(done, output, (it) => `the cluster speaks version ${it.finalized} of the model\n`))
  return 'ok'
}

function versionsText({ finalized, next, begins, coordinators, agents = [] }: VersionsReport, paint: Paint): string {
  const all = [
    ...coordinators.map((one) => ({ ...one, program: 'lvsm-coordinator' })),
    ...agents.map((one) => ({ ...one, program: 'lvsm-agent' })),
  ]
  const rows = all.map(({ name, program, lvsm, model }) => [
    name,
    program,
    lvsm ?? paint('warn', 'silent: to be upgraded when it comes back'),
    model === null ? '-' : String(model),
  ])
  const what =
    next === finalized
      ? [`nothing to do: the cluster speaks version ${finalized}, which is all that everybody knows who answers`]
      : [`the cluster speaks version ${finalized}; everybody who answers knows ${next}, with which begins:`]
  return `${table(['node', 'program', 'lvsm', 'model'], rows, paint, ['model'])}\n${[...what, ...begins.map((one) => `  ${one}`)].join('\n')}\n`
}
