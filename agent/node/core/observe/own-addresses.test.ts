/** An address of a heartbeat link that somebody takes away is one cause, and one trouble. */
import type { Trouble } from '@lvsm/base'
import { SAMPLE } from '@lvsm/model'
import { type LeaseStatus, syncText, withoutEchoes } from '@lvsm/protocol'
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

interface Taken {
  readonly isSeen: boolean
  readonly link?: string
  /** The interface itself is gone. */
  readonly isWhole?: boolean
  readonly text?: string
}
function without(name: string, { isSeen, link = 'outside', isWhole = false, text = SAMPLE }: Taken): TestNode {
  const one = node(name, undefined, text)
  const take = (): void => {
    const { state } = one.kern
    const gone = state.links.find((dev) => dev.name === link)
    state.addresses = state.addresses.filter(({ index }) => index !== gone?.index)
    if (isWhole) state.links = state.links.filter((dev) => dev !== gone)
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
  const [only, ...more] = said(without('dir2', { isSeen: true }))
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

test('of the link by which connections are synchronised, that they are not is told with it', () => {
  // Of the other link.
  const others = ['ping-unreached', 'link-silent']
  const answers = (one: TestNode) => said(one).filter(({ code }) => !others.includes(code))
  const gone = answers(without('dir2', { isSeen: true, link: 'inside' }))
  expect(gone.map(({ code }) => code)).toEqual(['link-address-gone'])
  expect(gone[0]?.message).toMatch(
    /: no interface is for gateway [^;]+; directors tell each other of no connections by it/,
  )
  expect(answers(without('rs1', { isSeen: true, link: 'inside' }))[0]?.message).toMatch(
    / is not on any interface of rs1$/,
  )
})

test('an interface that is gone, and is named for an address of a group, is one cause', () => {
  const text = SAMPLE.replace('vips: [10.11.0.10/24]', 'vips: [{ address: 10.11.0.10/24, interface: outside }]')
  const [gone, ...more] = said(without('dir2', { isSeen: true, isWhole: true, text }))
  expect(more.map(({ message }) => message)).toEqual([])
  expect(gone).toMatchObject({
    ...{ code: 'link-address-gone', severity: 'critical', hint: expect.stringMatching(/^interface outside is gone: /) },
    message: expect.stringContaining('no interface is for vip 10.11.0.10 of group web'),
  })
})

test('of a realserver it is its link alone, and a warning', () => {
  expect(said(without('rs1', { isSeen: true }))).toMatchObject([{ code: 'link-address-gone', severity: 'warning' }])
})

test('where it was is not made up', () => {
  const [gone] = said(without('rs1', { isSeen: false }))
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

test('a director that hears nothing of connections, because the link for them is out at one of the two, is not told beside it', () => {
  const unaware = {
    ...{ code: 'standby-unaware', severity: 'warning' as const, node: 'dir1', object: 'group web' },
    message: 'dir2 hears nothing of connections of group web: those that are new would end if it took the group over',
    evidence: `150 or more came to be established here in 20 s; ${syncText('inside')}`,
  }
  const gone = (by: string, link: string) => ({
    ...{ code: 'link-address-gone', severity: 'warning' as const, node: by, object: `link ${link}` },
    message: `address 10.12.0.2 of heartbeat link ${link} is not on any interface of ${by}`,
  })
  const down = {
    ...gone('dir1', 'inside'),
    code: 'link-down',
    message: 'interface i is down, needed for heartbeat link inside',
  }
  for (const cause of [gone('dir2', 'inside'), gone('dir1', 'inside'), down])
    expect(withoutEchoes([cause, unaware])).toEqual([cause])
  for (const other of [gone('dir2', 'outside'), gone('rs1', 'inside')])
    expect(withoutEchoes([other, unaware])).toEqual([other, unaware])
})
