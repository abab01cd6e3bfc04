/** Hooks follow what the lease process did, in order and one after the other, and nothing waits for them. */
import { SAMPLE } from '@lvsm/model'
import { decodeKeptHooks, encodeKeptHooks, type KeptHooks } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

const TEXT = SAMPLE.replace(
  /^( *)- name: web$/m,
  '$1- name: web\n$1  take-hooks: [first, second]\n$1  release-hooks: [third]\n$1  hook-timeout: 5s',
)
const begin = (): TestNode => {
  const dir1 = node('dir1', undefined, TEXT)
  dir1.feed({ kind: 'lease-up' })
  says(dir1, 'dir2', 1)
  dir1.run(1500)
  return dir1
}
const says = (dir1: TestNode, owner: string | null, number: number): void =>
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', owner, number) })
/** Those that began, and have not ended. */
const began = (dir1: TestNode) => dir1.take('hook')
const words = (dir1: TestNode) => began(dir1).map(({ hook, words: all }) => [hook, ...all].join(' '))
const hookTroubles = (dir1: TestNode) =>
  dir1.core.status(dir1.now()).troubles.flatMap(({ code, message }) => (code === 'hook-failed' ? [message] : []))

test('a group that comes and goes has its hooks run in order, once for each lease', () => {
  const dir1 = begin()
  expect(TEXT).not.toBe(SAMPLE)
  expect(words(dir1), 'another node owns it').toEqual([])
  says(dir1, 'dir1', 2)
  const [first, ...more] = began(dir1)
  expect([first, more]).toMatchObject([
    { hook: 'first', words: ['take', 'web', '2'], user: null, timeoutMs: 5000, variables: { LVSM_NODE: 'dir1' } },
    [],
  ])
  says(dir1, 'dir1', 2)
  expect(words(dir1), 'one after the other').toEqual([])
  dir1.feed({ kind: 'hooked', id: first?.id ?? '', ok: true, reason: 'exit code 0' })
  const [second] = began(dir1)
  expect(second).toMatchObject({ hook: 'second', words: ['take', 'web', '2'] })
  dir1.feed({ kind: 'hooked', id: second?.id ?? '', ok: true, reason: 'exit code 0' })
  says(dir1, 'dir1', 2)
  expect(words(dir1), 'once').toEqual([])
  says(dir1, 'dir2', 3)
  expect(words(dir1)).toEqual(['third release web 2'])
})

test('a group that goes while they run loses those that had not begun', () => {
  const dir1 = begin()
  says(dir1, 'dir1', 2)
  const [first] = began(dir1)
  says(dir1, 'dir2', 3)
  expect(words(dir1), 'the one that runs ends first').toEqual([])
  dir1.feed({ kind: 'hooked', id: first?.id ?? '', ok: true, reason: '' })
  expect(words(dir1)).toEqual(['third release web 2'])
})

test('one that fails, or hangs, is a trouble, and the next one runs', () => {
  const dir1 = begin()
  says(dir1, 'dir1', 2)
  const [first] = began(dir1)
  dir1.feed({ kind: 'hooked', id: first?.id ?? '', ok: false, reason: 'no such mailer (exit code 1)' })
  expect(hookTroubles(dir1)).toEqual(['hook first of web failed (take, lease 2: no such mailer (exit code 1))'])
  expect(words(dir1)).toEqual(['second take web 2'])
  dir1.run(11_000)
  expect(hookTroubles(dir1).at(-1)).toContain('it did not end, and was not ended')
})

test('while a hook hangs this node serves, is ready, and says so as ever', () => {
  const dir1 = begin()
  says(dir1, 'dir1', 2)
  const before = dir1.take('ready').length
  expect(began(dir1)).toHaveLength(1)
  dir1.kern.state.services.splice(0)
  dir1.feed({ kind: 'changed' })
  dir1.run(1500)
  expect(dir1.kern.state.services, 'the table is put back').toHaveLength(1)
  expect(dir1.take('ready').length + before).toBeGreaterThan(0)
  expect(dir1.core.status(dir1.now()).groups[0]).toMatchObject({ owner: 'dir1', state: 'owned' })
})

test('hooks of release wait until the lease has ended', () => {
  const dir1 = begin()
  says(dir1, 'dir1', 2)
  for (const _ of ['first', 'second']) {
    const [one] = began(dir1)
    dir1.feed({ kind: 'hooked', id: one?.id ?? '', ok: true, reason: '' })
  }
  const status = statusOf('dir1', 'dir1', 2)
  const groups = status.groups.map((group) => ({ ...group, role: 'releasing' as const }))
  dir1.feed({ kind: 'lease-status', status: { ...status, groups } })
  expect(words(dir1), 'its addresses may be here yet').toEqual([])
  says(dir1, null, 2)
  expect(words(dir1)).toEqual(['third release web 2'])
})

/** What the disk has when the agent ends. */
const keptBy = (dir1: TestNode): KeptHooks => {
  const [last] = dir1.take('hooks').slice(-1)
  const kept = last && decodeKeptHooks(encodeKeptHooks(last.kept))
  if (!kept) throw new Error('nothing was kept')
  return kept
}
const again = (keptHooks: KeptHooks): TestNode => {
  const dir1 = node('dir1', undefined, TEXT, true, undefined, { keptHooks })
  dir1.feed({ kind: 'lease-up' })
  dir1.run(1500)
  return dir1
}

test('over a restart nothing that began runs a second time, what had not begun does, and it is told', () => {
  const before = begin()
  says(before, 'dir1', 2)
  const kept = keptBy(before)
  expect(kept).toEqual({ done: {}, begun: { web: { when: 'take', number: 2, hooks: ['first'] } } })
  const dir1 = again(kept)
  expect(words(dir1), 'nothing is known of the lease yet').toEqual([])
  says(dir1, 'dir1', 2)
  const [second] = began(dir1)
  expect(second).toMatchObject({ hook: 'second', words: ['take', 'web', '2'] })
  expect(hookTroubles(dir1)).toEqual([
    'hook first of web failed (take, lease 2: lvsm-agent ended while it ran, so that nobody knows how it ended)',
  ])
  expect(keptBy(dir1).begun).toEqual({ web: { when: 'take', number: 2, hooks: ['first', 'second'] } })
  dir1.feed({ kind: 'hooked', id: second?.id ?? '', ok: true, reason: '' })
  expect(keptBy(dir1)).toEqual({ done: { web: { when: 'take', number: 2 } } })
  says(dir1, 'dir2', 3)
  expect(words(dir1)).toEqual(['third release web 2'])
})

test.each([
  ['another node took the group', 'dir2', 3],
  ['nobody has it', null, 2],
] as const)('where meanwhile %s, what a hook began is undone by those of release', (_, owner, number) => {
  const before = begin()
  says(before, 'dir1', 2)
  const dir1 = again(keptBy(before))
  says(dir1, owner, number)
  const [third] = began(dir1)
  expect(third).toMatchObject({ hook: 'third', words: ['release', 'web', '2'] })
  dir1.feed({ kind: 'hooked', id: third?.id ?? '', ok: true, reason: '' })
  expect(keptBy(dir1)).toEqual({ done: { web: { when: 'release', number: 2 } } })
})

test('where it took the group again meanwhile, those of release run, and then those of take', () => {
  const before = begin()
  says(before, 'dir1', 2)
  const dir1 = again(keptBy(before))
  says(dir1, 'dir1', 4)
  const [third] = began(dir1)
  expect(third).toMatchObject({ hook: 'third', words: ['release', 'web', '2'] })
  dir1.feed({ kind: 'hooked', id: third?.id ?? '', ok: true, reason: '' })
  says(dir1, 'dir1', 4)
  expect(words(dir1)).toEqual(['first take web 4'])
})

test('what an older agent kept is read', () =>
  expect(decodeKeptHooks(encodeKeptHooks({ done: { web: { when: 'take', number: 2 } } }))).toEqual({
    done: { web: { when: 'take', number: 2 } },
  }))
