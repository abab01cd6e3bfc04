/** An address of a heartbeat link that somebody takes away is one cause, and one trouble. */
import type { Trouble } from '@lvsm/base'
import { type LeaseStatus, withoutEchoes } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const SILENT: Trouble = {
  ...{ code: 'link-silent', severity: 'warning', object: 'link outside' },
  message: 'over the heartbeat link outside nothing comes from anybody to dir2, but over another one',
}
const LOSSY: Trouble = {
  ...{ code: 'lossy-link', severity: 'warning', object: 'node dir1' },
  message: 'about 50 % of what dir1 sends to dir2 is lost',
}
const said = (one: TestNode) =>
  one.core.status(one.now()).troubles.filter(({ node: by, severity }) => by === one.name && severity !== 'info')

function without(name: string, isSeen: boolean): TestNode {
  const one = node(name)
  const take = (): void => {
    one.kern.state.addresses = one.kern.state.addresses.filter(({ index }) => index !== 3)
  }
  if (!isSeen) take()
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000)
  take()
  one.answering.clear()
  for (let count = 0; count < 40; count++) {
    const status: LeaseStatus = { ...statusOf(name, null, 0), troubles: [SILENT, LOSSY] }
    goesOn(one, 1000, { ...status, counters: { 'send-EINVAL': count * 5 } })
  }
  return one
}

test('of a director: with the command that puts it back, and what it keeps from standing', () => {
  const [only, ...more] = said(without('dir2', true))
  expect(more.map(({ code }) => code)).toEqual([])
  expect(only).toMatchObject({
    ...{ code: 'link-address-gone', severity: 'critical', object: 'link outside' },
    message: expect.stringMatching(
      /^address (\S+) of heartbeat link outside is not on any interface of dir2: no interface is for vip 10\.11\.0\.10 of group web/,
    ),
    evidence: expect.stringMatching(/^it was seen last on outside, as \S+\/24$/),
    hint: expect.stringMatching(/^ip addr add 10\.11\.0\.\d+\/24 dev outside; then find what took it away /),
    since: expect.any(String),
  })
})

test('of a realserver it is its link alone, and a warning', () => {
  expect(said(without('rs1', true))).toMatchObject([{ code: 'link-address-gone', severity: 'warning' }])
})

test('where it was is not made up', () => {
  const [gone] = said(without('rs1', false))
  expect(gone).not.toHaveProperty('evidence')
  expect(gone?.hint).toMatch(/^put it on the interface of that network: ip addr add \S+\/PREFIX dev INTERFACE; /)
})

test('what others hear less for it is not told beside it', () => {
  const gone = {
    ...{ code: 'link-address-gone', severity: 'warning' as const, node: 'dir2', object: 'link outside' },
    message: 'address 10.11.0.2 of heartbeat link outside is not on any interface of dir2',
  }
  const silent = { ...SILENT, node: 'dir1', message: 'over it nothing comes from dir2 to dir1, but over another one' }
  const lossy = {
    ...LOSSY,
    node: 'dir1',
    object: 'node dir2',
    message: 'about 50 % of what dir2 sends to dir1 is lost',
  }
  const other = { ...lossy, object: 'node rs1', message: 'about 50 % of what rs1 sends to dir1 is lost' }
  expect(withoutEchoes([gone, silent, lossy, other])).toEqual([gone, other])
  expect(withoutEchoes([silent, lossy, other])).toHaveLength(3)
})
