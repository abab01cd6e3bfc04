/** What is wrong with an owner's own machine ends in a switchover as well, where another director is ready and has not the same. */
import { agreementDigests } from '@lvsm/model'
import { encodeMessage, type StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const CHAIN = { families: ['ipv4'], family: 'ip', table: 'docker', chain: 'fwd' } as const
function says(dir1: TestNode, owner: string, more: Partial<StateMessage>): void {
  const text = encodeMessage({
    ...{ kind: 'state', boot: 'dir2', revision: 1, agreement: agreementDigests(dir1.config), state: 'standby' },
    ...{ reason: '', standby: false, ready: { web: '' }, pings: {}, troubles: [], events: [], ...more },
  })
  dir1.feed({ kind: 'message', from: 'dir2', text })
  goesOn(dir1, 1000, statusOf('dir1', owner))
}
const hint = (one: TestNode): string | undefined =>
  one.core.status(one.now()).troubles.find(({ code, node: by }) => code === 'forward-dropped' && by === 'dir1')?.hint
const MOVE = /; until then: lvsm switchover web dir2$/

test('until it is mended the group can go to one that has not the same', () => {
  const dir1 = node('dir1')
  Object.assign(dir1.kern.state, { dropping: [CHAIN] })
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
  expect(hint(dir1)).toMatch(/^nft list chain ip docker fwd shows it/)
  expect(hint(dir1), 'nobody else was heard').not.toMatch(MOVE)
  says(dir1, 'dir1', {})
  expect(hint(dir1)).toMatch(MOVE)
  says(dir1, 'dir1', { ready: { web: 'it has no IPVS' } })
  expect(hint(dir1), 'it is not ready').not.toMatch(MOVE)
  const same = { code: 'forward-dropped', severity: 'warning', message: 'as it says', object: 'chain ip a b' } as const
  says(dir1, 'dir1', { troubles: [same] })
  expect(hint(dir1), 'it has the same').not.toMatch(MOVE)
  says(dir1, 'dir2', {})
  expect(hint(dir1) ?? '', 'this one owns nothing').not.toMatch(MOVE)
})
