/** What directors make of the words of realservers' own agents. */
import { SAMPLE } from '@lvsm/model'
import { encodeMessage, type SeenSocket } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { dests, goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const withView = (type: string): string => SAMPLE.replace('type: tcp,', `type: ${type}, own-view: true,`)
const KEYS = { rs1: '10.11.0.11:80', rs2: '10.11.0.12:80', rs3: '10.12.0.13:8080' } as const
type Server = keyof typeof KEYS

function director(text = withView('tcp')): TestNode {
  const one = node('dir1', undefined, text)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  return one
}
const says = (
  one: TestNode,
  from: Server,
  is: SeenSocket['is'],
  about: Server = from,
  figures = { queue: 0, most: 128 },
): void =>
  one.feed({
    kind: 'message',
    from,
    text: encodeMessage({ kind: 'sockets', load: 0.25, seen: [{ service: 'http', key: KEYS[about], is, ...figures }] }),
  })
const all = (one: TestNode, is: SeenSocket['is'] = 'listens'): void => {
  for (const name of Object.keys(KEYS) as Server[]) says(one, name, is)
}
/** As the agents do, each second. */
function on(one: TestNode, ms: number, but: readonly Server[] = []): void {
  for (let left = ms; left > 0; left -= 1000) {
    for (const name of Object.keys(KEYS) as Server[]) if (!but.includes(name)) says(one, name, 'listens')
    goesOn(one, Math.min(1000, left), statusOf('dir1', 'dir1'))
  }
}
const stateOf = (one: TestNode, server: Server) => {
  const found = one.core.checks(one.now()).checks.find((check) => check.server === server)
  return { healthy: found?.healthy, serving: found?.serving, reason: found?.reason }
}
const troubles = (one: TestNode): string[] =>
  one.core.status(one.now()).troubles.flatMap(({ code, message }) => (code === 'own-view-silent' ? [message] : []))

describe('a director', () => {
  it('takes one out at once where nobody listens, though its check is well, and brings it back', () => {
    const one = director()
    on(one, 2000)
    says(one, 'rs1', 'closed')
    one.run(50)
    expect(dests(one)['10.11.0.11'], 'within a look').toBe(0)
    expect(stateOf(one, 'rs1')).toEqual({
      healthy: false,
      serving: false,
      reason: 'its own agent says: nobody listens there (its check: connected)',
    })
    expect(one.core.events().events.find(({ kind }) => kind === 'failed')?.reason).toContain('nobody listens there')
    on(one, 3000)
    expect(stateOf(one, 'rs1')).toMatchObject({ healthy: true, serving: true, reason: 'connected' })
    expect(dests(one)['10.11.0.11']).toBe(1)
  })

  it('and where nobody accepts, with figures; the queue and the load are shown', () => {
    const one = director()
    says(one, 'rs1', 'full', 'rs1', { queue: 129, most: 128 })
    expect(stateOf(one, 'rs1').reason).toBe(
      'its own agent says: nobody accepts: 129 connections wait, and 128 may (its check: connected)',
    )
    const [shown] = one.core.checks(one.now()).checks
    expect(shown?.ownView).toEqual({ is: 'full', queue: 129, most: 128, load: 0.25, ageMs: 0 })
  })

  it('says that a packet filter rejects, where its check is refused and a program listens; not before its agent has looked again', () => {
    const one = director()
    on(one, 2000)
    const refused = 'connection refused: nothing listens there, or a packet filter rejects it'
    one.failsSo = refused
    for (const address of ['10.11.0.11', '10.12.0.13']) one.alive.delete(address)
    on(one, 3000, ['rs1', 'rs3'])
    expect([stateOf(one, 'rs1').reason, stateOf(one, 'rs3').reason]).toEqual([refused, refused])
    on(one, 2000)
    expect(stateOf(one, 'rs3').reason).toBe(
      `${refused}; its own agent sees that a program listens there: a packet filter rejects it (on rs3: nft list ruleset, iptables -S)`,
    )
    // By DR the agent looks at the VIP, and the check asks the realserver's own address: a program may listen at the one alone.
    expect(stateOf(one, 'rs1').reason).toBe(refused)
  })
  it('its word brings nobody in whom the check has out', () => {
    const one = director()
    one.alive.delete('10.11.0.11')
    on(one, 3000)
    expect(stateOf(one, 'rs1')).toMatchObject({ healthy: false, reason: 'refused' })
  })

  it('keeps the last one whatever they say', () => {
    const one = director()
    all(one, 'closed')
    goesOn(one, 2000, statusOf('dir1', 'dir1'))
    expect(Object.values(dests(one)).filter((weight) => weight > 0).length).toBeGreaterThan(0)
  })

  it('believes nobody about others, nor where nobody wants to know', () => {
    const one = director()
    on(one, 2000)
    says(one, 'rs2', 'closed', 'rs1')
    expect(stateOf(one, 'rs1').healthy).toBe(true)
    const plain = director(SAMPLE)
    says(plain, 'rs1', 'closed')
    expect(stateOf(plain, 'rs1')).toMatchObject({ healthy: true, reason: 'connected' })
  })

  it('one that says something else a hundred times a second comes and goes once in a second', () => {
    const one = director()
    on(one, 2000)
    const before = one.core.events().events.length
    for (let at = 0; at < 1000; at++) {
      says(one, 'rs1', at % 2 === 0 ? 'closed' : 'listens')
      one.run(10)
    }
    expect(one.core.events().events.length - before).toBeLessThanOrEqual(22)
  })
})

describe('a silent agent', () => {
  it('is no verdict: the check alone decides, and it is said', () => {
    const one = director()
    expect(stateOf(one, 'rs1')).toMatchObject({
      healthy: true,
      serving: true,
      reason: 'connected; its own agent does not say whether somebody listens',
    })
    on(one, 12_000, ['rs1'])
    expect(troubles(one)).toEqual([
      'the agent of rs1 does not say whether somebody listens there, for http: checks from outside alone decide',
    ])
    says(one, 'rs1', 'listens')
    expect(troubles(one)).toEqual([])
    expect(stateOf(one, 'rs1').reason).toBe('connected')
  })

  it('takes its word with it where the check would find it out', () => {
    const one = director()
    on(one, 2000)
    says(one, 'rs1', 'closed')
    on(one, 5000, ['rs1'])
    expect(stateOf(one, 'rs1').healthy).toBe(false)
    on(one, 2000, ['rs1'])
    expect(stateOf(one, 'rs1')).toMatchObject({ healthy: true, serving: true })
  })

  it('and leaves it where nobody else would', () => {
    const one = director(withView('icmp'))
    on(one, 2000)
    says(one, 'rs1', 'closed')
    on(one, 30_000, ['rs1'])
    expect(stateOf(one, 'rs1')).toEqual({
      healthy: false,
      serving: false,
      reason: 'its own agent says: nobody listens there (its check: connected); its own agent is silent since then',
    })
    on(one, 2000)
    expect(stateOf(one, 'rs1')).toMatchObject({ healthy: true, serving: true })
  })

  it('is no trouble beside that of an agent that is known not to be there', () => {
    const one = director()
    const status = statusOf('dir1', 'dir1')
    const gone = { ...status, peers: status.peers.map((peer) => ({ ...peer, agentless: 'it ended' })) }
    goesOn(one, 15_000, gone)
    expect(troubles(one)).toEqual([])
  })
})
