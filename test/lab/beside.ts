/** Services beside those of the file, with servers of their own, while something is done; afterwards the file is as it was. */
import { on, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import type { Program } from './sessions.ts'

const DIRECTORS = ['dir1', 'dir2'] as const

export interface Beside {
  /** Lines of the file's list of services. */
  readonly services: string
  readonly servers: () => Promise<Program>[]
  /** In what `ipvsadm -Sn` prints of a director that has them all. */
  readonly last: string
  /** Lines of the file's own keys. */
  readonly keys?: string
}

export async function beside({ services, servers, last, keys = '' }: Beside, work: () => Promise<void>): Promise<void> {
  const undo = await rewrite(
    (text) => `${text.replace('revision: 1', `revision: 2\n${keys}`.trimEnd()).trimEnd()}\n${services}`,
  )
  const all = await Promise.all(servers())
  try {
    for (const node of DIRECTORS)
      await until(async () => (await on(node, 'ipvsadm -Sn')).includes(last), 30_000, `${node} has the services`)
    await work()
  } finally {
    for (const server of all) server.end()
    await undo()
    await until(async () => (await status()).revision === 1, 30_000, 'the file before is in use')
  }
}
