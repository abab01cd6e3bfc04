/** A copy on its way: what was left of an earlier one goes, and only that. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { makeBackup } from './backup.ts'

function directory(...names: readonly string[]): string {
  const path = mkdtempSync(join(tmpdir(), 'lvsm-backup-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  for (const name of names) writeFileSync(join(path, name), name)
  return path
}
/** A database of 4 MiB, or a disk that has a fault. */
function store(fault: string | null = null, configured = new MemoryConfiguration().known()) {
  const content = Buffer.alloc(4 << 20, 'lvsm')
  const copy = async (to: string): Promise<string | null> => {
    if (fault === null) writeFileSync(to, content)
    return fault
  }
  return { content, kept: { lastApplied: 1, machine: { configured, members: new Map() } }, copy }
}
const LEFT = ['', '-journal', '-wal', '-shm'].map((more) => `backup-0123456789abcdef.db${more}`)
const OWN = ['backup-of-mine.db', 'coordinator.db', 'coordinator.db-wal', 'node.key']

test('what a process that was killed has left is removed, with its journal, and nothing else', async () => {
  const path = directory(...LEFT, ...OWN)
  const { content, ...one } = store()
  const made = await makeBackup(path, one)
  if (!made.ok) throw new Error(made.reason)
  expect(readdirSync(path).filter((name) => join(path, name) !== made.path)).toEqual(OWN)
  expect(made.head).toEqual({
    cluster: 'lab',
    revision: 1,
    sha256: createHash('sha256').update(content).digest('hex'),
  })
  expect(readFileSync(made.path).equals(content)).toBe(true)
})

test.each<[string, ReturnType<typeof store>, string]>([
  ['the disk has a fault', store('ENOSPC'), 'ENOSPC'],
  ['there is no configuration yet', store(null, null), 'there is no configuration yet'],
])('where %s there is none, and the way to the next one is free', async (_, one, reason) => {
  const path = directory(...LEFT)
  expect(await makeBackup(path, one)).toEqual({ ok: false, reason })
  expect(readdirSync(path)).toEqual([])
})
