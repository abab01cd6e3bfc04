import { expect, test } from 'vitest'
import { KernelError, type NameClaim } from '@lvsm/kernel'
import { claimNamespace } from './alone.ts'

const asked = (claim: NameClaim, uid = 0, command: string | null = 'node lvsm-agent.mjs') =>
  claimNamespace('lvsm-agent', { claim: () => claim, uid, commandOf: () => command })

test('the first of its kind goes on', () => {
  expect(asked({ kind: 'held', release: () => undefined })).toEqual({ ok: true, warning: null })
})
test.each([
  [{ pid: 7, uid: 0 }, 'another lvsm-agent already runs in this network namespace (process 7: node lvsm-agent.mjs)'],
  [{ pid: 0, uid: 0 }, 'another lvsm-agent already runs in this network namespace (of another container)'],
])('the second is told of the first: %j', (holder, reason) => {
  expect(asked({ kind: 'taken', holder })).toEqual({ ok: false, reason })
})
test('one whose command cannot be read is named by its number', () => {
  expect(asked({ kind: 'taken', holder: { pid: 7, uid: 0 } }, 0, null)).toEqual({
    ok: false,
    reason: expect.stringMatching(/\(process 7\)$/),
  })
})
test('a user who took the name keeps nobody from the start: he is named', () => {
  expect(asked({ kind: 'taken', holder: { pid: 7, uid: 1000 } })).toEqual({
    ok: true,
    warning: expect.stringMatching(/^process 7 of user 1000 holds the name @lvsm-agent .*ss -xlp/),
  })
  expect(asked({ kind: 'taken', holder: null })).toMatchObject({
    ok: true,
    warning: expect.stringMatching(/^somebody /),
  })
  expect(asked({ kind: 'taken', holder: { pid: 7, uid: 1000 } }, 1000)).toMatchObject({ ok: false })
})
test('where the kernel allows no such name, the process goes on and says so', () => {
  const claim = (): never => {
    throw new KernelError('bind', 13)
  }
  expect(claimNamespace('lvsm-agent', { claim, uid: 0, commandOf: () => null })).toEqual({
    ok: true,
    warning: expect.stringMatching(/^cannot make sure that no other lvsm-agent runs .*: bind: EACCES/),
  })
})
