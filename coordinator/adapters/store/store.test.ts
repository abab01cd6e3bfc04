import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, lstatSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import { foundedBy } from '@lvsm/raft'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BLANK } from '../../../test/raft/register.ts'
import { createStore } from './create.ts'
import { directory, founded, lastOf, opened, persist, stateOf, written } from './fixture.ts'
import { machineOf, scriptOf } from './fixture-register.ts'
import { openStore } from './store.ts'
import { markOf } from './mark.ts'

const CHILD = join(import.meta.dirname, 'fixture-child.ts')
const change = (path: string, sql: string): void => {
  const database = new Database(path)
  database.exec(sql)
  database.close()
}
async function codeOf(path: string): Promise<string> {
  const result = await openStore({ path, machine: machineOf() })
  if (!result.ok) return result.refusal.code
  await result.store.close()
  return 'opened'
}

describe('a database', () => {
  it('gives back what was acknowledged, compacted and applied, after each of many writes', async () => {
    const path = founded()
    for (const upTo of [1, 2, 9, 45, 130]) {
      const store = await opened(path)
      for (let index = lastOf(store.content) + 1; index <= upTo; index++)
        expect(await written(store, scriptOf(store.identity, index))).toMatchObject({ fault: null, results: [{}] })
      await store.close()
      expect(stateOf(path)).toEqual({ last: upTo, whole: true })
    }
  })
  it('takes what Raft gives up out of the log, and a snapshot in the place of all', async () => {
    const path = founded()
    const store = await opened(path)
    const { identity } = store
    for (let index = 2; index <= 9; index++) await written(store, scriptOf(identity, index))
    const entry = { kind: 'noop', index: 9, term: 7 } as const
    await written(
      store,
      persist(10, { truncateFrom: 9, append: [entry], hardState: { currentTerm: 7, votedFor: null } }),
    )
    await store.close()
    const again = await opened(path)
    expect(again.content.entries.slice(-2)).toEqual([scriptOf(identity, 8).append[0], entry])
    const membership = { members: [{ id: 4, store: 'other', role: 'voter' }] } as const
    const install = { index: 50, term: 6, membership }
    const arrived = { revision: 3, value: 'x', index: 50, digest: 9 }
    await written(again, persist(1, { install, append: [{ kind: 'noop', index: 51, term: 7 }] }), arrived)
    await again.close()
    const { content } = await opened(path).then(async (third) => (await third.close(), third))
    expect(content).toEqual({
      hardState: { currentTerm: 7, votedFor: null },
      snapshot: install,
      entries: [{ kind: 'noop', index: 51, term: 7 }],
      lastApplied: 50,
      machine: arrived,
    })
  })
  it('answers writes while a copy of it is looked at, however long that takes; what that finds is told', async () => {
    const path = founded()
    const never = new URL('data:text/javascript,setInterval(() => {}, 1000)')
    const found = await openStore({ path, machine: machineOf(), finisher: never })
    if (!found.ok) return expect.fail(found.refusal.message)
    const { store } = found
    const to = join(dirname(path), 'copy.db')
    void store.copy(to, [])
    await expect.poll(() => statSync(to, { throwIfNoEntry: false })?.size ?? 0).toBeGreaterThan(0)
    expect(await written(store, scriptOf(store.identity, 2))).toMatchObject({ fault: null })
    await store.close()
    const again = await opened(path)
    expect(await again.copy(join(dirname(path), 'whole.db'), [['node.key', 'x']])).toBeNull()
    expect(
      await again.copy(join(dirname(path), 'twice.db'), [
        ['a', 'x'],
        ['a', 'x'],
      ]),
    ).toMatch(/UNIQUE/)
    expect(readdirSync(dirname(path)).filter((name) => name.startsWith('twice'))).toEqual([])
    await again.close()
  })
  it('answers reads after the writes before them', async () => {
    const store = await opened(founded())
    const seen: (string | number)[] = []
    store.write(scriptOf(store.identity, 2), null, () => seen.push('write'))
    store.read(({ lastApplied }) => seen.push(lastApplied))
    await written(store, scriptOf(store.identity, 3))
    expect(seen).toEqual(['write', 1])
    await store.close()
  })
  it('is no larger after ten times as many writes, and is not written to when idle', async () => {
    const path = founded()
    const store = await opened(path)
    const sizes: number[] = []
    for (let index = 2; index <= 2000; index++) {
      const done = written(store, scriptOf(store.identity, index))
      if (index % 50 === 0) await done
      if (index % 200 === 0) sizes.push(statSync(path).size + statSync(`${path}-wal`).size)
    }
    const before = [path, `${path}-wal`, markOf(path)].map((file) => statSync(file).mtimeMs)
    await new Promise<void>((done) => store.read(() => done()))
    expect([path, `${path}-wal`, markOf(path)].map((file) => statSync(file).mtimeMs)).toEqual(before)
    await store.close()
    expect(Math.max(...sizes)).toBeLessThan(8 << 20)
    expect(statSync(path).size).toBeLessThan(1 << 20)
  })
})

describe('a full disk', () => {
  it('takes the whole write back, voids those behind it, and goes on when there is room', async () => {
    const path = founded()
    const store = await opened(path, 12)
    const { identity } = store
    const answers: string[] = []
    let full = 0
    for (let index = 2; index <= 39; index++)
      store.write(scriptOf(identity, index), null, ({ fault }) => {
        answers.push(`${index} ${fault}`)
        if (fault) full = index
      })
    await expect.poll(() => full).toBeGreaterThan(2)
    expect(answers.at(-1)).toBe(`${full} full`)
    expect(answers).toHaveLength(full - 1)
    expect(await written(store, persist(90))).toEqual({ fault: null, results: [] })
    const { lastApplied } = await new Promise<{ lastApplied: number }>((done) => store.read(done))
    expect(lastApplied).toBe(full - 2)
    await store.close()
    expect(stateOf(path)).toEqual({ last: full - 1, whole: true })
    const again = await opened(path)
    await written(again, scriptOf(identity, full))
    await again.close()
    expect(stateOf(path)).toEqual({ last: full, whole: true })
  })
})

describe('an I/O error', () => {
  it('is the end: nothing is written any more, and the database is refused from then on', async () => {
    const path = founded()
    const run = `ulimit -f 400; exec '${process.execPath}' '${CHILD}' '${path}' run`
    const lines = execFileSync('sh', ['-c', run], { encoding: 'utf8' }).trim().split('\n')
    expect(lines.at(-1)).toBe('io')
    expect(lines.length).toBeGreaterThan(3)
    expect(await codeOf(path)).toBe('store-failed')
  })
})

describe('is refused:', () => {
  it('a second process', async () => {
    const path = founded()
    const child = spawn(process.execPath, [CHILD, path, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    const [said]: Buffer[] = await once(child.stdout, 'data')
    expect(String(said).trim()).toBe('open')
    expect(await codeOf(path)).toBe('store-in-use')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await codeOf(path)).toBe('opened')
  })
  it.each([
    ['of a newer version', 'PRAGMA user_version = 2', 'store-version'],
    ["somebody else's", 'PRAGMA application_id = 1', 'store-foreign'],
    ['with an entry that was changed', "UPDATE log SET payload = 'dir2'", 'store-damaged'],
    ['with an entry that is gone', 'DELETE FROM log', 'store-damaged'],
    ['with a part of the state that is gone', 'DELETE FROM state', 'store-damaged'],
    ['with another vote', 'UPDATE meta SET voted_for = 2', 'store-damaged'],
    ['without a table', 'DROP TABLE log', 'store-damaged'],
  ])('a database %s', async (_, sql, code) => {
    const path = founded()
    change(path, sql)
    expect(await codeOf(path)).toBe(code)
    expect(await codeOf(path)).toBe(code)
  })
  it('what is no database, no file, or not there', async () => {
    const path = join(directory(), 'a')
    expect(await codeOf(path)).toBe('store-missing')
    writeFileSync(path, 'x'.repeat(5000), { mode: 0o600 })
    expect(await codeOf(path)).toBe('store-damaged')
    symlinkSync(path, `${path}.link`)
    expect(await codeOf(`${path}.link`)).toBe('store-strange')
  })
  it('what others may read, or a directory that others may write into', async () => {
    const path = founded()
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    chmodSync(path, 0o640)
    expect(await codeOf(path)).toBe('store-exposed')
    chmodSync(path, 0o600)
    chmodSync(dirname(path), 0o777)
    expect(await codeOf(path)).toBe('store-exposed')
  })
  it('a beginning on a disk without room: nothing is left of it, and it begins when there is some', async () => {
    const path = join(directory(), 'coordinator.db')
    const begin = (identity: string) => ({ stored: foundedBy(identity, 'dir1'), state: BLANK })
    const refused = { code: 'store-unwritable', message: expect.stringMatching(/SQLITE_FULL/) }
    expect(createStore(path, machineOf(), begin, 2)).toMatchObject(refused)
    expect(readdirSync(dirname(path))).toEqual([])
    expect(createStore(path, machineOf(), begin)).toBeNull()
    expect(await codeOf(path)).toBe('opened')
  })
  it('a beginning where there is a database', () => {
    const path = founded()
    const begin = () => {
      throw new Error('not to be asked')
    }
    expect(createStore(path, machineOf(), begin)).toMatchObject({ code: 'store-exists' })
  })
})
