/** Kinds of trouble that an agent finds: each begins with its cause, is one, and ends with it. */
import { agreementDigests } from '@lvsm/model'
import { encodeMessage, type LeaseStatus, type PeerStatus, type StateMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'
import { onePerDirection } from '../hearing.ts'

const of = (one: TestNode, ...codes: readonly string[]) =>
  one.core
    .status(one.now())
    .troubles.filter(({ code, node: by }) => by === one.name && codes.includes(code))
    .map(({ code, object, message }) => [code, object, message])
/** dir1, which owns web, and what it hears of its peers. */
function heard(peers: Readonly<Record<string, Partial<PeerStatus>>>): LeaseStatus {
  const status = statusOf('dir1', 'dir1')
  return { ...status, peers: status.peers.map((peer) => ({ ...peer, ...peers[peer.name] })) }
}
function begun(): TestNode {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 7000, heard({}))
  return dir1
}
function says(dir1: TestNode, from: string, more: Partial<StateMessage>): void {
  const said: StateMessage = {
    ...{
      kind: 'state',
      boot: from,
      revision: 1,
      agreement: agreementDigests(dir1.config),
      state: 'standby',
      reason: '',
    },
    ...{ standby: false, ready: { web: '' }, pings: {}, troubles: [], events: [], ...more },
  }
  dir1.feed({ kind: 'message', from, text: encodeMessage(said) })
}

test('an agent that is not there is told by the others, with its last words, until it is', () => {
  const dir1 = begun()
  const agentless = 'it does not start, exit code 75: cannot load the scheduler wlc'
  goesOn(dir1, 1000, heard({ dir2: { agentless } }))
  expect(of(dir1, 'agent-silent')).toEqual([
    ['agent-silent', 'node dir2', `lvsm-agent of dir2 is not at work: ${agentless}`],
  ])
  goesOn(dir1, 1000, heard({}))
  expect(of(dir1, 'agent-silent')).toEqual([])
})

test('what its last words say is to be done is shown as its words, never as advice; and it is known that it could take nothing', () => {
  const dir1 = begun()
  const agentless =
    'it does not start, exit code 78: others may write /etc/lvsm.yaml (mode 0666); → chmod go-w /etc/lvsm.yaml'
  goesOn(dir1, 8000, heard({ dir2: { agentless } }))
  const { troubles, groups } = dir1.core.status(dir1.now())
  expect(troubles.find(({ code }) => code === 'agent-silent')).toMatchObject({
    message: `lvsm-agent of dir2 is not at work: ${agentless.slice(0, agentless.indexOf(';'))}`,
    evidence: 'dir2 says what mends it, unverified: chmod go-w /etc/lvsm.yaml',
    hint: expect.stringMatching(/^on dir2: (?!.*chmod).*systemctl restart lvsm-agent$/),
  })
  const [taker] = groups[0]?.takers?.filter(({ node: name }) => name === 'dir2') ?? []
  expect(taker).toMatchObject({
    could: false,
    reason: expect.stringMatching(/^no agent is at work there: it does not start(?!.*chmod)/),
  })
})

test('a coordinator of this node that is not there is a trouble, once it could have started anew', () => {
  const dir1 = begun()
  dir1.feed({ kind: 'absent', program: 'lvsm-coordinator', why: 'it does not start, exit code 78: no identity' })
  goesOn(dir1, 3000, heard({}))
  expect(of(dir1, 'coordinator-absent')).toEqual([])
  goesOn(dir1, 3000, heard({}))
  expect(of(dir1, 'coordinator-absent')).toEqual([
    [
      'coordinator-absent',
      'node dir1',
      'lvsm-coordinator of dir1 is not there: it does not start, exit code 78: no identity',
    ],
  ])
  dir1.feed({ kind: 'absent', program: 'lvsm-coordinator', why: null })
  expect(of(dir1, 'coordinator-absent')).toEqual([])
})

test('a peer that is not believed is the odd one; where nobody is believed, this node is', () => {
  const dir1 = begun()
  const gone = { life: 'dead', silentMs: 4000, unbelieved: 'with a wrong signature (key 1)' } as const
  goesOn(dir1, 1000, heard({ dir2: gone }))
  expect(of(dir1, 'peer-unbelieved', 'all-unbelieved')).toEqual([
    [
      'peer-unbelieved',
      'node dir2',
      expect.stringContaining('from the address of dir2 are not believed: dir2 has another key'),
    ],
  ])
  goesOn(dir1, 1000, heard({ dir2: gone, rs1: gone, rs2: gone, rs3: gone }))
  expect(of(dir1, 'peer-unbelieved', 'all-unbelieved')).toEqual([
    [
      'all-unbelieved',
      'node dir1',
      expect.stringContaining('nobody who speaks is believed here (dir2, rs1, rs2, rs3)'),
    ],
  ])
  goesOn(dir1, 1000, heard({ dir2: { unbelieved: 'with a wrong signature' } }))
  expect(of(dir1, 'peer-unbelieved', 'all-unbelieved'), 'somebody else sends with its address').toEqual([])
})

test('a node that does not hear this one, which hears it, is named with the direction; not while it starts', () => {
  const dir1 = begun()
  says(dir1, 'rs1', { unheard: ['dir1'] })
  expect(of(dir1, 'one-way')).toEqual([])
  goesOn(dir1, 1500, heard({}))
  expect(of(dir1, 'one-way')).toEqual([])
  goesOn(dir1, 500, heard({}))
  says(dir1, 'rs1', { unheard: ['dir1'] })
  expect(of(dir1, 'one-way')).toEqual([
    ['one-way', 'node rs1', 'rs1 does not hear dir1, which hears it: nothing comes from dir1 to rs1'],
  ])
  says(dir1, 'rs1', { unheard: [] })
  expect(of(dir1, 'one-way')).toEqual([])
})

test('one word that nobody hears this node, and the next one lost or late, accuses nobody', () => {
  const dir1 = begun()
  for (const name of ['dir2', 'rs1', 'rs2']) says(dir1, name, { unheard: ['dir1'] })
  goesOn(dir1, 500, heard({}))
  for (const name of ['dir2', 'rs1']) says(dir1, name, { unheard: ['dir1'] })
  for (let second = 0; second < 4; second++) {
    goesOn(dir1, 1000, heard({}))
    expect(of(dir1, 'one-way')).toEqual([])
  }
  goesOn(dir1, 12_000, heard({}))
  says(dir1, 'dir2', { unheard: ['dir1'] })
  expect(of(dir1, 'one-way'), 'what it said long ago is no first word').toEqual([])
})
test('so is a realserver that has no vote, whichever of the two it is that is not heard', () => {
  const dir1 = begun()
  const unheard = (ms: number): void => {
    for (let left = ms; left > 0; left -= 1000) {
      says(dir1, 'rs3', { unheard: ['dir1'] })
      goesOn(dir1, 1000, heard({}))
    }
  }
  unheard(5000)
  expect(of(dir1, 'one-way')).toEqual([
    ['one-way', 'node rs3', 'rs3 does not hear dir1, which hears it: nothing comes from dir1 to rs3'],
  ])
  const rs3 = node('rs3')
  rs3.feed({ kind: 'lease-up' })
  for (let second = 0; second < 8; second++) {
    says(rs3, 'dir1', { unheard: ['rs3'] })
    goesOn(rs3, 1000, statusOf('rs3', 'dir1'))
  }
  expect(of(rs3, 'one-way')).toEqual([
    ['one-way', 'node dir1', 'dir1 does not hear rs3, which hears it: nothing comes from rs3 to dir1'],
  ])
  const { hint, evidence } = rs3.core.status(rs3.now()).troubles.find(({ code }) => code === 'one-way') ?? {}
  expect(evidence).toMatch(/^heartbeat links of both: /)
  expect(hint).toMatch(/from rs3 to dir1: on rs3: ip route get 10\.\d+\.0\.1\b.*nft list ruleset on both/)
})

test('a realserver that is not heard here, and by others, is named with the direction, once they could know that it is dead', () => {
  const dir1 = begun()
  const gone = (silentMs: number, word: Partial<StateMessage>): void => {
    says(dir1, 'dir2', word)
    goesOn(dir1, 1000, heard({ rs3: { life: 'dead', silentMs } }))
  }
  gone(2900, { unheard: [] })
  expect(of(dir1, 'heard-by-others')).toEqual([])
  gone(9000, { unheard: [] })
  expect(of(dir1, 'heard-by-others')).toEqual([
    ['heard-by-others', 'node rs3', 'dir1 does not hear rs3, which dir2 heard: nothing comes from rs3 to dir1'],
  ])
  gone(9000, { unheard: ['rs3'] })
  expect(of(dir1, 'heard-by-others'), 'nobody hears it').toEqual([])
  gone(2900, { unheard: [] })
  expect(of(dir1, 'heard-by-others')).toEqual([])
  goesOn(dir1, 1000, heard({ rs3: { life: 'dead', silentMs: 3900 } }))
  expect(of(dir1, 'heard-by-others'), 'it did not speak since').toEqual([])
  gone(3900, { unheard: [] })
  expect(of(dir1, 'heard-by-others')).toHaveLength(1)
})

test('many that are not heard for one cause are one trouble, and two nodes that neither vote nor direct say nothing of each other', () => {
  const trouble = (code: string, name: string) => ({
    ...{ code, severity: 'warning' as const, object: `node ${name}`, hint: `from ${name}` },
    message: `of ${name}`,
  })
  const codes = ['heard-by-others', 'one-way']
  const all = (names: readonly string[]) => codes.flatMap((code) => names.map((name) => trouble(code, name)))
  expect(onePerDirection('dir1', all(['rs1', 'rs2']))).toEqual(all(['rs1', 'rs2']))
  const those = ['rs1', 'rs2', 'rs3', 'rs4', 'rs5']
  expect(onePerDirection('dir1', all(those)).map(({ object, message }) => [object, message])).toEqual([
    ['node dir1', 'rs1, rs2, rs3, rs4 and 1 more do not hear dir1, which hears them: nothing comes from dir1 to them'],
    [
      'node dir1',
      'dir1 does not hear rs1, rs2, rs3, rs4 and 1 more, which others heard: nothing comes from them to dir1',
    ],
  ])

  const rs3 = node('rs3')
  rs3.feed({ kind: 'lease-up' })
  const status = statusOf('rs3', 'dir1')
  const dead = { life: 'dead', silentMs: 9000 } as const
  const peers = status.peers.map((peer) => (peer.name === 'dir2' ? peer : { ...peer, ...dead }))
  for (let second = 0; second < 8; second++) {
    says(rs3, 'dir2', { unheard: [] })
    goesOn(rs3, 1000, { ...status, peers })
  }
  const told = of(rs3, 'heard-by-others').map(([, object]) => object)
  expect(told).toContain('node dir1')
  for (const { name, voter, roles } of rs3.core.status(rs3.now()).nodes)
    if (!voter && !roles.includes('director')) expect(told).not.toContain(`node ${name}`)
})

test('what somebody changes again and again is a fight, until a minute after', () => {
  const dir1 = begun()
  const change = (): void => {
    const [service] = dir1.kern.state.services
    if (service)
      dir1.kern.state.services[0] = {
        ...service,
        dests: service.dests.filter(({ address }) => address !== '10.11.0.11'),
      }
    dir1.feed({ kind: 'changed' })
    goesOn(dir1, 2000, heard({}))
  }
  change()
  change()
  expect(of(dir1, 'fought-over')).toEqual([])
  change()
  expect(of(dir1, 'fought-over')).toEqual([
    [
      'fought-over',
      expect.stringMatching(/ in IPVS service /),
      expect.stringMatching(/^somebody changes .* again and again/),
    ],
  ])
  goesOn(dir1, 62_000, heard({}))
  expect(of(dir1, 'fought-over')).toEqual([])
})

test('whoever clears the whole table is one trouble of each service, critical where clients are served by it', () => {
  const fought = (owner: string) => {
    const one = node('dir1')
    one.feed({ kind: 'lease-up' })
    goesOn(one, 2000, statusOf('dir1', owner))
    for (let times = 0; times < 4; times++) {
      one.kern.state.services = []
      one.feed({ kind: 'changed' })
      goesOn(one, 2000, statusOf('dir1', owner))
    }
    return one.core.status(one.now()).troubles.filter(({ code }) => code === 'fought-over')
  }
  const [first, ...more] = fought('dir1')
  expect(more).toEqual([])
  expect(first).toMatchObject({ severity: 'critical', object: 'IPVS service tcp 10.11.0.10:80' })
  expect(first?.hint).toMatch(/keepalived/)
  expect(fought('dir2')).toMatchObject([{ severity: 'warning', object: 'IPVS service tcp 10.11.0.10:80' }])
})

test('who clears the table, and then changes one weight in it, is told of both within the minute', () => {
  const dir1 = begun()
  const thrice = (change: () => void): void => {
    for (let times = 0; times < 3; times++) {
      change()
      dir1.feed({ kind: 'changed' })
      goesOn(dir1, 2000, heard({}))
    }
  }
  thrice(() => (dir1.kern.state.services = []))
  expect(of(dir1, 'fought-over').map(([, object]) => object)).toEqual(['IPVS service tcp 10.11.0.10:80'])
  thrice(() => {
    const [service] = dir1.kern.state.services
    const dests = service?.dests.map((dest) => (dest.address === '10.11.0.11' ? { ...dest, weight: 7 } : dest)) ?? []
    if (service) dir1.kern.state.services[0] = { ...service, dests }
  })
  expect(of(dir1, 'fought-over').map(([, object]) => object)).toEqual([
    'IPVS service tcp 10.11.0.10:80',
    '10.11.0.11:80 in IPVS service tcp 10.11.0.10:80',
  ])
  const last = dir1.core.status(dir1.now()).troubles.findLast(({ code }) => code === 'fought-over')
  expect(last?.message).toMatch(/^somebody changes 10\.11\.0\.11:80 in .* \(rs1 of service http\) again and again/)
  expect(last?.evidence).toMatch(/; found last: weight 7; the last repair: edit 10\.11\.0\.11:80 dr weight 1 /)
})

test('whoever switches forwarding off switches it off on every interface: one trouble', () => {
  const dir1 = begun()
  const FORWARDING = /^net\/ipv4\/(ip_forward|conf\/[^/]+\/forwarding)$/
  const off: string[] = []
  for (let times = 0; times < 4; times++) {
    for (const path of dir1.kern.state.sysctls.keys())
      if (FORWARDING.test(path)) {
        dir1.kern.state.sysctls.set(path, '0')
        off.push(path)
      }
    dir1.feed({ kind: 'changed' })
    goesOn(dir1, 2000, heard({}))
  }
  expect(new Set(off).size).toBeGreaterThan(2)
  expect(of(dir1, 'fought-over').map(([, object]) => object)).toEqual(['sysctl net/ipv4/ip_forward'])
})

test('what takes two operations to mend is one repair', () => {
  const dir1 = node('dir1')
  dir1.kern.state.syncDaemons = []
  dir1.feed({ kind: 'lease-up' })
  goesOn(dir1, 2000, heard({}))
  const change = (): void => {
    dir1.kern.state.syncDaemons = dir1.kern.state.syncDaemons?.map((one) => ({ ...one, syncId: 99 }))
    dir1.feed({ kind: 'changed' })
    goesOn(dir1, 2000, heard({}))
  }
  change()
  change()
  expect(dir1.kern.state.syncDaemons.map(({ syncId }) => syncId)).not.toContain(99)
  expect(of(dir1, 'fought-over')).toEqual([])
  change()
  expect(of(dir1, 'fought-over').map(([, object]) => object)).toEqual([
    'the backup daemon of connection synchronisation',
    'the master daemon of connection synchronisation',
  ])
})

test('whoever changes it faster than the agent looks fights as well; what the kernel refuses is no fight', () => {
  const dir1 = begun()
  const change = (): void => {
    const [service] = dir1.kern.state.services
    if (service)
      dir1.kern.state.services[0] = { ...service, dests: service.dests.map((dest) => ({ ...dest, weight: 7 })) }
  }
  const fast = (): void => {
    for (let ms = 0; ms < 6000; ms += 20) {
      change()
      if (ms % 1000 === 0) dir1.feed({ kind: 'lease-status', status: heard({}) })
      dir1.run(20)
    }
  }
  dir1.kern.refuses = () => 'EBUSY'
  fast()
  expect(of(dir1, 'fought-over')).toEqual([])
  dir1.kern.refuses = () => ''
  goesOn(dir1, 62_000, heard({}))
  fast()
  expect(of(dir1, 'fought-over').map(([, object]) => object)).toEqual(
    dir1.kern.state.services[0]?.dests.map(() => expect.stringMatching(/ in IPVS service /)),
  )
})

test('what only follows from a full state directory is not said beside it, and the directory is said once', () => {
  const dir1 = begun()
  const full = { severity: 'critical', message: 'cannot be written' } as const
  dir1.feed({ kind: 'trouble', source: 'events', trouble: { ...full, code: 'events-not-kept' } })
  expect(of(dir1, 'events-not-kept', 'state-not-kept')).toHaveLength(1)
  dir1.feed({ kind: 'trouble', source: 'state directory', trouble: { ...full, code: 'state-not-kept' } })
  const lease = { ...heard({}), troubles: [{ ...full, code: 'state-not-kept', message: 'the lease process cannot' }] }
  dir1.feed({ kind: 'lease-status', status: lease })
  expect(of(dir1, 'events-not-kept', 'state-not-kept')).toEqual([
    ['state-not-kept', undefined, 'the lease process cannot'],
  ])
})

test('a trouble says since when it lasts, to the second, and the same as long as it does', () => {
  const dir1 = begun()
  dir1.feed({ kind: 'trouble', source: 'a', trouble: { code: 'cannot-ping', severity: 'warning', message: 'no' } })
  goesOn(dir1, 3000, heard({}))
  const since = () => dir1.core.status(dir1.now()).troubles.find(({ code }) => code === 'cannot-ping')?.since
  const first = since()
  expect(first).toBeDefined()
  goesOn(dir1, 20_000, heard({}))
  expect(since()).toBe(first)
})

test('what is refused for one reason is one trouble, of all that it is refused for', () => {
  const dir1 = begun()
  dir1.kern.state.services.splice(0)
  dir1.kern.refuses = ({ kind }) => (kind === 'sysctl' ? 'EROFS, read-only' : '')
  dir1.kern.state.sysctls.clear()
  goesOn(dir1, 3000, heard({}))
  const refused = dir1.core.status(dir1.now()).troubles.filter(({ code }) => code === 'kernel-refused')
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatchObject({
    message: expect.stringMatching(/^cannot sysctl .*: EROFS, read-only, and \d+ more for this reason$/),
    evidence: expect.stringMatching(/^also refused: sysctl /),
  })
})

test('what a node says of others keeps it from nothing; what it says of itself does', () => {
  const rs1 = node('rs1')
  rs1.feed({ kind: 'lease-up' })
  const status = statusOf('rs1', 'dir1')
  const own = (one: TestNode) => one.core.status(one.now()).nodes.find(({ name }) => name === one.name)
  const peers = status.peers.map((peer) => (peer.name === 'dir2' ? { ...peer, agentless: 'it does not start' } : peer))
  goesOn(rs1, 7000, { ...status, peers })
  expect(of(rs1, 'agent-silent')).toHaveLength(1)
  expect(own(rs1)).toMatchObject({ state: 'serving' })
  rs1.kern.unread = 'EPERM, not permitted'
  goesOn(rs1, 3000, { ...status, peers })
  expect(own(rs1)).toMatchObject({ state: 'troubled', reason: expect.stringContaining('cannot read the kernel') })
})
