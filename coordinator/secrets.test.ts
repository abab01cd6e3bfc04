/** What a coordinator has of the heartbeat's secrets, what it says that it lacks, and what root gives it. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import { expect, onTestFinished, test } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { readHeartbeatKeys, writeHeartbeatKeys } from './home.ts'
import { Secrets } from './secrets.ts'

const OLD = { id: 1, file: '/etc/lvsm/key', digits: 'ab'.repeat(32) }
const NEW = { id: 2, file: '/etc/lvsm/key2', digits: 'cd'.repeat(32) }
const BY = { kind: 'change', author: 'root', at: 1, comment: '', base: null } as const

async function begun() {
  const stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-secrets-')))
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }))
  writeHeartbeatKeys(stateDir, [OLD])
  const configuration = new MemoryConfiguration()
  const troubles: (Trouble | null)[] = []
  const make = () =>
    new Secrets({ stateDir, node: 'dir1', known: configuration.known, trouble: (one) => void troubles.push(one) })
  const secrets = make()
  const write = async (command: object) => {
    const done = await configuration.write({ ...BY, command: { model: 1, ...command } as never })
    expect(done).toMatchObject({ outcome: { kind: 'changed' } })
    secrets.look()
  }
  const addKey = () => write({ verb: 'add', noun: 'key', which: { key: '2' }, values: { file: NEW.file } })
  return { stateDir, secrets, troubles, write, addKey, make }
}

test('it says which it lacks from the revision on that names it, and is over when root gave it', async () => {
  const { secrets, troubles, addKey, stateDir, make } = await begun()
  secrets.look()
  expect(troubles).toEqual([null])
  await addKey()
  expect(troubles.at(-1)).toMatchObject({
    code: 'heartbeat-secret-missing',
    object: 'node dir1',
    message: expect.stringContaining('key 2 (/etc/lvsm/key2)'),
    hint: expect.stringContaining('lvsm coordinators secrets'),
  })
  expect(secrets.take([OLD, NEW])).toEqual({ outcome: 'done', taken: [2], missing: [] })
  expect(troubles.at(-1)).toBeNull()
  expect(secrets.keys()).toEqual([OLD, NEW])
  expect(make().keys()).toEqual([OLD, NEW])
  expect(statSync(join(stateDir, 'heartbeat-keys.json')).mode & 0o077).toBe(0)
  // The same again is nothing new; another secret is.
  expect(secrets.take([OLD, NEW])).toMatchObject({ taken: [] })
  expect(secrets.take([{ ...NEW, digits: 'ef'.repeat(32) }])).toMatchObject({ taken: [2], missing: [] })
})

test('what is no secret, or is nothing of the configuration, changes nothing', async () => {
  const { secrets, addKey, stateDir } = await begun()
  await addKey()
  expect(secrets.take([OLD, { ...NEW, file: '/etc/other' }])).toMatchObject({ refusals: [{ code: 'unknown-key' }] })
  expect(secrets.take([{ ...NEW, digits: 'ab' }])).toMatchObject({ refusals: [{ code: 'no-key' }] })
  expect(readHeartbeatKeys(stateDir)).toEqual([OLD])
  // One alone is taken, and the rest said.
  expect(secrets.take([])).toEqual({ outcome: 'done', taken: [], missing: [{ id: 2, file: NEW.file }] })
})

test('a secret that the configuration names no more goes with the next that is given', async () => {
  const { secrets, addKey, write, stateDir } = await begun()
  await addKey()
  await write({ verb: 'set', noun: 'cluster', which: {}, values: { 'sign-with': 2 } })
  await write({ verb: 'remove', noun: 'key', which: { key: '1' } })
  secrets.take([NEW])
  expect(readHeartbeatKeys(stateDir)).toEqual([NEW])
  expect(readFileSync(join(stateDir, 'heartbeat-keys.json'), 'utf8')).not.toContain(OLD.digits)
})
