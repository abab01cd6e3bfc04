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

test.each([
  ['how long a lease lasts', 'lease: 350ms', 'lease: 400ms', 'timing'],
  ['a ping node', 'ping: [10.11.0.100]', 'ping: [10.11.0.101]', 'ping nodes'],
  ['an address', 'vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.9/24]', 'addresses'],
  ['the directors', 'directors: [dir1, dir2]', 'directors: [dir2, dir1]', 'directors'],
  ['the port of a realserver', 'port: 8080', 'port: 8081', 'realservers'],
  ['a scheduler', 'scheduler: wrr', 'scheduler: lc', 'schedulers'],
  ['a check', 'rise: 2', 'rise: 3', 'checks'],
])('the odd node is named, and in what it differs: %s', (_, here, there, subject) => {
  const nodes = cluster({ dir2: other(here, there) })
  expect(said(nodes.get('dir1')), 'a change on its way').toEqual([])
  talk(nodes, 5000)
  for (const name of NAMES)
    expect(said(nodes.get(name))).toEqual(odd(`dir2 has other ${subject} in its configuration than the other nodes`))
})

test('where no side has more nodes, both are named', () => {
  const nodes = cluster({ dir2: other('scheduler: wrr', 'scheduler: lc') }, ['dir1', 'dir2'])
  talk(nodes, 5000)
  for (const one of nodes.values())
    expect(said(one)).toEqual(odd('dir1 and dir2 have different schedulers in their configurations', 'dir1'))
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
    odd('rs1 has other schedulers in its configuration than the other nodes', 'rs1'),
  )
  gets('rs1', 3)
  talk(nodes, 3000)
  expect(said(nodes.get('dir1'))).toEqual([])
  // Of one revision, two that differ are not behind.
  gets('rs1', 3, SAMPLE)
  talk(nodes, 7000)
  expect(said(nodes.get('dir1'))).toHaveLength(1)
})
