/** Beside a list of servers: which of them are drained or stopped, with what is left of their connections. */
import { entriesOf, type NounEntry } from '@lvsm/changes'
import { leftText, type RealserverReport, type ServiceReport, type Status } from '@lvsm/protocol'
import { Failure } from '../failure.ts'
import { cutText } from '../wanted-text.ts'
import { ask } from './ask.ts'
import type { CoordinatorSession } from './write.ts'

/** In the order of the list, empty for who serves; null: none is out, or the coordinator does not tell. */
export async function outgoing(
  { paths }: CoordinatorSession,
  file: unknown,
  found: readonly NounEntry[],
): Promise<readonly string[] | null> {
  const status = await statusOf(paths)
  if (!status) return null
  const all = found.map((one) => outText(status, servicesOf(file, one), one))
  return all.some((text) => text !== '') ? all : null
}

/** The list is of the document, and worth something without it. */
export async function statusOf(paths: readonly string[]): Promise<Status | null> {
  try {
    return await ask(paths, { route: 'status', body: null })
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

/** Where it serves: of a pool, in every service that has the pool. */
export function servicesOf(file: unknown, { which }: NounEntry): string[] {
  const { service, pool } = which
  if (service !== undefined) return [service]
  return entriesOf(file, 'service').flatMap((one) =>
    one.entry['pool'] === pool && one.which['service'] !== undefined ? [one.which['service']] : [],
  )
}

/** What a status says of it. */
export function reportsOf(
  { realservers }: Pick<ServiceReport, 'realservers'>,
  { which, entry }: NounEntry,
): RealserverReport[] {
  const node = typeof entry['node'] === 'string' ? entry['node'] : which['server']
  return realservers.filter(
    (one) => one.node === node && (entry['address'] === undefined || entry['address'] === one.address),
  )
}

function outText({ services }: Status, names: readonly string[], server: NounEntry): string {
  const texts = services
    .filter(({ name }) => names.includes(name))
    .flatMap((service) =>
      reportsOf(service, server)
        .filter(({ state }) => state !== undefined)
        .map((one) => {
          const cut = one.wanted?.deadline === undefined ? '' : cutText(one.wanted.deadline)
          const { name, told } = service
          return `${names.length > 1 ? `in ${name}: ` : ''}${one.state}${leftText(one, told)}${cut}`
        }),
    )
  return texts.join('; ')
}
