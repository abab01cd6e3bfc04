/** A coordinator that is elsewhere tells the others until they have it so, and says what keeps it from that. */
import type { Trouble } from '@lvsm/base'
import type { Entry, MemberRecord } from '@lvsm/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemoryConfiguration, STATUS } from '../test/kit/configuration.ts'
import { Announcing } from './announcing.ts'
import type { Written } from './configuration.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const at = (host: string, port = 7446) => [{ host, port }]
const RECORD: MemberRecord = { name: 'dir2', addresses: at('10.12.0.2'), key: 'ab'.repeat(32) }

function begun(home: { listen: MemberRecord['addresses']; api?: MemberRecord['addresses'] }, finalized = 2) {
  const memory = new MemoryConfiguration(undefined, finalized)
  const members = new Map([[3, RECORD]])
  const changed = new Set<() => void>()
  const written: Entry[] = []
  const troubles: (Trouble | null)[] = []
  const said: string[] = []
  const announcing = new Announcing({
    home: { id: 3, node: 'dir2', ...home },
    configuration: {
      status: () => ({ ...STATUS, members }),
      follow: (call) => (changed.add(() => call(memory.known() as never)), () => changed.clear()),
      async write(entry): Promise<Written> {
        written.push(entry)
        const done = await memory.write(entry)
        const isIn = done.kind === 'done' && done.outcome.kind === 'addressed' && entry.kind === 'coordinator-address'
        if (isIn)
          members.set(entry.id, {
            name: 'dir2',
            addresses: entry.addresses,
            key: entry.key,
            ...(entry.api ? { api: entry.api } : {}),
          })
        if (isIn) for (const call of changed) call()
        return done
      },
    },
    trouble: (trouble) => troubles.push(trouble),
    say: (text) => said.push(text),
    wallClock: () => 7,
  })
  return { memory, members, written, troubles, said, announcing, changed }
}

test('what its record says already it does not say again', async () => {
  const { written, announcing } = begun({ listen: RECORDED })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(written).toEqual([])
  announcing.close()
})
const RECORDED = RECORD.addresses

test('once is enough where the others take it, with where people reach it', async () => {
  const listen = [...at('10.13.0.2'), ...RECORDED]
  const { written, announcing, said, troubles } = begun({ listen, api: at('10.13.0.2', 7445) })
  await vi.advanceTimersByTimeAsync(60_000)
  const { key } = RECORD
  expect(written).toEqual([
    { kind: 'coordinator-address', at: 7, id: 3, key, addresses: listen, api: at('10.13.0.2', 7445) },
  ])
  expect(said).toEqual(['the coordinators know where this one is now'])
  expect(troubles.every((one) => one === null)).toBe(true)
  announcing.close()
})

test('it says why it could not, and is over when it could', async () => {
  const { memory, written, announcing, troubles } = begun({ listen: at('10.13.0.2') }, 1)
  await vi.advanceTimersByTimeAsync(1)
  expect(troubles.at(-1)).toMatchObject({
    code: 'coordinator-elsewhere',
    object: 'node dir2',
    message: expect.stringContaining('the cluster still speaks 1'),
    hint: expect.stringContaining('lvsm cluster finalize'),
  })
  memory.weather = 'cut-off'
  await vi.advanceTimersByTimeAsync(3000)
  expect(troubles.at(-1)?.message).toContain('no majority of coordinators')
  memory.weather = 'fine'
  await memory.write({ kind: 'finalize', author: 'alice', at: 1, version: 2 })
  await vi.advanceTimersByTimeAsync(3000)
  expect(troubles.at(-1)).toBeNull()
  expect(written).toHaveLength(3)
  announcing.close()
})

test('one that has not come to its own entry yet, or has ended, says nothing', async () => {
  const { members, written, announcing } = begun({ listen: at('10.13.0.2') }, 1)
  await vi.advanceTimersByTimeAsync(1)
  members.clear()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(written).toHaveLength(1)
  members.set(3, RECORD)
  announcing.close()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(written).toHaveLength(1)
})
