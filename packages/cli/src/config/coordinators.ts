/** `lvsm coordinators`: who keeps the configuration, and how one that is lost for good is taken out. */
import { type CoordinatorsReport, type Exit, readConfigResponse, CONFIG_ROUTES } from '@lvsm/protocol'
import { coordinatorsText } from '../coordinators-text.ts'
import { Failure } from '../failure.ts'
import { exchangeJson } from '../http.ts'
import { type Format, render } from '../output.ts'
import { isAgreed, isAsking } from '../questions.ts'
import { withProgress } from '../terminal.ts'
import { ask, lost } from './ask.ts'
import type { CoordinatorSession } from './write.ts'

export async function coordinators({ paths, terminal }: CoordinatorSession, output: Format): Promise<Exit> {
  const found = await ask(paths, { route: 'coordinators', body: null })
  terminal.print(render(found, output, (it) => coordinatorsText(it, terminal.paint)))
  return 'ok'
}

export async function removeCoordinator(
  { paths, terminal }: CoordinatorSession,
  which: string,
  { yes }: { readonly yes: boolean },
): Promise<Exit> {
  if (isAsking() && !yes) {
    terminal.complain(
      `Coordinator ${which} will be none any more, and never comes back as the same: its machine joins as a new one.\n`,
    )
    if (!(await isAgreed(`Remove ${which}?`))) throw new Failure('refused', 'not confirmed', 'nothing was changed')
  }
  const done = await withProgress(`removing ${which}`, ask(paths, { route: 'coordinatorRemove', body: { which } }))
  if (done.outcome === 'unknown') throw lost(done.message, done.hint)
  // It is told nothing, and would go on to answer on its machine as one that hears nobody.
  terminal.print(
    `${which} is no coordinator any more\n  → where its machine still runs, stop it there: systemctl disable --now lvsm-coordinator\n`,
  )
  return 'ok'
}

/** For whoever only wants to know whether something is wrong: null where no coordinator answers in this time. */
export async function glance(paths: readonly string[], timeoutMs: number): Promise<CoordinatorsReport | null> {
  const { method, path } = CONFIG_ROUTES.coordinators
  const until = performance.now() + timeoutMs
  for (const socket of paths) {
    const left = until - performance.now()
    if (left <= 0) return null
    const heard = await exchangeJson(socket, { who: 'coordinator', method, path, body: null, timeoutMs: left })
    if (heard.kind === 'answered' && heard.status === 200) return readConfigResponse('coordinators', heard.body)
  }
  return null
}
