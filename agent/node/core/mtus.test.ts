/** The node whose interface carries other packets than those of the others says so. */
import { decodeMessage, encodeMessage, type StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from './fixture.ts'

function carrying(mtu: number, inside = 1500): TestNode {
  const one = node('dir1')
  one.kern.state.links = one.kern.state.links.map((link) => ({
    ...link,
    ...(link.loopback ? {} : { mtu: link.name === 'outside' ? mtu : inside }),
  }))
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  return one
}
/** Null: an agent of an older version. */
function live(one: TestNode, seconds: number, said: Readonly<Record<string, Record<string, number> | null>>): void {
  for (let second = 0; second < seconds; second++) {
    for (const [from, mtus] of Object.entries(said)) {
      const message: StateMessage = {
        ...{ kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: 'ready', standby: false },
        ...{ ready: {}, pings: {}, troubles: [], events: [] },
        ...(mtus === null ? {} : { mtus }),
      }
      one.feed({ kind: 'message', from, text: encodeMessage(message) })
    }
    goesOn(one, 1000, statusOf('dir1', 'dir1'))
  }
}
const said = (one: TestNode) =>
  one.core.status(one.now()).troubles.filter(({ node: by, code }) => by === 'dir1' && code === 'mtu-differs')
const USUAL = { outside: 1500, inside: 1500 }

test('the odd one: after it stood for a while, with what makes it as the others; and over at once', () => {
  const dir1 = carrying(576)
  live(dir1, 7, { dir2: USUAL, rs1: USUAL, rs2: null })
  expect(said(dir1)).toEqual([])
  live(dir1, 4, { dir2: USUAL, rs1: USUAL, rs2: null })
  expect(said(dir1)).toMatchObject([
    {
      ...{ severity: 'warning', object: 'interface outside' },
      message:
        'interface outside of dir1 (heartbeat link outside) carries packets of 576 bytes, and those of dir2, rs1 1500',
      hint: 'on dir1: ip link set outside mtu 1500; and where it is set at boot',
    },
  ])
  dir1.kern.state.links = dir1.kern.state.links.map((link) => ({ ...link, mtu: 1500 }))
  live(dir1, 2, { dir2: USUAL, rs1: USUAL })
  expect(said(dir1)).toEqual([])
})
test('who has what the most have says nothing; of two, the smaller one, and either may be meant', () => {
  const most = carrying(1500)
  live(most, 12, { dir2: { outside: 576 }, rs1: USUAL })
  expect(said(most)).toEqual([])
  const larger = carrying(9000)
  live(larger, 12, { dir2: USUAL })
  expect(said(larger)).toEqual([])
  const smaller = carrying(1500)
  live(smaller, 12, { dir2: { outside: 9000 } })
  expect(said(smaller)[0]?.hint).toBe(
    'on dir1: ip link set outside mtu 9000, or 1500 on dir2, whichever is meant; and where it is set at boot',
  )
})
test('nobody else says it, and a network of its own behind a router, are no difference', () => {
  const alone = carrying(576)
  live(alone, 12, { dir2: null, rs1: null })
  expect(said(alone)).toEqual([])
  const far = carrying(576)
  far.kern.state.addresses = far.kern.state.addresses.map((one) => (one.index === 3 ? { ...one, prefix: 32 } : one))
  live(far, 12, { dir2: USUAL, rs1: USUAL })
  expect(said(far)).toEqual([])
})
test('it tells the others what its own carry', () => {
  const dir1 = carrying(576)
  const texts = dir1.take('message').map(({ text }) => decodeMessage(text))
  expect(texts.flatMap((one) => (one.ok && one.message.kind === 'state' ? [one.message.mtus] : [])).at(-1)).toEqual({
    outside: 576,
    inside: 1500,
  })
})
