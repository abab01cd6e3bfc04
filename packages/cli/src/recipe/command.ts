/** `lvsm recipe`: what to do on a realserver where no agent runs, by the present configuration. */
import { type Config, checkConfig, suggest } from '@lvsm/model'
import type { Exit } from '@lvsm/protocol'
import { ask } from '../config/ask.ts'
import { textOf } from '../config/document.ts'
import type { CoordinatorSession } from '../config/write.ts'
import { Failure } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { textAt } from '../setup/files.ts'
import type { SystemName } from './core/systems.ts'
import { isWholeRefused, recipeFor, recipeText } from './core/write.ts'

export interface RecipeOptions {
  readonly os: SystemName
  readonly undo: boolean
  readonly output: Format
  /** In place of what the coordinators have. */
  readonly config?: string
}

export async function recipe(session: CoordinatorSession, server: string, options: RecipeOptions): Promise<Exit> {
  const config = options.config === undefined ? await committed(session) : inFile(options.config)
  const made = recipeFor(config, server, options.os)
  if (made.parts.length === 0) throw unknown(config, server)
  session.terminal.print(render(made, options.output, (it) => recipeText(it, options.undo)))
  return isWholeRefused(made) ? 'refused' : 'ok'
}

async function committed({ paths }: CoordinatorSession): Promise<Config> {
  const found = await ask(paths, {
    route: 'document',
    query: { revision: undefined, stale: false, yaml: true },
    body: null,
  })
  return judged(textOf(found), 'what the coordinator has')
}

function inFile(path: string): Config {
  const text = textAt(path)
  if (text === null)
    throw new Failure('usage', `there is no file ${path}`, 'name the configuration, e.g. /etc/lvsm/lvsm.yaml')
  return judged(text, path)
}

function judged(text: string, source: string): Config {
  const { config, refusals } = checkConfig(text)
  if (config) return config
  throw new Failure(
    'refused',
    `${source}: ${refusals[0]?.message ?? 'it is not understood'}`,
    'lvsm-agent --check --config FILE says everything about it',
  )
}

function unknown({ services }: Config, server: string): Failure {
  const known = [
    ...new Set(services.flatMap(({ realservers }) => realservers.flatMap(({ node, address }) => [node, address]))),
  ]
  return new Failure('refused', `no service has a realserver ${server}`, suggest(server, known, 'realservers'))
}
