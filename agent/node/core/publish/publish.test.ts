/** A trouble that begins is said to the others at once; one that comes and goes is not said each time. */
import type { Trouble } from '@lvsm/base'
import type { StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const SILENT: Trouble = {
  ...{ code: 'link-silent', severity: 'warning', object: 'link inside' },
  message: 'over the heartbeat link inside nothing comes from dir1 to dir2, but over another one',
}
/** Of what was published since the last look, how often a trouble was said. */
function said(one: TestNode, code: string): boolean[] {
  const states = one.take('message').flatMap(({ text }) => {
    const message: unknown = JSON.parse(text)
    return isState(message) ? [message] : []
  })
  return states.map(({ troubles }) => troubles.some((trouble) => trouble.code === code))
}
const isState = (message: unknown): message is StateMessage =>
  typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'state'
const quiet = statusOf('dir2', 'dir1')
const loud = { ...quiet, troubles: [SILENT] }
function begun(): TestNode {
  const dir2 = node('dir2')
  dir2.feed({ kind: 'lease-up' })
  goesOn(dir2, 12_000, quiet)
  dir2.take('message')
  return dir2
}

test('a trouble that begins is told within a moment, whenever the last word was', () => {
  for (const ms of [100, 500, 900, 1300, 1700]) {
    const dir2 = begun()
    dir2.run(ms)
    dir2.take('message')
    dir2.feed({ kind: 'lease-status', status: loud })
    dir2.run(400)
    expect(said(dir2, 'link-silent')).toEqual([true])
  }
})
test('one that comes and goes is told in the pace of all else', () => {
  const dir2 = begun()
  for (let count = 0; count < 100; count++) {
    dir2.feed({ kind: 'lease-status', status: count % 2 === 0 ? loud : quiet })
    dir2.run(100)
  }
  expect(said(dir2, 'link-silent').length).toBeLessThanOrEqual(8)
})
