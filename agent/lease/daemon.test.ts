/** The lease process as a whole, over a Linux in memory: start, work, tampering, stop, and what it says of it. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KernelError } from '@lvsm/kernel'
import { decodeArpFrame, gratuitousArp, nftables as nft, rtnetlink as rt } from '@lvsm/netlink'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fakeTime, Host, pass, READY, type Reconciler, until, viewOf, VIP } from '../../test/kit/daemon-bench.ts'
import { openState } from './adapters/state.ts'

const hosts: Host[] = []
const host = (node = 'dir1'): Host => {
  const made = new Host(node)
  hosts.push(made)
  return made
}
beforeEach(() => {
  fakeTime()
  VIEW = viewOf('dir1', ['dir1'])
})
afterEach(async () => {
  for (const one of hosts.splice(0)) await one.remove()
  vi.useRealTimers()
})
let VIEW = viewOf('dir1', ['dir1'])
/** A lone director that owns its group. */
const owner = async (): Promise<{ one: Host; reconciler: Reconciler }> => {
  const one = (await host().setUp()).start()
  const reconciler = await one.reconciler()
  reconciler.tell({ kind: 'view', view: VIEW })
  reconciler.tell(READY)
  await until(() => reconciler.events.some(({ kind }) => kind === 'took'))
  return { one, reconciler }
}
const saved = (one: Host) => openState(one.stateDir, () => undefined)

describe('a start', () => {
  test('greets the reconciler with what it is and how it stands', async () => {
    const one = (await host().setUp()).start()
    const reconciler = await one.reconciler()
    await until(() => reconciler.words.length >= 2)
    expect(reconciler.words[0]).toMatchObject({
      kind: 'hello',
      incarnation: expect.stringMatching(/^[0-9a-f]{32}$/),
      version: 1,
    })
    expect(reconciler.status).toMatchObject({ node: 'dir1', quarantineMs: 0, groups: [] })
    const { length } = reconciler.words
    await pass(1050)
    expect(reconciler.words.length).toBeGreaterThan(length)
    expect(one.said).toEqual([expect.stringMatching(/^dir1 runs, incarnation [0-9a-f]{8}, waiting for its view$/)])
  })

  test('with a file that is damaged is a trouble', async () => {
    const one = await host().setUp()
    writeFileSync(join(one.stateDir, 'lease.view'), 'damaged')
    const reconciler = await one.start().reconciler()
    await until(() => reconciler.status?.troubles[0]?.code === 'file-lost')
    expect(reconciler.status?.counters['file-damaged']).toBe(1)
  })

  test('has another incarnation each time', async () => {
    const incarnations = new Set<string>()
    for (let times = 0; times < 3; times++) {
      const one = host().start()
      const reconciler = await one.reconciler()
      const [hello] = reconciler.words
      if (hello?.kind === 'hello') incarnations.add(hello.incarnation)
    }
    expect(incarnations.size).toBe(3)
  })

  test('without its state says so, and is silent as a voter for as long as a lease may live', async () => {
    const one = host().start()
    const reconciler = await one.reconciler()
    expect(one.said[0]).toMatch(/no state in .*: if this node is a voter, it is silent for 30 s.*--set-up/)
    reconciler.tell({ kind: 'view', view: VIEW })
    // What it must assume is kept, as the first thing that it does: the next start knows it.
    await until(() => saved(one).state !== null)
    expect(saved(one).state).toMatchObject({ limitMs: 30_000 })
    await until(() => (reconciler.status?.quarantineMs ?? 0) > 0)
    expect(reconciler.status?.quarantineMs).toBeGreaterThan(29_000)
  })

  test('with its last view takes what a predecessor left off, and builds its fence, before any reconciler speaks', async () => {
    const one = await host().setUp()
    saved(one).saveView(VIEW)
    await until(() => saved(one).view !== null)
    one.linux.route.ask(rt.newAddress({ index: 2, local: VIP, prefix: 24, label: 'outside:lvsm', validSeconds: 9 }))
    one.start()
    expect(one.addresses()).toEqual([])
    expect(one.linux.tables.table({ family: 'inet', table: 'lvsm' })).toBeDefined()
    expect(one.said.at(-1)).toMatch(/, revision 1 from its last view$/)
  })

  test('keeps standby over restarts', async () => {
    const one = (await host().setUp()).start()
    const reconciler = await one.reconciler()
    reconciler.tell({ kind: 'view', view: VIEW })
    reconciler.tell({ kind: 'standby', on: true, reason: 'works' })
    await until(() => saved(one).state?.standby === true)
    await until(() => saved(one).view?.revision === 1)
    expect(saved(one).view).toEqual(VIEW)
  })

  test('beside another that has the run directory ends, and touches nothing', () => {
    const one = host().start()
    const { length } = one.linux.calls
    const again = one.start()
    expect(again.daemon).toBeNull()
    expect(one.exits).toEqual([75])
    expect(one.said.at(-1)).toMatch(/another lvsm-lease already runs for .*\n.*--run-dir/)
    expect(one.linux.calls).toHaveLength(length)
  })

  test('where the kernel cannot be asked ends, with what is needed', () => {
    const one = host()
    one.openKernel = () => {
      throw new KernelError('socket', 93)
    }
    expect(one.start().daemon).toBeNull()
    expect(one.exits).toEqual([75])
    expect(one.said).toEqual([
      expect.stringMatching(/the kernel cannot be asked: socket: EPROTONOSUPPORT.*\n.*modprobe nf_tables/),
    ])
  })

  test('where the kernel cannot be watched ends, before the core sees a view', async () => {
    const one = await host().setUp()
    const open = one.openKernel
    one.openKernel = () => ({
      ...open(),
      watch: () => {
        throw new KernelError('bind', 1)
      },
    })
    const reconciler = await one.start().reconciler()
    reconciler.tell({ kind: 'view', view: VIEW })
    await until(() => one.exits.length > 0)
    expect(one.exits).toEqual([75])
    expect(one.said.at(-1)).toMatch(/the kernel cannot be asked: bind: EPERM/)
    expect(one.linux.tables.table({ family: 'inet', table: 'lvsm' })).toBeUndefined()
    await pass(100)
    expect(saved(one).view).toBeNull()
  })

  test('where a directory cannot be made ends', () => {
    const one = host()
    writeFileSync(one.runDir, 'in the way')
    expect(one.start().daemon).toBeNull()
    expect(one.exits).toEqual([75])
    expect(one.said[0]).toMatch(/cannot use/)
  })

  test('where the socket cannot be made ends', async () => {
    const one = host()
    mkdirSync(join(one.runDir, 'lease.sock'), { recursive: true })
    one.start()
    await until(() => one.exits.length > 0)
    expect(one.exits).toEqual([75])
    expect(one.said.at(-1)).toMatch(/cannot listen on .*lease\.sock/)
    one.daemon = null
  })
})

describe('an owner', () => {
  test('has its addresses on, announced, behind an open fence, and says so', async () => {
    const { one, reconciler } = await owner()
    expect(one.addresses()).toEqual([VIP])
    expect(one.isOpen()).toBe(true)
    expect(one.linux.sent.length).toBeGreaterThan(0)
    await pass(500)
    expect(one.isOpen()).toBe(true)
    expect(reconciler.status?.groups).toMatchObject([{ name: 'web', role: 'owner', owner: 'dir1' }])
    expect(one.said.filter((line) => line.startsWith('web: took'))).toEqual([
      expect.stringMatching(/^web: took \(lease \d+\): /),
    ])
    expect(saved(one).view).toEqual(VIEW)
    expect(saved(one).state).toMatchObject({ limitMs: 400 })
  })

  test('puts a fence back that somebody damaged, and says what was wrong with it', async () => {
    const { one, reconciler } = await owner()
    one.linux.tables.transact([nft.deleteTable({ family: 'arp', table: 'lvsm' })])
    await until(() => one.said.some((line) => line.includes('rule set')))
    expect(one.said.find((line) => line.includes('rule set'))).toBe(
      'somebody else changed the rule set (table arp lvsm is gone): the fence is put back',
    )
    await until(() => one.isOpen() && one.addresses().length === 1)
    await until(() => reconciler.status?.counters['fence-restored'] === 1)
  })

  test('has rules in front of its heartbeat port, puts them back, and takes them away at the end', async () => {
    const { one, reconciler } = await owner()
    const rules = { family: 'inet', table: 'lvsm-peers' } as const
    expect(one.linux.tables.table(rules)).toBeDefined()
    one.linux.tables.transact([nft.deleteTable(rules)])
    await until(() => reconciler.status?.counters['filter-restored'] === 1)
    expect(one.linux.tables.table(rules)).toBeDefined()
    expect(one.said.filter((line) => line.includes('heartbeat ports'))).toEqual([
      'somebody else changed the rule set (table inet lvsm-peers is gone): the rules in front of the heartbeat ports are put back',
    ])
    one.daemon?.stop('SIGTERM')
    await until(() => one.exits.length > 0)
    expect(one.linux.tables.table(rules)).toBeUndefined()
  })

  test('whose kernel has no limits goes on without these rules, and says so until they are there', async () => {
    const one = await host().setUp()
    one.linux.tables.limits = false
    const reconciler = await one.start().reconciler()
    reconciler.tell({ kind: 'view', view: VIEW })
    reconciler.tell(READY)
    await until(() => reconciler.events.some(({ kind }) => kind === 'took'))
    await until(() => (reconciler.status?.troubles.length ?? 0) > 0)
    expect(reconciler.status?.troubles).toEqual([
      {
        code: 'heartbeats-unfiltered',
        severity: 'warning',
        message: expect.stringMatching(/no rules in front of the heartbeat ports: .*; whoever reaches them/),
        hint: expect.stringContaining('modprobe nft_limit'),
      },
    ])
    one.linux.tables.limits = true
    const later = await one.reconciler()
    await until(() => later.status?.troubles.length === 0)
    expect(one.linux.tables.table({ family: 'inet', table: 'lvsm-peers' })).toBeDefined()
    expect(reconciler.status?.counters['filter-restored']).toBeUndefined()
    expect(one.said.filter((line) => line.includes('heartbeat ports'))).toHaveLength(2)
  })

  test('puts an address back that somebody took off', async () => {
    const { one } = await owner()
    one.linux.route.ask(rt.deleteAddress({ index: 2, local: VIP, prefix: 24 }))
    await until(() => one.addresses().length === 1)
    await until(() => one.said.some((line) => line.includes('put back')))
  })

  test('announces its address when somebody else does', async () => {
    const { one } = await owner()
    await pass(1000)
    const { length } = one.linux.sent
    one.linux.arrive(2, gratuitousArp('02:00:00:00:00:99', VIP))
    await until(() => one.linux.sent.length > length)
    const arp = decodeArpFrame(one.linux.sent.at(-1)?.frame ?? new Uint8Array())
    expect(arp.ok && arp.value.senderMac).toBe('02:00:00:00:00:02')
    await until(() => one.said.some((line) => line.includes('02:00:00:00:00:99 announced our address; defended')))
  })

  test('carries words between its reconciler and itself', async () => {
    const { reconciler } = await owner()
    reconciler.tell({ kind: 'relay', to: 'dir1', payload: Uint8Array.of(1, 2, 3) })
    await until(() => reconciler.words.some((word) => word.kind === 'relay'))
    expect(reconciler.words.find((word) => word.kind === 'relay')).toEqual({
      kind: 'relay',
      from: 'dir1',
      payload: Uint8Array.of(1, 2, 3),
    })
  })

  test('that is told to stop takes everything off, the fence too, and ends well', async () => {
    const { one, reconciler } = await owner()
    one.daemon?.stop('SIGTERM')
    one.daemon?.stop('SIGINT')
    expect(one.addresses()).toEqual([])
    await until(() => one.exits.length > 0)
    expect(one.exits).toEqual([0])
    expect(one.said.filter((line) => line.includes('fence'))).toEqual([])
    for (const family of ['arp', 'netdev', 'inet'] as const)
      expect(one.linux.tables.table({ family, table: 'lvsm' })).toBeUndefined()
    expect(one.said.filter((line) => line.includes('giving up'))).toEqual(['SIGTERM: giving up what this node owns'])
    await until(() => reconciler.closed)
    expect(reconciler.events.at(-1)).toMatchObject({ group: 'web', kind: 'released' })
    expect(reconciler.status?.groups).toMatchObject([{ role: 'candidate' }])
    expect(existsSync(join(one.runDir, 'lease.sock'))).toBe(false)
    await pass(3000)
    expect(one.exits).toEqual([0])
    // Its ports are free.
    const next = (await host().setUp()).start()
    const other = await next.reconciler()
    other.tell({ kind: 'view', view: VIEW })
    await until(() => saved(next).view !== null)
    expect(next.said).toHaveLength(1)
  })

  test('whose fence cannot be taken away says so, and ends well: it is closed', async () => {
    const { one } = await owner()
    one.linux.disturb = ({ protocol, messages }) =>
      protocol === 12 && messages.length === 10 ? { errno: 12, done: false, answered: true } : undefined
    one.daemon?.stop('SIGTERM')
    await until(() => one.exits.length > 0)
    expect(one.exits).toEqual([0])
    expect(one.said.filter((line) => line.includes('fence'))).toEqual([
      expect.stringMatching(/^the fence stays, closed: .*memory/),
    ])
    expect(one.linux.tables.table({ family: 'inet', table: 'lvsm' })).toBeDefined()
    expect(one.addresses()).toEqual([])
  })

  test('that cannot stop in time leaves the rest to the kernel, and ends badly', async () => {
    const { one } = await owner()
    one.linux.disturb = ({ protocol }) => (protocol === 0 ? { errno: 16, done: false, answered: true } : undefined)
    one.daemon?.stop('SIGTERM')
    await pass(1900)
    expect(one.exits).toEqual([])
    await pass(200)
    expect(one.exits).toEqual([75])
    expect(one.isOpen()).toBe(false)
    // Closed: nobody knows whether the addresses are off.
    expect(one.linux.tables.table({ family: 'inet', table: 'lvsm' })).toBeDefined()
  })

  test('whose fence is refused ends at once', async () => {
    const { one, reconciler } = await owner()
    one.linux.disturb = ({ protocol, messages }) =>
      protocol === 12 && messages.length > 20 ? { errno: 12, done: false, answered: true } : undefined
    const [group] = VIEW.groups
    if (!group) return expect.unreachable()
    reconciler.tell({
      kind: 'view',
      view: { ...VIEW, revision: 2, groups: [group, { ...group, name: 'mail', addresses: [] }] },
    })
    await until(() => one.exits.length > 0)
    expect(one.exits).toEqual([75])
    expect(one.said.at(-1)).toMatch(/the kernel refused the fence: .*memory.*own nothing\n.*modprobe/)
    expect(one.addresses()).toEqual([])
    one.daemon = null
  })
})

describe('a disk that fails', () => {
  test('is told once for each file, counted, and tried again; nothing else waits for it', async () => {
    const one = await host().setUp()
    for (const name of ['lease.state.new', 'lease.view.new']) mkdirSync(join(one.stateDir, name))
    one.start()
    const reconciler = await one.reconciler()
    reconciler.tell({ kind: 'view', view: VIEW })
    reconciler.tell({ kind: 'standby', on: true, reason: 'works' })
    await until(() => (reconciler.status?.counters['state-write-failed'] ?? 0) > 1)
    await until(() => (reconciler.status?.counters['view-write-failed'] ?? 0) > 1)
    expect(one.said.filter((line) => line.includes('cannot keep'))).toEqual([
      expect.stringMatching(/cannot keep (state|the view) in .*EISDIR.*; it is tried again/),
      expect.stringMatching(/cannot keep (state|the view) in .*EISDIR.*; it is tried again/),
    ])
    expect(reconciler.status?.troubles.map(({ code }) => code)).toContain('state-not-kept')
    for (const name of ['lease.state.new', 'lease.view.new']) rmSync(join(one.stateDir, name), { recursive: true })
    await until(() => saved(one).view !== null && saved(one).state?.standby === true)
    const later = await one.reconciler()
    await until(() => later.status?.troubles.length === 0)
  })
})

test('every reconciler that has joined hears what happens', async () => {
  const { one, reconciler } = await owner()
  const other = await one.reconciler()
  other.tell({ kind: 'switchover', group: 'nowhere', to: null, reason: 'works' })
  await until(() => [reconciler, other].every(({ events }) => events.some(({ kind }) => kind === 'refused')))
  reconciler.end()
})

test('three of them: one owns, hands over when it stops, and the other takes it; words go between them', async () => {
  const names = ['dir1', 'dir2', 'rs1']
  const nodes = await Promise.all(names.map((name) => host(name).setUp()))
  const reconcilers: Reconciler[] = []
  for (const one of nodes) {
    one.start()
    const reconciler = await one.reconciler()
    reconciler.tell({ kind: 'view', view: viewOf(one.node, names) })
    reconciler.tell(READY)
    reconcilers.push(reconciler)
  }
  const [dir1, dir2, rs1] = nodes as [Host, Host, Host]
  const owns = (one: Host): boolean => one.isOpen() && one.addresses().length === 1
  // A reconciler is believed for five seconds, which may be over on a busy machine before they have found each other. Which
  // of two directors asks first when all start at once is nobody's promise.
  await until(() => {
    for (const one of reconcilers) one.tell(READY)
    return owns(dir1) || owns(dir2)
  })
  const [holder, other] = owns(dir1) ? [dir1, dir2] : [dir2, dir1]
  expect(other.addresses()).toEqual([])
  // Who has not heard a peer yet cannot address it.
  await until(() => reconcilers[2]?.status?.peers.every(({ life }) => life === 'alive') === true)
  reconcilers[2]?.tell({ kind: 'relay', to: null, payload: Uint8Array.of(7) })
  await until(() =>
    reconcilers.slice(0, 2).every(({ words }) => words.some((word) => word.kind === 'relay' && word.from === 'rs1')),
  )
  for (const one of reconcilers) one.tell(READY)
  holder.daemon?.stop('SIGTERM')
  await until(() => owns(other))
  expect(holder.addresses()).toEqual([])
  expect(rs1.addresses()).toEqual([])
  await until(() => holder.exits.length > 0)
  expect(holder.exits).toEqual([0])
})
