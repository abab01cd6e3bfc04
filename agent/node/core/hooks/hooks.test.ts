/** Hooks follow what the lease process did, in order and one after the other, and nothing waits for them. */
import { SAMPLE } from '@lvsm/model'
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

test('over a restart nothing runs twice that had ended, and what had not begins again', () => {
  const dir1 = begin()
  says(dir1, 'dir1', 2)
  const [first] = began(dir1)
  expect(dir1.take('hooks'), 'nothing ended').toEqual([])
  dir1.feed({ kind: 'hooked', id: first?.id ?? '', ok: true, reason: '' })
  const [second] = began(dir1)
  dir1.feed({ kind: 'hooked', id: second?.id ?? '', ok: true, reason: '' })
  expect(dir1.take('hooks').at(-1)).toMatchObject({ done: { web: { when: 'take', number: 2 } } })
})
