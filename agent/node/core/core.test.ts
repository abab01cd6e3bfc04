import { readRecord } from '@lvsm/plan'
import { describe, expect, it } from 'vitest'
import { dests, goesOn, node, statusOf } from './fixture.ts'

describe('a director', () => {
  it('prepares the kernel, then says that it is ready', () => {
    const one = node('dir2')
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
    one.run(500)
    expect(dests(one)).toEqual({ '10.11.0.11': 1, '10.11.0.12': 1, '10.12.0.13': 1 })
    expect(one.kern.state.sysctls.get('net/ipv4/ip_forward')).toBe('1')
    expect(
      one
        .take('view')
        .at(-1)
        ?.view.groups[0]?.addresses.map((entry) => entry.ifindex),
    ).toEqual([3, 2])
    expect(one.take('ready').at(-1)).toMatchObject({ group: 'web', ready: true })
    goesOn(one, 7000, statusOf('dir2', 'dir1'))
    one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
    expect(one.take('ready').length).toBeGreaterThanOrEqual(3)
    expect(one.core.status(one.now()).nodes.find((entry) => entry.name === 'dir2')).toMatchObject({
      state: 'standby',
      reason: 'ready to take web from dir1',
    })
    expect(one.core.events().events).toEqual([])
  })

  it('calls the lease process silent when it is, and not when it stood still itself', () => {
    const faults = (one: ReturnType<typeof node>): boolean =>
      one.core.status(one.now()).troubles.some(({ code }) => code === 'no-lease-process')
    const one = node('dir2')
    one.run(1000)
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
    one.standStill(20_000)
    expect(faults(one), 'what was said meanwhile has not been read yet').toBe(false)
    one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
    one.run(1000)
    expect(faults(one)).toBe(false)
    one.run(4000)
    expect(faults(one), 'now nothing comes').toBe(true)
  })

  it('takes a failed realserver out and a recovered one back', () => {
    const one = node('dir1')
    one.feed({ kind: 'lease-up' })
    goesOn(one, 1000)
    one.alive.delete('10.11.0.11')
    goesOn(one, 1100)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 0 })
    goesOn(one, 2000)
    expect(Object.keys(dests(one))).not.toContain('10.11.0.11')
    one.alive.add('10.11.0.11')
    goesOn(one, 1200)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 1 })
    expect(one.core.events().events.map((event) => event.kind)).toEqual(['failed', 'recovered'])
  })

  it('does not empty a service whose checks all fail', () => {
    const one = node('dir1')
    one.run(1000)
    one.alive.clear()
    one.run(6000)
    expect(Object.values(dests(one)).some((weight) => weight > 0)).toBe(true)
    expect(one.core.status(one.now()).services[0]?.realservers.some((entry) => entry.reason.includes('kept'))).toBe(
      true,
    )
  })

  it('repairs what somebody changed within two seconds, and tells of it', () => {
    const one = node('dir1')
    one.run(2000)
    const [service] = one.kern.state.services
    if (service) one.kern.state.services[0] = { ...service, dests: service.dests.slice(1) }
    one.run(2000)
    expect(Object.keys(dests(one))).toHaveLength(3)
    expect(one.core.events().events.at(-1)).toMatchObject({ kind: 'repaired', group: 'web' })
  })

  it('repairs what somebody changes again and again, and fills neither history nor log with it', () => {
    const one = node('dir1')
    one.run(2000)
    one.take('log')
    for (let times = 0; times < 300; times++) {
      const [service] = one.kern.state.services
      if (service) one.kern.state.services[0] = { ...service, dests: service.dests.slice(1) }
      one.feed({ kind: 'changed' })
      one.run(400)
      expect(Object.keys(dests(one))).toHaveLength(3)
    }
    expect(one.core.events().events.filter(({ kind }) => kind === 'repaired').length).toBeLessThan(10)
    const lines = one.take('log').filter(({ text }) => text.startsWith('repairs'))
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.length).toBeLessThan(10)
  })

  it('keeps the table of its last life until checks speak', () => {
    const first = node('dir1')
    first.run(2000)
    const record = readRecord(first.take('record').at(-1)?.text ?? '')
    expect([...record.keys()].filter((key) => key.startsWith('tcp '))).toHaveLength(1)
    const again = node('dir1')
    again.kern.state.services.push(...first.kern.state.services)
    again.alive.clear()
    again.run(100)
    expect(Object.values(dests(again))).toEqual([1, 1, 1])
  })

  it('says why it is not ready', () => {
    const one = node('dir2')
    one.kern.state.links[2] = { index: 3, name: 'outside', loopback: false, up: false }
    one.feed({ kind: 'lease-up' })
    one.run(1500)
    expect(one.take('ready').at(-1)).toMatchObject({ ready: false, reason: 'interface outside is down' })
    expect(one.core.status(one.now()).troubles.map((trouble) => trouble.code)).toContain('interface-down')
  })

  it('shows what its lease process complains of as troubles of this node, and logs each once', () => {
    const one = node('dir1')
    const lost = { code: 'state-lost', severity: 'warning', message: 'dir1 found no state', hint: 'wait' } as const
    const hear = (leftMs: number): void =>
      one.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2'), troubles: [{ ...lost, leftMs }] } })
    one.feed({ kind: 'lease-up' })
    hear(29_000)
    one.run(2500)
    expect(one.core.status(one.now()).troubles).toContainEqual({ ...lost, node: 'dir1', leftMs: 29_000 })
    hear(26_500)
    one.run(2500)
    expect(one.core.status(one.now()).troubles).toContainEqual({ ...lost, node: 'dir1', leftMs: 26_500 })
    expect(one.take('log').filter(({ text }) => text.includes('found no state'))).toHaveLength(1)
    one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir2') })
    expect(one.core.status(one.now()).troubles).toEqual([])
  })

  it('works without a lease process, and says so', () => {
    const one = node('dir1')
    one.run(2000)
    expect(dests(one)).toMatchObject({ '10.11.0.11': 1 })
    expect(one.core.status(one.now())).toMatchObject({ quorum: false, troubles: [{ code: 'no-lease-process' }] })
    expect(one.take('message')).toEqual([])
  })
})

describe('a realserver', () => {
  it('has its alias, and one sentence', () => {
    const one = node('rs1')
    one.feed({ kind: 'lease-up' })
    one.feed({ kind: 'lease-status', status: statusOf('rs1', 'dir1') })
    one.run(1000)
    expect(one.kern.state.addresses).toContainEqual(
      expect.objectContaining({ address: '10.11.0.10', prefix: 32, label: 'lo:lvsm' }),
    )
    expect(one.core.status(one.now()).nodes.find((entry) => entry.name === 'rs1')).toMatchObject({
      state: 'serving',
      reason: 'is set up to answer for 10.11.0.10 (alias on lo), votes',
    })
  })
  it('behind NAT has its route', () => {
    const one = node('rs3')
    one.run(1000)
    expect(one.kern.state.defaults).toMatchObject([{ gateway: '10.12.0.254', index: 2 }])
  })
})

describe('a planned switchover', () => {
  function pair() {
    const nodes = { dir1: node('dir1'), dir2: node('dir2'), rs1: node('rs1') }
    const names = Object.keys(nodes) as (keyof typeof nodes)[]
    let owner: keyof typeof nodes = 'dir1'
    let number = 7
    for (const name of names) nodes[name].feed({ kind: 'lease-up' })
    const run = (ms: number): void => {
      for (let spent = 0; spent < ms; spent += 10) {
        for (const name of names) {
          const one = nodes[name]
          one.run(10)
          for (const word of one.take('message'))
            for (const other of names)
              if (other !== name && (word.to === null || word.to === other))
                nodes[other].feed({ kind: 'message', from: name, text: word.text })
          for (const wish of one.take('switchover')) {
            owner = wish.to as keyof typeof nodes
            number++
          }
          if (spent % 50 === 0) one.feed({ kind: 'lease-status', status: statusOf(name, owner, number) })
        }
      }
    }
    run(2500)
    return { ...nodes, run }
  }

  it('quiets NAT, prepares the successor, and answers with what happened', () => {
    const { dir1, dir2, run } = pair()
    dir1.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
    run(30)
    expect(dests(dir1)).toMatchObject({ '10.12.0.13': 0, '10.11.0.11': 1 })
    expect(dir2.kern.state.natRules).toContain('"to":"10.11.0.1"')
    run(1000)
    expect(dir1.take('reply')).toMatchObject([
      { id: 'a', outcome: { ok: true, report: { group: 'web', from: 'dir1', to: 'dir2', number: 8 } } },
    ])
    run(1000)
    expect(dests(dir1)).toMatchObject({ '10.12.0.13': 1 })
    expect(dir2.kern.state.natRules).not.toContain('"to"')
  })

  const remember = (one: ReturnType<typeof node>, active: number): void => {
    one.kern.state.services = one.kern.state.services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) => ({ ...dest, active, inactive: 1 })),
    }))
  }
  const connections = (one: ReturnType<typeof node>) =>
    (one.kern.state.services[0]?.dests ?? []).map(({ active, inactive }) => active + inactive)

  it('waits until the successor has forgotten the connections of its earlier reign', () => {
    const { dir1, dir2, run } = pair()
    remember(dir2, 1)
    run(1500)
    expect(connections(dir2)).toEqual([2, 2, 2])
    dir1.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
    run(1000)
    expect(connections(dir2)).toEqual([0, 0, 0])
    expect(dir1.take('reply')).toMatchObject([{ id: 'a', outcome: { ok: true } }])
    expect([...dir1.core.events().events, ...dir2.core.events().events]).toEqual([])
  })

  it('forgets nothing once it has said that it is prepared, also when it is asked once more', () => {
    const { dir2, run } = pair()
    const ask = () =>
      dir2.feed({
        kind: 'message',
        from: 'dir1',
        text: JSON.stringify({ kind: 'prepare', id: 'dir1-move-1', group: 'web' }),
      })
    const answers = () => dir2.take('message').filter(({ to, text }) => to === 'dir1' && text.includes('"prepared"'))
    remember(dir2, 1)
    ask()
    dir2.run(500)
    expect(answers()).toHaveLength(1)
    // The group may be here already, and this process not yet have heard of it.
    remember(dir2, 1)
    ask()
    dir2.run(500)
    expect(answers()).toHaveLength(1)
    run(2000)
    expect(connections(dir2)).toEqual([2, 2, 2])
  })

  it('moves all the same when the old connections do not go', () => {
    const { dir1, dir2, run } = pair()
    const apply = dir2.kern.apply.bind(dir2.kern)
    dir2.kern.apply = (operation) => {
      const done = apply(operation)
      remember(dir2, 0)
      return done
    }
    remember(dir2, 0)
    dir1.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
    run(5000)
    expect(dir1.take('reply')).toMatchObject([{ id: 'a', outcome: { ok: true, report: { to: 'dir2' } } }])
    expect(Object.keys(dests(dir2))).toHaveLength(3)
  })

  it('may be asked of any director, and of nobody else', () => {
    const { dir2, rs1, run } = pair()
    rs1.feed({ kind: 'command', id: 'b', command: { verb: 'switchover', group: 'web', to: 'dir2' } })
    expect(rs1.take('reply')).toMatchObject([
      { outcome: { ok: false, refusals: [{ code: 'not-entitled', hint: 'run it on dir1 or dir2' }] } },
    ])
    dir2.feed({ kind: 'command', id: 'b', command: { verb: 'switchover', group: 'web', to: 'dir2' } })
    run(1500)
    expect(dir2.take('reply')).toMatchObject([{ id: 'b', outcome: { ok: true, report: { from: 'dir1', to: 'dir2' } } }])
  })

  it.each([
    [{ group: 'wev' }, 'unknown', 'unknown-group'],
    [{ group: 'web', to: 'rs1' }, 'conflict', 'not-a-director'],
  ])('refuses %j', (body, fault, code) => {
    const { dir1 } = pair()
    dir1.feed({ kind: 'command', id: 'c', command: { verb: 'switchover', ...body } })
    expect(dir1.take('reply')).toMatchObject([{ outcome: { ok: false, fault, refusals: [{ code }] } }])
  })

  it.each(['dir1', 'dir2'] as const)('is done where it is so already, whichever director is asked: %s', (asked) => {
    const nodes = pair()
    nodes[asked].feed({ kind: 'command', id: 'c', command: { verb: 'switchover', group: 'web', to: 'dir1' } })
    nodes.run(100)
    const report = { group: 'web', from: 'dir1', to: 'dir1', number: 7, tookMs: 0 }
    expect(nodes[asked].take('reply')).toEqual([expect.objectContaining({ id: 'c', outcome: { ok: true, report } })])
    expect(nodes.dir1.take('switchover')).toEqual([])
  })

  it('names all directors of the group to whoever names another node', () => {
    const { dir1 } = pair()
    dir1.feed({ kind: 'command', id: 'c', command: { verb: 'switchover', group: 'web', to: 'rs1' } })
    const [{ outcome } = expect.fail()] = dir1.take('reply')
    expect(outcome).toMatchObject({ refusals: [{ hint: 'known directors: dir1, dir2' }] })
  })

  it('says what ends the maintenance of the one that could take it', () => {
    const { dir1 } = pair()
    const status = statusOf('dir1', 'dir1', 7)
    const peers = status.peers.map((peer) => (peer.name === 'dir2' ? { ...peer, standby: true } : peer))
    dir1.feed({ kind: 'lease-status', status: { ...status, peers } })
    dir1.feed({ kind: 'command', id: 'c', command: { verb: 'switchover', group: 'web', to: 'dir2' } })
    const hint = 'end its maintenance first: lvsm standby off dir2'
    expect(dir1.take('reply')).toMatchObject([{ outcome: { ok: false, refusals: [{ code: 'no-successor', hint }] } }])
  })

  it('tells the others soon what the owner’s table became, also where the kernel takes its time', () => {
    const { dir1, dir2, rs1, run } = pair()
    const weightOf = (one: typeof dir1): number | undefined =>
      one.core.status(one.now()).services[0]?.realservers.find(({ address }) => address === '10.11.0.11')?.weight
    dir1.kern.callMs = 80
    for (const one of [dir1, dir2]) one.alive.delete('10.11.0.11')
    for (let spent = 0; weightOf(dir1) !== 0; spent += 10) {
      expect(spent).toBeLessThan(3000)
      run(10)
    }
    run(400)
    expect(weightOf(rs1)).toBe(0)
  })

  it('shows the owner’s table and every node’s sentence everywhere', () => {
    const { rs1 } = pair()
    const status = rs1.core.status(rs1.now())
    expect(status.services[0]?.realservers.map((entry) => entry.weight)).toEqual([1, 1, 1])
    expect(status.nodes.find((entry) => entry.name === 'dir1')).toMatchObject({
      state: 'owner',
      reason: 'owns web (lease 7)',
      agent: true,
    })
    expect(status.nodes.find((entry) => entry.name === 'rs2')).toMatchObject({ agent: false })
  })

  it('sets a node to standby after handing its groups over', () => {
    const { dir1, run } = pair()
    dir1.feed({ kind: 'command', id: 'd', command: { verb: 'standby', on: true } })
    run(1000)
    expect(dir1.take('standby')).toMatchObject([{ on: true }])
    dir1.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2', 8), standby: true } })
    expect(dir1.take('reply')).toMatchObject([
      { id: 'd', outcome: { ok: true, report: { node: 'dir1', standby: true } } },
    ])
  })
})
