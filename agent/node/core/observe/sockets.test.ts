/** What a realserver sees of its own sockets, and when it says so. */
import { SAMPLE } from '@lvsm/model'
import { decodeMessage, type SeenSocket } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { configOf, goesOn, node, type TestNode, WALL_MS } from '../fixture.ts'
import type { FoundSocket } from './listening.ts'

const TEXT = SAMPLE.replace('type: tcp,', 'type: tcp, own-view: true,')
const VIP = '10.11.0.10'
const socket = (more: Partial<FoundSocket> = {}): FoundSocket => ({
  ...{ protocol: 'tcp', address: '0.0.0.0', port: 80, queue: 0, most: 128, onlyV6: false, ...more },
})
function realserver(name = 'rs1', ...listening: FoundSocket[]): TestNode {
  const one = node(name, undefined, TEXT)
  one.listening = listening
  one.feed({ kind: 'lease-up' })
  one.run(1)
  return one
}
/** To whom, and what, since it was asked last. */
const said = (one: TestNode): { to: string | null; load: number; seen: readonly SeenSocket[] }[] =>
  one.take('message').flatMap(({ to, text }) => {
    const decoded = decodeMessage(text)
    return decoded.ok && decoded.message.kind === 'sockets' ? [{ to, ...decoded.message }] : []
  })
const words = (one: TestNode): string[] =>
  said(one).flatMap(({ to, seen }) => (to === 'dir1' ? seen.map(({ is }) => is) : []))

describe('a realserver', () => {
  it('tells each director of the service, at its start and every two seconds', () => {
    const one = realserver('rs1', socket())
    const http = { service: 'http', key: '10.11.0.11:80', is: 'listens', queue: 0, most: 128 }
    expect(said(one)).toMatchObject([
      { to: 'dir1', load: 0.5, seen: [http] },
      { to: 'dir2', load: 0.5, seen: [http] },
    ])
    goesOn(one, 4000)
    said(one)
    goesOn(one, 20_000)
    expect(words(one)).toHaveLength(10)
  })

  it.each<[why: string, sockets: FoundSocket[], is: SeenSocket['is']]>([
    ['nobody listens', [], 'closed'],
    ['somebody listens at another port', [socket({ port: 81 })], 'closed'],
    ['at its own address alone, while packets come for the VIP', [socket({ address: '10.11.0.11' })], 'closed'],
    ['at the VIP', [socket({ address: VIP })], 'listens'],
    ['at all addresses of both families', [socket({ address: '::' })], 'listens'],
    ['at those of IPv6 alone', [socket({ address: '::', onlyV6: true })], 'closed'],
    ['by datagrams', [socket({ protocol: 'udp' })], 'closed'],
  ])('%s', (_, sockets, is) => expect(words(realserver('rs1', ...sockets))).toEqual([is]))

  it('behind NAT somebody has to listen at its own address, and at its own port', () => {
    expect(words(realserver('rs3', socket({ port: 8080, address: '10.12.0.13' })))).toEqual(['listens'])
    expect(words(realserver('rs3', socket({ port: 80 })))).toEqual(['closed'])
  })

  it('behind NAT, too, a server that accepts nobody is told, whether or not a check wants its own view; one that is gone is not', () => {
    const codes = (...listening: FoundSocket[]): string[] => {
      const one = node('rs3', undefined, SAMPLE)
      one.listening = listening
      one.feed({ kind: 'lease-up' })
      goesOn(one, 30_000)
      const { troubles } = one.core.status(one.now())
      return troubles.filter(({ object }) => object === 'service http').map(({ code }) => code)
    }
    const own = { port: 8080, address: '10.12.0.13' }
    expect(codes(socket({ ...own, queue: 129 }))).toEqual(['accepts-nobody'])
    expect(codes(socket(own))).toEqual([])
    expect(codes()).toEqual([])
  })

  it('says within half a second that nobody listens any more, and again while it is news', () => {
    const one = realserver('rs1', socket())
    goesOn(one, 10_000)
    said(one)
    one.listening = []
    goesOn(one, 500)
    expect(words(one)).toEqual(['closed'])
    goesOn(one, 2000)
    expect(words(one).length).toBeGreaterThanOrEqual(4)
  })

  it('a queue that is full for a while is one that nobody accepts from, until half of it is gone', () => {
    const one = realserver('rs1', socket())
    goesOn(one, 10_000)
    /** What is said until it has looked, and so many milliseconds passed until then. */
    const looksAt = (queue: number): { said: string[]; passedMs: number } => {
      one.listening = [socket({ queue })]
      one.take('sockets')
      said(one)
      let passedMs = 0
      for (; one.take('sockets').length === 0 && passedMs < 5000; passedMs += 50) goesOn(one, 50)
      return { said: words(one), passedMs }
    }
    const last = (queue: number): string | undefined => looksAt(queue).said.at(-1)
    goesOn(one, 2000)
    expect([...looksAt(128).said, ...looksAt(128).said], 'full is one more than its bound').not.toContain('full')
    expect([...looksAt(129).said, ...looksAt(0).said, ...looksAt(129).said], 'a burst').not.toContain('full')
    const again = looksAt(129)
    expect([again.said.at(-1), again.passedMs], 'looked at again soon').toEqual(['full', 250])
    expect([last(100), last(65)]).toEqual(['full', 'full'])
    expect(last(64)).toBe('listens')
  })

  it('of several that share a place one that accepts is enough; one at the address itself goes before one at all', () => {
    const full = socket({ queue: 129 })
    const steady = (...sockets: FoundSocket[]): string | undefined => {
      const one = realserver('rs1', ...sockets)
      goesOn(one, 3000)
      return words(one).at(-1)
    }
    expect(steady(full, socket())).toBe('listens')
    expect(steady(full, full)).toBe('full')
    expect(steady({ ...full, address: VIP }, socket())).toBe('full')
  })

  it('a full queue is told, with who is stopped there as evidence, unless that is known to be the server', () => {
    const found = (sure: boolean) => {
      const stopped = { programs: [{ pid: 812, name: 'vim' }], sure }
      const one = realserver('rs1', socket({ queue: 129, stopped }))
      goesOn(one, 3000)
      expect(one.take('sockets').map(({ crowded }) => crowded)).toContainEqual([80])
      return one.core.status(one.now()).troubles.filter(({ object }) => object === 'service http')
    }
    expect(found(false)).toMatchObject([{ code: 'accepts-nobody', evidence: expect.stringContaining('vim') }])
    expect(found(true)).toMatchObject([{ code: 'stopped-process' }])
  })

  it('the others hear at once of a server that accepts nobody', () => {
    const one = realserver('rs1', socket())
    goesOn(one, 10_000)
    one.listening = [socket({ queue: 129 })]
    const codes = (): string[] => one.core.status(one.now()).troubles.map(({ code }) => code)
    for (let ms = 0; !codes().includes('accepts-nobody') && ms < 5000; ms += 10) {
      one.take('message')
      one.run(10)
    }
    one.run(200)
    expect(one.take('message').some(({ text }) => text.includes('accepts-nobody'))).toBe(true)
  })

  it('what cannot be read is no word about the server, and a trouble here', () => {
    const one = realserver('rs1', socket())
    one.listening = null
    goesOn(one, 3000)
    expect(words(one).at(-1)).toBe('unread')
    const { troubles } = one.core.status(one.now())
    expect(troubles.find(({ code }) => code === 'sockets-unread')?.message).toBe(
      'rs1 cannot see who listens on it: no such socket',
    )
  })

  it('looks at nothing where nobody wants to know', () => {
    const one = node('dir1')
    one.feed({ kind: 'lease-up' })
    goesOn(one, 5000)
    expect(one.take('sockets')).toEqual([])
  })
})

describe('a realserver whose check does not want its own view', () => {
  const OWN = socket({ address: '10.11.0.11' })
  const elsewhere = (one: TestNode): string[] =>
    one.core
      .status(one.now())
      .troubles.flatMap(({ code, severity, node: of, message, hint }) =>
        code === 'listens-elsewhere' ? [`${severity} ${of}: ${message} → ${hint}`] : [],
      )
  const plain = (name: string, text = SAMPLE, ...listening: FoundSocket[]): TestNode => {
    const one = node(name, undefined, text)
    one.listening = listening
    one.feed({ kind: 'lease-up' })
    goesOn(one, 4000)
    return one
  }

  it('says that its server listens at its own address alone, where packets arrive for the VIP; tells nobody else', () => {
    const one = plain('rs1', SAMPLE, OWN)
    expect(elsewhere(one)).toEqual([
      'warning rs1: nobody listens on rs1 at 10.11.0.10:80 (TCP), where clients of service http arrive: the server there listens at 10.11.0.11:80 alone → unless a rule of rs1 turns them there (nft list ruleset), let the server listen at 10.11.0.10:80 too, or at all addresses; ss -ltnp shows who listens where',
    ])
    expect(said(one)).toEqual([])
    one.listening = [OWN, socket({ address: VIP })]
    goesOn(one, 2000)
    expect(elsewhere(one)).toEqual([])
  })

  it('says so within four seconds, and not of one that starts', () => {
    const one = plain('rs1', SAMPLE, socket())
    one.listening = [OWN]
    goesOn(one, 4000)
    expect(elsewhere(one)).toHaveLength(1)
    one.listening = [socket()]
    goesOn(one, 4000)
    one.take('sockets')
    one.listening = [OWN]
    for (let ms = 0; one.take('sockets').length === 0 && ms < 5000; ms += 50) goesOn(one, 50)
    one.listening = [socket()]
    goesOn(one, 4000)
    expect(elsewhere(one)).toEqual([])
  })

  it.each<[why: string, name: string, text: string, sockets: FoundSocket[]]>([
    ['somebody listens at all addresses', 'rs1', SAMPLE, [OWN, socket()]],
    ['somebody listens at all of both families', 'rs1', SAMPLE, [OWN, socket({ address: '::' })]],
    ['nobody listens at all: the check says so, or it is another namespace', 'rs1', SAMPLE, []],
    ['another program at another port', 'rs1', SAMPLE, [{ ...OWN, port: 81 }]],
    ['a loopback alone', 'rs1', SAMPLE, [socket({ address: '127.0.0.1' })]],
    ['behind NAT packets arrive for its own address', 'rs3', SAMPLE, [socket({ port: 8080, address: '10.12.0.13' })]],
  ])('says nothing where %s', (_, name, text, sockets) => expect(elsewhere(plain(name, text, ...sockets))).toEqual([]))

  it('says nothing of one that operators drained or stopped, and again when it is to serve', () => {
    const one = plain('rs1', SAMPLE, OWN)
    const wants = (number: number, ...intents: ('drain' | 'stop')[]): string[] => {
      const list = intents.map((intent) => ({
        ...{ subject: { kind: 'server' as const, node: 'rs1', service: null }, intent, number },
        ...{ author: 'ann', since: WALL_MS, until: null, comment: '' },
      }))
      one.feed({ kind: 'config', config: configOf(SAMPLE), secrets: new Map(), facts: { number, list, ends: [] } })
      goesOn(one, 6000)
      return elsewhere(one)
    }
    expect([wants(1, 'drain'), wants(2, 'stop')]).toEqual([[], []])
    expect(wants(3)).toHaveLength(1)
    expect(elsewhere(plain('rs1', SAMPLE.replace('forward: dr, weight: 1', 'forward: dr, weight: 0'), OWN))).toEqual([])
  })

  it('what cannot be read says nothing, and is no trouble where nobody wants to know', () => {
    const one = plain('rs1', SAMPLE, OWN)
    one.listening = null
    goesOn(one, 4000)
    expect(one.core.status(one.now()).troubles).toEqual([])
  })

  it('of datagrams likewise', () => {
    const text = SAMPLE.replace('protocol: tcp', 'protocol: udp').replace('type: tcp,', 'type: icmp,')
    const [line] = elsewhere(plain('rs1', text, { ...OWN, protocol: 'udp' }))
    expect(line).toMatch(/at 10\.11\.0\.10:80 \(UDP\).*ss -lunp/)
  })
})
