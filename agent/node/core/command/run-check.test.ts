/** `lvsm check run` asked where the check is not made: a director that makes it is asked, whichever node somebody stands at. */
import { SAMPLE } from '@lvsm/model'
import { decodeMessage, encodeMessage } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

/** dir3 and dir4 direct a group of their own; rs2 is in a service of both groups. */
const TWO_GROUPS = SAMPLE.replace(
  '  - { name: rs1,',
  `  - { name: dir3, roles: [director], links: [{ name: inside, address: 10.12.0.3 }] }
  - { name: dir4, roles: [director], links: [{ name: inside, address: 10.12.0.4 }] }
  - { name: rs1,`,
)
  .replace('services:\n', '  - { name: mail, directors: [dir3, dir4], vips: [10.12.0.20/24] }\nservices:\n')
  .concat(`  - { name: smtp, group: mail, address: 10.12.0.20, port: 25, protocol: tcp, scheduler: rr, check: { type: tcp }, realservers: [
      { node: rs2, address: 10.12.0.12, forward: dr }] }
`)

function living(name: string, { owner = 'dir1', text = SAMPLE, hears = ['dir1', 'dir2'] } = {}): TestNode {
  const one = node(name, undefined, text)
  one.feed({ kind: 'lease-up' })
  for (let count = 0; count < 2; count++) {
    one.feed({ kind: 'lease-status', status: statusOf(name, owner) })
    one.run(1500)
  }
  for (const from of hears) if (from !== name) one.feed({ kind: 'message', from, text: stateOf(from) })
  for (const kind of ['check', 'message', 'reply'] as const) one.take(kind)
  return one
}
const stateOf = (boot: string): string =>
  encodeMessage({
    ...{ kind: 'state', revision: 1, boot, agreement: {}, state: 'standby', reason: '', standby: false },
    ...{ ready: {}, pings: {}, troubles: [], events: [] },
  } as never)
const run = (one: TestNode, name: string, words: { on?: string } = {}): void =>
  one.feed({ kind: 'command', id: 'x', command: { verb: 'runCheck', name, explain: true, ...words } })
const asks = (one: TestNode) =>
  one.take('message').flatMap(({ to, text }) => {
    const decoded = decodeMessage(text)
    return decoded.ok && decoded.message.kind === 'ask' ? [{ to, text, ...decoded.message }] : []
  })

describe('on a realserver', () => {
  it('it is passed on to the owner, and what that one found is the answer', () => {
    const [rs1, dir1] = [living('rs1'), living('dir1')]
    dir1.silentChecks = true
    dir1.run(10)
    dir1.take('check')
    run(rs1, 'http/rs2')
    const [ask] = asks(rs1)
    expect(ask).toMatchObject({ to: 'dir1', command: { name: 'http/rs2', explain: true, on: 'dir1' } })
    dir1.feed({ kind: 'message', from: 'rs1', text: ask?.text ?? '' })
    const [asked] = dir1.take('check').filter(({ id }) => id.startsWith('by hand'))
    dir1.feed({ kind: 'checked', id: asked?.id ?? '', ok: true, reason: 'connected', found: { tookMs: 1 } })
    const [answer] = dir1.take('message').filter(({ to }) => to === 'rs1')
    rs1.feed({ kind: 'message', from: 'dir1', text: answer?.text ?? '' })
    expect(rs1.take('reply')).toMatchObject([
      { id: 'x', outcome: { ok: true, report: { node: 'dir1', trials: [{ server: 'rs2', ok: true }] } } },
    ])
  })
  it.each([
    ['the owner before others', 'dir2', ['dir1', 'dir2'], 'dir2'],
    ['one that speaks before the owner', 'dir2', ['dir1'], 'dir1'],
  ])('%s', (_, owner, hears, to) => {
    const rs1 = living('rs1', { owner, hears })
    run(rs1, 'http')
    expect(asks(rs1)).toMatchObject([{ to }])
  })
  it('the node that somebody names is asked', () => {
    const rs1 = living('rs1')
    run(rs1, 'http', { on: 'dir2' })
    expect(asks(rs1)).toMatchObject([{ to: 'dir2', command: { on: 'dir2' } }])
  })
  it('a name that nobody has is refused at once, with the nearest one', () => {
    const rs1 = living('rs1')
    run(rs1, 'http/rs9')
    expect(asks(rs1)).toEqual([])
    expect(rs1.take('reply')).toMatchObject([
      {
        outcome: { fault: 'unknown', refusals: [{ code: 'unknown-check', hint: expect.stringContaining('http/rs') }] },
      },
    ])
  })
})

describe('on a director that does not make it', () => {
  it('one of its group is asked', () => {
    const dir1 = living('dir1', { text: TWO_GROUPS, hears: ['dir2', 'dir3', 'dir4'] })
    run(dir1, 'smtp')
    expect(asks(dir1)).toMatchObject([{ to: 'dir3', command: { name: 'smtp', on: 'dir3' } }])
    run(dir1, 'rs2')
    expect(asks(dir1), 'what it makes itself it makes').toEqual([])
  })
  it('and that one passes nothing on again', () => {
    const dir1 = living('dir1', { text: TWO_GROUPS })
    const command = { verb: 'runCheck', name: 'smtp', explain: false } as const
    dir1.feed({ kind: 'message', from: 'dir2', text: encodeMessage({ kind: 'ask', id: 'a', command }) })
    const [answer] = dir1.take('message').filter(({ to }) => to === 'dir2')
    expect(answer?.text).toContain('dir1 does not make the check')
    expect(asks(dir1)).toEqual([])
  })
})

describe('a realserver whose key somebody stole', () => {
  const ask = (one: TestNode, id: string, from = 'rs3'): void =>
    one.feed({
      ...{ kind: 'message', from },
      text: encodeMessage({ kind: 'ask', id, command: { verb: 'runCheck', name: 'rs1', explain: false } }),
    })
  it('has servers asked once a second at most, one after the other, and keeps nobody from hearing of this node', () => {
    const dir1 = living('dir1')
    for (let count = 0; count < 1000; count++) {
      ask(dir1, `${count}`)
      ask(dir1, '0')
      dir1.run(10)
    }
    const byHand = dir1.take('check').filter(({ id }) => id.startsWith('by hand'))
    expect(byHand.length).toBeGreaterThan(5)
    expect(byHand.length).toBeLessThanOrEqual(11)
    expect(dir1.take('message').filter(({ to }) => to === 'rs3').length).toBeLessThan(45)
    ask(dir1, 'y', 'dir2')
    expect(dir1.take('message').filter(({ to }) => to === 'dir2').length).toBeGreaterThan(0)
  })
  it('waits until the one before has ended', () => {
    const dir1 = living('dir1')
    dir1.silentChecks = true
    dir1.run(10)
    for (const id of ['a', 'b', 'c']) {
      ask(dir1, id)
      dir1.run(500)
    }
    expect(dir1.take('check').filter(({ id }) => id.startsWith('by hand'))).toHaveLength(1)
  })
  it('is told that it orders nothing, and a node that nobody knows has nothing done', () => {
    const dir1 = living('dir1')
    ask(dir1, 'a', 'stranger')
    expect(dir1.take('check').filter(({ id }) => id.startsWith('by hand'))).toEqual([])
    expect(dir1.core.status(dir1.now()).counters['drop-message-not-entitled']).toBe(1)
  })
})
