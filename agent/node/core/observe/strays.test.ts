/** An address of a group that somebody put on a director that does not own it is told, and nothing that lvsm itself has there. */
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const VIP = '10.11.0.10'
const BY_HAND = { index: 3, address: VIP, prefix: 24, label: 'outside' }
const said = (one: TestNode) =>
  one.core.status(one.now()).troubles.filter(({ node: by, code }) => by === one.name && code === 'stray-address')

function having(address: object, owner: string | null, name = 'dir2'): TestNode {
  const one = node(name)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf(name, owner))
  one.kern.state.addresses.push({ ...BY_HAND, ...address })
  return one
}

test('on a standby: after it stood for five seconds, with what takes it away; over when it is gone', () => {
  const dir2 = having({}, 'dir1')
  goesOn(dir2, 4000, statusOf('dir2', 'dir1'))
  expect(said(dir2)).toEqual([])
  goesOn(dir2, 3000, statusOf('dir2', 'dir1'))
  expect(said(dir2)).toMatchObject([
    {
      ...{ severity: 'warning', object: `address ${VIP}` },
      message: `address ${VIP} of group web stands on outside of dir2, which does not own web: somebody put it there`,
      evidence: expect.stringContaining('fence keeps it silent as long as it stands'),
      hint: expect.stringMatching(/^on dir2: ip addr del 10\.11\.0\.10\/24 dev outside; /),
    },
  ])
  dir2.kern.state.addresses.pop()
  goesOn(dir2, 2000, statusOf('dir2', 'dir1'))
  expect(said(dir2)).toEqual([])
})
test('what the lease process put there, an alias on lo, and the VIP of an owner are none', () => {
  for (const [address, owner] of [
    [{ label: 'outside:lvsm' }, 'dir1'],
    [{ index: 1, label: 'lo' }, 'dir1'],
    [{ address: '10.11.0.77' }, 'dir1'],
    [{}, 'dir2'],
  ] as const) {
    const dir2 = having(address, owner)
    goesOn(dir2, 10_000, statusOf('dir2', owner))
    expect(said(dir2)).toEqual([])
  }
})
test('who gave up has it for a moment, and it is counted from then', () => {
  const dir2 = having({}, 'dir2')
  goesOn(dir2, 10_000, statusOf('dir2', 'dir2'))
  goesOn(dir2, 4000, statusOf('dir2', 'dir1'))
  expect(said(dir2)).toEqual([])
})
