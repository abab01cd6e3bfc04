/** What a node tells of its tables: bounded, what changed first, and everything in time. */
import { decodeMessage, type TablesMessage } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'
import { DATAGRAMS_PER_SECOND } from '../rhythm.ts'

const PEERS = 4

/** `count` services more than the sample's own, each with the same two realservers. */
function many(count: number): string {
  const service = (at: number): string => `  - name: service-${at}
    group: web
    address: 10.11.0.10
    port: ${2000 + at}
    protocol: tcp
    scheduler: rr
    check: { type: none }
    realservers:
      - { node: rs1, address: 10.11.0.11, forward: dr }
      - { node: rs2, address: 10.11.0.12, forward: dr }
`
  return SAMPLE + Array.from({ length: count }, (_, at) => service(at)).join('')
}
function owner(text = SAMPLE, follows = false): TestNode {
  const dir1 = node('dir1', undefined, text, true, undefined, { follows })
  dir1.feed({ kind: 'lease-up' })
  hears(dir1)
  return dir1
}
/** The lease process repeats its status. */
function hears(dir1: TestNode): void {
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
}
function live(dir1: TestNode, ms: number): void {
  for (let left = ms; left > 0; left -= 500) {
    hears(dir1)
    dir1.run(500)
  }
}
const tables = (dir1: TestNode): TablesMessage[] =>
  dir1.take('message').flatMap(({ text }) => {
    const decoded = decodeMessage(text)
    return decoded.ok && decoded.message.kind === 'tables' ? [decoded.message] : []
  })
const told = (messages: readonly TablesMessage[]): string[] =>
  messages.flatMap(({ services }) =>
    Object.entries(services).flatMap(([name, dests]) => dests.map(({ key }) => `${name} ${key}`)),
  )
const hello = (from: string, boot: string): string =>
  JSON.stringify({
    ...{
      v: 1,
      least: 1,
      kind: 'state',
      revision: 1,
      boot,
      agreement: {},
      state: 'standby',
      reason: '',
      standby: false,
    },
    ...{ ready: {}, pings: {}, troubles: [], events: [], from },
  })

describe('tables', () => {
  it('are told once, then only what changed, and the rest now and then', () => {
    const dir1 = owner()
    live(dir1, 2000)
    expect(new Set(told(tables(dir1))).size).toBe(3)
    dir1.alive.delete('10.11.0.11')
    live(dir1, 3000)
    expect(new Set(told(tables(dir1)))).toEqual(new Set(['http 10.11.0.11:80']))
    live(dir1, 8000)
    expect(new Set(told(tables(dir1))).size, 'for whom it got lost').toBe(3)
  })

  it('are told beside coordinators of who gets nothing or fails, until it was told a few times that it serves', () => {
    const dir1 = owner(SAMPLE, true)
    live(dir1, 60_000)
    tables(dir1)
    live(dir1, 10_000)
    expect(told(tables(dir1)), 'all of them serve').toEqual([])
    dir1.alive.delete('10.11.0.11')
    live(dir1, 10_000)
    const out = tables(dir1)
    expect(new Set(told(out))).toEqual(new Set(['http 10.11.0.11:80']))
    expect(out.at(-1)?.services['http']).toMatchObject([{ weight: 0, healthy: false, reason: 'refused' }])
    dir1.alive.add('10.11.0.11')
    live(dir1, 60_000)
    const again = tables(dir1)
    expect(again.at(-1)?.services['http']).toMatchObject([{ weight: 1, healthy: true }])
    live(dir1, 20_000)
    expect(tables(dir1), 'not for ever').toEqual([])
  })

  it('are told anew to an agent that has just started', () => {
    const dir1 = owner()
    dir1.feed({ kind: 'message', from: 'rs1', text: hello('rs1', 'first') })
    live(dir1, 1000)
    tables(dir1)
    dir1.feed({ kind: 'message', from: 'rs1', text: hello('rs1', 'first') })
    live(dir1, 2500)
    expect(told(tables(dir1))).toEqual([])
    dir1.feed({ kind: 'message', from: 'rs1', text: hello('rs1', 'second') })
    live(dir1, 2500)
    expect(new Set(told(tables(dir1))).size).toBe(3)
  })

  it('of many destinations keep to the bound, and all are told in time', { timeout: 60_000 }, () => {
    const dir1 = owner(many(900))
    const heard = new Set<string>()
    let sent = 0
    const seconds = 12
    for (let second = 0; second < seconds; second++) {
      hears(dir1)
      dir1.run(1000)
      const messages = dir1.take('message')
      sent += messages.length * PEERS
      for (const { text } of messages) {
        const decoded = decodeMessage(text)
        if (decoded.ok && decoded.message.kind === 'tables') for (const one of told([decoded.message])) heard.add(one)
      }
    }
    expect(heard.size).toBe(1803)
    // One publication more may begin at the very end.
    expect(sent).toBeLessThanOrEqual((seconds + 2) * DATAGRAMS_PER_SECOND)
  })
})
