/** Directors that tell each other of connections: a move waits for what the successor must know, and a standby that knows less is named. */
import { destKey, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { node, statusOf } from './fixture.ts'

type One = ReturnType<typeof node>

/** The kernel knows its services by mark. */
const ON_PORTS = SAMPLE.replace('    port: 80\n', '    ports: [80, 443]\n').replace('port: 8080, ', '')

const FULL = SAMPLE.replace('forward: nat, gateway: 10.12.0.254', 'forward: fullnat')

/** Two directors and a voter that hear each other; dir1 owns the group. */
function pair(text = SAMPLE) {
  const made = (name: string) => node(name, undefined, text)
  const nodes = { dir1: made('dir1'), dir2: made('dir2'), rs1: made('rs1') }
  const names = Object.keys(nodes) as (keyof typeof nodes)[]
  let owner: keyof typeof nodes = 'dir1'
  let number = 7
  for (const name of ['dir1', 'dir2'] as const) nodes[name].kern.state.syncDaemons = []
  for (const name of names) nodes[name].feed({ kind: 'lease-up' })
  const run = (ms: number): void => {
    for (let spent = 0; spent < ms; spent += 10)
      for (const name of names) {
        const one = nodes[name]
        one.run(10)
        for (const word of one.take('message'))
          for (const other of names)
            if (other !== name && (word.to === null || word.to === other))
              nodes[other].feed({ kind: 'message', from: name, text: word.text })
        for (const wish of one.take('switchover')) {
          owner = wish.to === 'dir2' ? 'dir2' : 'dir1'
          number++
        }
        if (spent % 50 === 0) one.feed({ kind: 'lease-status', status: statusOf(name, owner, number) })
      }
  }
  run(2500)
  return { ...nodes, run, owner: () => owner }
}
const establish = (one: One, active: number): void => {
  one.kern.state.services = one.kern.state.services.map((service) => ({
    ...service,
    dests: service.dests.map((dest) => ({ ...dest, active, inactive: 0 })),
  }))
}
const active = (one: One): number =>
  one.kern.state.services.flatMap(({ dests }) => dests).reduce((sum, dest) => sum + dest.active, 0)
const ask = (one: One): void =>
  one.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web', to: 'dir2' } })
/** Of its own; others tell of theirs. */
const codes = (one: One): string[] =>
  one.core.status(one.now()).troubles.flatMap(({ node: of, code }) => (of === one.name ? [code] : []))

describe('a planned switchover', () => {
  it('waits until the successor knows as many connections, and forgets none of them', () => {
    const { dir1, dir2, run, owner } = pair()
    establish(dir1, 5)
    establish(dir2, 2)
    ask(dir1)
    run(1500)
    expect([owner(), active(dir2)]).toEqual(['dir1', 6])
    establish(dir2, 5)
    run(1000)
    expect([owner(), active(dir2)]).toEqual(['dir2', 15])
    expect(dir1.take('reply')).toMatchObject([{ outcome: { ok: true, report: { to: 'dir2', unknown: 0 } } }])
  })
  it.each([
    ['a service on one port', SAMPLE, { port: 80 }],
    ['a service on several ports', ON_PORTS, { fwmark: expect.any(Number) }],
  ])('goes on after 3.5 seconds, and says how many the successor does not know: %s', (_, text, service) => {
    const { dir1, dir2, run, owner } = pair(text)
    expect(dir1.kern.state.services).toMatchObject([service])
    establish(dir1, 5)
    establish(dir2, 2)
    ask(dir1)
    run(3200)
    expect(owner()).toBe('dir1')
    run(1000)
    expect(owner()).toBe('dir2')
    expect(dir1.take('reply')).toMatchObject([{ outcome: { ok: true, report: { to: 'dir2', unknown: 9 } } }])
  })
  it('waits for the end of connections by full NAT, which no other director can go on with, and counts none of them', () => {
    const { dir1, dir2, run, owner } = pair(FULL)
    const by = (address: string, count: number): void => {
      dir1.kern.state.services = dir1.kern.state.services.map((service) => ({
        ...service,
        dests: service.dests.map((dest) => (dest.address === address ? { ...dest, active: count } : dest)),
      }))
    }
    establish(dir1, 5)
    establish(dir2, 5)
    run(4000)
    expect(dir1.core.status(dir1.now()).groups[0]?.established?.[0]).toEqual({ node: 'dir1', count: 10 })
    ask(dir1)
    run(1000)
    expect(owner()).toBe('dir1')
    by('10.12.0.13', 0)
    run(700)
    expect([owner(), active(dir1)]).toEqual(['dir2', 10])
    expect(dir1.take('reply')).toMatchObject([{ outcome: { ok: true, report: { to: 'dir2', unknown: 0 } } }])
  })
  it('waits two seconds for them, and no longer', () => {
    const { dir1, dir2, run, owner } = pair(FULL)
    establish(dir1, 5)
    establish(dir2, 5)
    ask(dir1)
    run(1800)
    expect(owner()).toBe('dir1')
    run(700)
    expect(owner()).toBe('dir2')
  })
  it('waits for nothing where there is nothing to know', () => {
    const { dir1, run, owner } = pair()
    ask(dir1)
    run(1000)
    expect(owner()).toBe('dir2')
  })
})

describe('what a standby knows', () => {
  it('is said by both, and everywhere', () => {
    const { dir1, dir2, rs1, run } = pair()
    establish(dir1, 5)
    establish(dir2, 4)
    run(5000)
    for (const one of [dir1, dir2, rs1])
      expect(one.core.status(one.now()).groups[0]?.established).toEqual([
        { node: 'dir1', count: 15 },
        { node: 'dir2', count: 12 },
      ])
  })
  it('is a trouble of the owner where it stays behind, and over when it is there', () => {
    const { dir1, dir2, run } = pair()
    establish(dir1, 50)
    establish(dir2, 10)
    run(15_000)
    expect(codes(dir1)).not.toContain('standby-unaware')
    run(10_000)
    const found = dir1.core.status(dir1.now()).troubles.find(({ code }) => code === 'standby-unaware')
    expect(found).toMatchObject({ object: 'group web', message: expect.stringContaining('dir2 knows 30 of 150') })
    expect(codes(dir2)).not.toContain('standby-unaware')
    establish(dir2, 49)
    run(4000)
    expect(codes(dir1)).not.toContain('standby-unaware')
  })
  it('is a trouble of a service on several ports, too', () => {
    const { dir1, dir2, run } = pair(ON_PORTS)
    establish(dir1, 50)
    establish(dir2, 10)
    run(25_000)
    const found = dir1.core.status(dir1.now()).troubles.find(({ code }) => code === 'standby-unaware')
    expect(found?.message).toContain('dir2 knows 30 of 150')
  })
  it('counts no connection to the owner itself, which no standby is to know', () => {
    const { dir1, run } = pair()
    establish(dir1, 50)
    dir1.kern.state.services = dir1.kern.state.services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) => ({ ...dest, forward: 'local' })),
    }))
    dir1.kern.refuses = () => 'EBUSY: as it is'
    run(25_000)
    expect(codes(dir1)).not.toContain('standby-unaware')
  })
  it('counts none that was opened and not answered: the kernel has it as active, and tells it to no standby', () => {
    const { dir1, dir2, run } = pair()
    establish(dir1, 50)
    establish(dir2, 10)
    const clients = { openingFor: { 60: 40 }, clients: ['192.0.2.7'], latest: {} }
    const servers = dir1.config.services.flatMap(({ name: service, realservers }) =>
      realservers.map((one) => ({ service, node: one.node, key: destKey(one), opening: 40, ...clients })),
    )
    for (let spent = 0; spent < 25_000; spent += 1000) {
      if (dir1.take('openings').length > 0) dir1.feed({ kind: 'openings', report: { whole: true, tookMs: 1, servers } })
      run(1000)
    }
    expect(codes(dir1)).not.toContain('standby-unaware')
    const [web] = dir1.core.status(dir1.now()).groups
    expect(web?.established).toEqual([
      { node: 'dir1', count: 30 },
      { node: 'dir2', count: 30 },
    ])
  })
  it('is nothing where it has no daemon', () => {
    const { dir1, dir2, run } = pair()
    dir2.kern.state.syncDaemons = undefined
    establish(dir1, 50)
    run(25_000)
    const found = dir1.core.status(dir1.now()).troubles.find(({ code }) => code === 'standby-unaware')
    expect(found?.message).toContain('dir2 does not synchronise connections')
  })
})

describe('a daemon that the kernel refuses', () => {
  it('is a trouble of its own, and keeps nobody from taking the group', () => {
    const one = node('dir2')
    one.kern.state.syncDaemons = []
    one.kern.refuses = (operation) => (operation.kind === 'sync-start' ? 'EINVAL: no' : '')
    one.feed({ kind: 'lease-up' })
    for (let spent = 0; spent < 4000; spent += 500) {
      one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
      one.run(500)
    }
    expect(codes(one)).toEqual(['sync-refused'])
    expect(one.take('ready').at(-1)).toMatchObject({ ready: true })
  })
  it('that somebody stops is started again, and told', () => {
    const { dir1, run } = pair()
    expect(dir1.kern.state.syncDaemons?.map(({ state }) => state)).toEqual(['backup', 'master'])
    dir1.kern.state.syncDaemons = dir1.kern.state.syncDaemons?.filter(({ state }) => state === 'backup')
    run(2000)
    expect(dir1.kern.state.syncDaemons?.map(({ state }) => state)).toEqual(['backup', 'master'])
    const told = dir1.core.events().events.filter(({ kind }) => kind === 'repaired')
    expect(told).toMatchObject([
      { reason: expect.stringContaining('start the connection synchronisation daemon master') },
    ])
  })
})
