/** `lvsm coordinators secrets`: the coordinator of this machine gets the secrets of heartbeat keys that came after it. */
import { describeRefusal } from '@lvsm/base'
import { type Exit, readConfigRefused, readSecretsReport, SECRETS, type SecretsReport } from '@lvsm/protocol'
import { resolve } from 'node:path'
import * as z from 'zod'
import { ask } from '../config/ask.ts'
import type { CoordinatorSession } from '../config/write.ts'
import { Failure } from '../failure.ts'
import { exchangeJson, type Silence, unreached } from '../http.ts'
import { textAt } from './files.ts'
import type { Directories } from './options.ts'

const PATIENCE_MS = 10_000
const ON_ITS_NODE = 'it is given on the node of a coordinator (lvsm coordinators names them), as root'

const named = z.object({ keys: z.array(z.object({ id: z.int(), file: z.string().optional() })) }).catch({ keys: [] })
interface Key {
  readonly id: number
  readonly file: string
  readonly digits: string
}

export async function giveSecrets(session: CoordinatorSession, { etc }: Pick<Directories, 'etc'>): Promise<Exit> {
  const { own, terminal } = session
  const { file: document } = await ask(own, { route: 'document', query: { stale: true }, body: null })
  const keys = named.parse(document).keys.flatMap(({ id, file }) => (file === undefined ? [] : [{ id, file }]))
  const here = keys.flatMap(({ id, file }): Key[] => {
    // As an agent looks for it: a name alone is beside its configuration.
    const digits = textAt(resolve(etc, file))?.trim().toLowerCase()
    return digits === undefined ? [] : [{ id, file, digits }]
  })
  const { taken, missing } = await given(own, here)
  terminal.print(
    taken.length > 0
      ? `the coordinator of this machine has key ${taken.join(', ')} for machines that join\n`
      : 'the coordinator of this machine has them as they are here\n',
  )
  if (missing.length === 0) return 'ok'
  throw new Failure(
    'refused',
    `it lacks ${missing.map(({ id, file }) => `key ${id}, ${file}`).join('; ')}: no such file is here`,
    'copy it here from a node that has it (mode 0600, root), and try again',
  )
}

async function given(paths: readonly string[], keys: readonly Key[]): Promise<SecretsReport> {
  const { method, path } = SECRETS
  const silences: Silence[] = []
  for (const socketPath of paths) {
    const wanted = { who: 'coordinator', method, path, body: { keys }, timeoutMs: PATIENCE_MS }
    const heard = await exchangeJson(socketPath, wanted)
    if (heard.kind === 'silent') {
      silences.push({ socketPath, reason: heard.reason })
      continue
    }
    const report = heard.status === 200 ? readSecretsReport(heard.body) : null
    if (report) return report
    const [first] = readConfigRefused(heard.body)?.refusals ?? []
    throw first
      ? new Failure('refused', describeRefusal(first), '')
      : new Failure('unreachable', `HTTP ${heard.status} without a reason`, 'is it a coordinator of this version?')
  }
  throw unreached('a coordinator', silences, ON_ITS_NODE)
}
