/** Nodes with different configurations: the odd one and its field are named, on every node alike; what is on its way is no trouble. */
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { configOf, goesOn, node, statusOf, type TestNode } from './fixture.ts'

const NAMES = ['dir1', 'dir2', 'rs1', 'rs2', 'rs3']
/** A whole cluster, of which some have another file; they hear each other for so long. */
function cluster(texts: Readonly<Record<string, string>>, names: readonly string[] = NAMES): Map<string, TestNode> {
  const nodes = new Map(names.map((name) => [name, node(name, undefined, texts[name] ?? SAMPLE)]))
  for (const one of nodes.values()) one.feed({ kind: 'lease-up' })
  talk(nodes, 3000)
  return nodes
}
function talk(nodes: ReadonlyMap<string, TestNode>, ms: number): void {
  for (let left = ms; left > 0; left -= 1000) {
    for (const one of nodes.values()) goesOn(one, 1000, statusOf(one.name, 'dir1'))
    for (const one of nodes.values())
      for (const { text } of one.take('message'))
        for (const other of nodes.values()) if (other !== one) other.feed({ kind: 'message', from: one.name, text })
  }
}
const said = (one: TestNode | undefined) =>
  one?.core
    .status(one.now())
    .troubles.filter(({ code, node: of }) => code === 'disagreement' && of === one.name)
    .map(({ severity, object, message }) => ({ severity, object, message }))
const odd = (message: string, name = 'dir2') => [{ severity: 'critical', object: `node ${name}`, message }]
const other = (here: string, there: string): string => {
  if (!SAMPLE.includes(here)) throw new Error(`the sample has no ${here}`)
  return SAMPLE.replace(here, there)
}

const OTHERWISE: readonly (readonly [what: string, here: string, there: string, subject: string, exactly: unknown])[] =
  [
    ['how long a lease lasts', 'lease: 350ms', 'lease: 400ms', 'timing', 'timing lease: 400ms at dir2, 350ms at dir1'],
    [
      'a ping node',
      'ping: [10.11.0.100]',
      'ping: [10.11.0.101]',
      'ping nodes',
      'ping of group web: 10.11.0.101 at dir2, 10.11.0.100 at dir1',
    ],
    [
      'an address',
      'vips: [10.11.0.10/24]',
      'vips: [10.11.0.10/24, 10.11.0.9/24]',
      'addresses, interfaces',
      'addresses of group web: 10.11.0.10 10.11.0.9 10.12.0.254 at dir2, 10.11.0.10 10.12.0.254 at dir1',
    ],
    [
      'the directors',
      'directors: [dir1, dir2]',
      'directors: [dir2, dir1]',
      'directors',
      'directors of group web: dir2 dir1 at dir2, dir1 dir2 at dir1',
    ],
    [
      'the port of a realserver',
      'port: 8080',
      'port: 8081',
      'realservers',
      'port of realserver http/rs3: 8081 at dir2, 8080 at dir1',
    ],
    [
      'a scheduler',
      'scheduler: wrr',
      'scheduler: lc',
      'schedulers',
      'scheduler of service http: lc at dir2, wrr at dir1',
    ],
    ['a check', 'rise: 2', 'rise: 3', 'checks', 'check rise of service http: 3 at dir2, 2 at dir1'],
    [
      'an id of synchronisation',
      'sign-with: 1',
      'sign-with: 1\nsync-id: 77',
      'synchronisation',
      'sync id: 77 at dir2, 167 at dir1',
    ],
    [
      'no synchronisation',
      'sign-with: 1',
      'sign-with: 1\nsync: false',
      'synchronisation',
      expect.stringContaining('sync id: not said at dir2, 167 at dir1'),
    ],
    [
      'hooks',
      'ping: [10.11.0.100]',
      'ping: [10.11.0.100]\n    take-hooks: [route]',
      'hooks',
      'take-hooks of group web: route at dir2, not said at dir1',
    ],
    [
      'a prefix length',
      'vips: [10.11.0.10/24]',
      'vips: [10.11.0.10/32]',
      'interfaces',
      'prefix of address web/10.11.0.10: 32 at dir2, 24 at dir1',
    ],
    [
      'an interface',
      'vips: [10.11.0.10/24]',
      'vips: [{ address: 10.11.0.10/24, interface: eth9 }]',
      'interfaces',
      'interface of address web/10.11.0.10: eth9 at dir2, not said at dir1',
    ],
    [
      'an address of another node',
      'address: 10.12.0.1, port',
      'address: 10.12.0.91, port',
      'links',
      'address of link dir1/inside: 10.12.0.91 at dir2, 10.12.0.1 at dir1',
    ],
    [
      'how answers come back',
      'gateway: 10.12.0.254, w',
      'gateway: 10.12.0.254, route: policy, w',
      'gateways',
      expect.stringContaining('route of realserver http/rs3'),
    ],
    [
      'where it listens',
      'sign-with: 1',
      'sign-with: 1\nmonitoring-port: 9000',
      'monitoring',
      'monitoring port: 9000 at dir2, not said at dir1',
    ],
    [
      'who is told',
      'sign-with: 1',
      'sign-with: 1\nreceivers: [{ name: page, type: exec, command: [/bin/page, s3cret] }]',
      'receivers',
      expect.not.stringContaining('s3cret'),
    ],
  ]
test.each(OTHERWISE)('the odd node is named, and in what it differs: %s', (_, here, there, subject, exactly) => {
  const nodes = cluster({ dir2: other(here, there) })
  expect(said(nodes.get('dir1')), 'a change on its way').toEqual([])
  talk(nodes, 5000)
  const begin = `dir2 has other ${subject} in its configuration than the other nodes`
  for (const name of NAMES) expect(said(nodes.get(name))?.[0]?.message).toMatch(new RegExp(`^${begin}`))
  talk(nodes, 6000)
  for (const name of NAMES) {
    const [trouble, ...more] = said(nodes.get(name)) ?? []
    expect(more).toEqual([])
    expect(trouble).toMatchObject({ severity: 'critical', object: 'node dir2' })
    expect(trouble?.message.slice(`${begin}: `.length), name).toEqual(exactly)
  }
  const dir1 = nodes.get('dir1')
  const [group] = dir1?.core.status(dir1.now()).groups ?? []
  const [taker] = group?.takers ?? []
  expect(taker?.could === false ? taker.reason : taker?.refused, 'refused up front').toMatch(REFUSED)
})

/** Where the interface itself is not there, that is the reason. */
const REFUSED = /^(?:has other |no interface for )/

test('where no side has more nodes, both are named, and the standby is not ready by plan', () => {
  const nodes = cluster({ dir2: other('scheduler: wrr', 'scheduler: lc') }, ['dir1', 'dir2'])
  talk(nodes, 11_000)
  const message =
    'dir1 and dir2 have different schedulers in their configurations: scheduler of service http: wrr at dir1, lc at dir2'
  for (const one of nodes.values()) expect(said(one)).toEqual(odd(message, 'dir1'))
  const dir2 = nodes.get('dir2')
  const [own] = dir2?.core.status(dir2.now()).nodes.filter(({ name }) => name === 'dir2') ?? []
  expect(own?.reason).toContain(
    'takes web if dir1 fails, and by no order: it has other schedulers in its configuration',
  )
})

test('the table of an owner that has other services says nothing of those here', () => {
  const nodes = cluster({ dir2: SAMPLE.replaceAll('10.11.0.10', '10.11.0.9') })
  talk(nodes, 7000)
  const http = (name: string) => {
    const one = nodes.get(name)
    return one?.core.status(one.now()).services[0]
  }
  expect(http('rs1')).toMatchObject({ told: true, address: '10.11.0.10' })
  expect(http('dir2')).toMatchObject({ told: false, address: '10.11.0.9' })
  expect(http('dir2')?.realservers[0]?.reason).toBe('dir1 has other addresses, services in its configuration')
})

test('a node that is odd in what votes depend on is not ready, and the owner hands nothing over to one that is odd at all', () => {
  const votes = cluster({ dir2: other('vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.9/24]') })
  talk(votes, 5000)
  const owner = votes.get('dir1')
  const [group] = owner?.core.status(owner.now()).groups ?? []
  expect(group?.takers).toMatchObject([
    { node: 'dir2', could: false, reason: expect.stringContaining('other addresses') },
  ])
  expect(votes.get('dir2')?.take('ready').at(-1)).toMatchObject({ ready: false })

  const serving = cluster({ dir2: other('scheduler: wrr', 'scheduler: lc') })
  const dir1 = serving.get('dir1')
  dir1?.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
  expect(dir1?.take('reply')).toMatchObject([
    { outcome: { ok: false, refusals: [{ code: 'no-successor', message: expect.stringContaining(OTHER) }] } },
  ])
})
const OTHER = 'dir2: it has other schedulers in its configuration than dir1'

test('from coordinators, who has an older revision is behind: that is no disagreement until it stays there', () => {
  const changed = other('scheduler: wrr', 'scheduler: lc')
  const nodes = cluster({})
  const gets = (name: string, revision: number, text = changed) => {
    const one = nodes.get(name)
    if (!one) throw new Error(name)
    const config = { ...configOf(text), followed: true, revision }
    one.feed({ kind: 'config', config, secrets: new Map(), facts: NO_FACTS })
  }
  for (const name of NAMES) gets(name, 2, name === 'rs1' ? SAMPLE : changed)
  gets('rs1', 1, SAMPLE)
  talk(nodes, 20_000)
  expect(said(nodes.get('dir1')), 'on its way').toEqual([])
  // It gets on, and so do the others: however long that lasts, it is only behind.
  gets('rs1', 2, SAMPLE)
  for (const name of NAMES) if (name !== 'rs1') gets(name, 3)
  talk(nodes, 20_000)
  expect(said(nodes.get('dir1')), 'it got on').toEqual([])
  talk(nodes, 15_000)
  expect(said(nodes.get('dir1')), 'it stays').toEqual(
    odd(
      'rs1 has other schedulers in its configuration than the other nodes: scheduler of service http: wrr at rs1, lc at dir1',
      'rs1',
    ),
  )
  gets('rs1', 3)
  talk(nodes, 3000)
  expect(said(nodes.get('dir1'))).toEqual([])
  // Of one revision, two that differ are not behind.
  gets('rs1', 3, SAMPLE)
  talk(nodes, 7000)
  expect(said(nodes.get('dir1'))).toHaveLength(1)
})
