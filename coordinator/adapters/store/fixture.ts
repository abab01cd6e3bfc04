/** For the tests of this room: a life of a database that is known in advance, write by write. */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { foundedBy, type Persist, type Stored } from '@lvsm/raft'
import { expect, onTestFinished } from 'vitest'
import { expected, machineOf } from './fixture-register.ts'
import type { Machine, Result } from '../../../test/raft/register.ts'
import { BLANK } from '../../../test/raft/register.ts'
import { createStore } from './create.ts'
import { type Found } from './job.ts'
import { openChecked } from './open.ts'
import { openStore, type Store } from './store.ts'

/** In memory where it makes no difference and there are hundreds to look at. */
export const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export function directory(parent = tmpdir()): string {
  const path = realpathSync(mkdtempSync(join(parent, 'lvsm-store-')))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Path of a database that begins. */
export function founded(): string {
  const path = join(directory(), 'coordinator.db')
  const refusal = createStore(path, machineOf(), (identity) => ({
    stored: foundedBy(identity, 'dir1'),
    state: BLANK,
  }))
  if (refusal) throw new Error(refusal.message)
  return path
}

export async function opened(path: string, pages?: number): Promise<Store<Machine, Result>> {
  const result = await openStore({ path, machine: machineOf(), ...(pages === undefined ? {} : { pages }) })
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.message}`)
  return result.store
}

export const persist = (write: number, fields: Partial<Persist> = {}): Persist => ({
  kind: 'persist',
  write,
  hardState: null,
  install: null,
  truncateFrom: null,
  append: [],
  apply: [],
  compact: null,
  ...fields,
})
export const written = (store: Store<Machine, Result>, one: Persist, arrived: Machine | null = null) =>
  new Promise<Parameters<Parameters<Store<Machine, Result>['write']>[2]>[0]>((done) => store.write(one, arrived, done))

export const lastOf = ({ snapshot, entries }: Stored): number => entries.at(-1)?.index ?? snapshot.index
const registerOf = ({ parts }: Found): unknown => JSON.parse(parts.get('register') ?? 'null')

/** What a look at it finds; it was left as a crash or an end left it. */
export function stateOf(path: string): { last: number; whole: boolean } | string {
  const checked = openChecked(path, null)
  if (checked.kind === 'refused') return checked.refusal.code
  checked.database.close()
  checked.mark.close()
  const { identity, stored } = checked.found
  const last = lastOf(stored)
  const { stored: right, register } = expected(identity, last)
  expect(stored).toEqual(right)
  expect(registerOf(checked.found)).toEqual(register)
  return { last, whole: true }
}
