/** Which view counts, in which order what follows from it is done, and when the sockets are opened anew. */
import { type LeaseLink, type LeaseNode, type LeaseView, type Outgoing } from '@lvsm/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import type { UdpEvents, UdpLinks } from './adapters/network/udp.ts'
import { links, VIEW, GROUP, ADDRESS, PAIR } from './fixture-view.ts'
import { type ViewPorts, Views } from './views.ts'

let log: string[] = []
let said: string[] = []
/** Source → code of the troubles that are present. */
const troubles = new Map<string, string>()
/** Errors of the links that are opened next, by name. */
let broken: Record<string, string> = {}
let watches = true
let events: UdpEvents | undefined
let ports: ViewPorts
let views: Views
let opened = 0
/** What was asked for, each time; in the log, where a test wants it, only another one. */
let guards: string[] = []
let showGuards = false
/** Revision of the view whose links the last opening replaces. */
let replaced: number | null = null
beforeEach(() => {
  log = []
  said = []
  troubles.clear()
  broken = {}
  watches = true
  opened = 0
  guards = []
  showGuards = false
  ports = {
    openLinks: (view, heard, before) => {
      const number = ++opened
      replaced = before?.revision ?? null
      log.push(`open ${number} of revision ${view.revision}`)
      events = heard
      for (const link of view.nodes.find(({ name }) => name === view.node)?.links ?? []) {
        const code = broken[link.name]
        if (code) heard.linkFailed(link, Object.assign(new Error(`bind ${code}`), { code }))
      }
      const one: UdpLinks = {
        send: ({ sequence }) => void log.push(`send ${sequence} over ${number}`),
        rekey: ({ signWith }) => void log.push(`sign with ${signWith} over ${number}`),
        close: () => void log.push(`close ${number}`),
      }
      return one
    },
    guard: (guarded, perSecond) => {
      const text = `guard ${guarded.map(({ name, peers }) => `${name} ${peers.join(' ')}`.trim()).join(', ')} at ${perSecond}`
      if (showGuards && text !== guards.at(-1)) log.push('guard')
      guards.push(text)
    },
    received: (_, link) => void log.push(`received ${link}`),
    watch: (groups) => log.push(`watch ${groups.map(({ name }) => name).join()}`) > 0 && watches,
    trouble: (source, trouble) => {
      if (trouble) troubles.set(source, trouble.code)
      else troubles.delete(source)
    },
    takes: () => true,
    feed: ({ revision }) => void log.push(`feed ${revision}`),
    keep: ({ revision }) => void log.push(`keep ${revision}`),
    say: (text) => void said.push(text),
    count: (reason) => void log.push(`count ${reason}`),
    fail: (text) => void log.push(`fail: ${text}`),
  }
  views = new Views('dir1', ports)
})
const send = (sequence: number): void => views.send({ sequence } as Outgoing, [])
const took = (): string[] => log.splice(0)

test('a view has its links and its watches before the core sees it, and is kept when it is in use', () => {
  views.heard(VIEW)
  expect(took()).toEqual(['open 1 of revision 1', 'watch web', 'feed 1', 'keep 1'])
  expect(said).toEqual([])
})
test.each<[string, Partial<LeaseView>]>([
  [
    'a port that is none',
    { nodes: [{ name: 'dir1', voter: true, links: [{ name: 'a', address: '10.0.0.1', port: 0 }] }] },
  ],
  [
    'an address that is none',
    { nodes: [{ name: 'dir1', voter: true, links: [{ name: 'a', address: '10.0.0.999', port: 1 }] }] },
  ],
  [
    'an address of IPv6 that is none',
    { nodes: [{ name: 'dir1', voter: true, links: [{ name: 'a', address: '2001:db8::1::2', port: 1 }] }] },
  ],
  [
    'a floating address of IPv6 with a prefix that is none',
    { groups: [{ ...GROUP, addresses: [{ ...ADDRESS, address: '2001:db8::1', prefix: 129 }] }] },
  ],
  ['a prefix that is none', { groups: [{ ...GROUP, addresses: [{ ...ADDRESS, prefix: 33 }] }] }],
  ['an interface that is none', { groups: [{ ...GROUP, addresses: [{ ...ADDRESS, ifindex: -1 }] }] }],
  ['a floating address that is none', { groups: [{ ...GROUP, addresses: [{ ...ADDRESS, address: 'x' }] }] }],
  ['a group twice', { groups: [GROUP, GROUP] }],
  ['a group without a name', { groups: [{ ...GROUP, name: '' }] }],
  ['a node twice', { nodes: [...VIEW.nodes, ...VIEW.nodes] }],
  ['a key that is none', { keys: [{ id: 1, algorithm: 'sha256', secret: 'swordfish' }] }],
  ['a key to sign with that is not there', { signWith: 2 }],
  ...(
    [
      ['a key of a pair to sign with that is not there', { signWith: 0x8082 }],
      ['a pair that signs with what it does not accept', { signWith: 0, shared: false }],
      ['a key of a pair below their ids', { signWith: 1, keys: [{ id: 1, secret: 'cd'.repeat(32) }] }],
      ['a key of a pair that is short', { keys: [{ id: 0x8081, secret: 'cd' }] }],
    ] as const
  ).map(([what, wrong]): [string, Partial<LeaseView>] => [
    what,
    { nodes: [VIEW.nodes[0] as LeaseNode, { name: 'dir2', voter: true, links: [], pair: { ...PAIR, ...wrong } }] },
  ]),
  ['a cluster without a name', { cluster: '' }],
])('a view with %s is refused, from the disk too, and nothing is touched', (_, part) => {
  expect(views.remembered({ ...VIEW, ...part })).toBe(false)
  views.heard({ ...VIEW, ...part })
  expect(took()).toEqual([])
  expect(said).toEqual([expect.stringMatching(/^refused a view: /), expect.stringMatching(/^refused a view: /)])
  expect(said.join()).not.toContain('swordfish')
})
test('one whose turn has not come is the core’s to keep, and nothing is touched', () => {
  views.heard(VIEW)
  took()
  ports.takes = () => false
  views.heard({ ...VIEW, revision: 2, cluster: 'else' })
  expect(views.remembered({ ...VIEW, revision: 3, cluster: 'else' })).toBe(false)
  expect([took(), troubles.size]).toEqual([['feed 2', 'feed 3'], 0])
})
test.each([
  [0, true],
  [4_000_001, true],
  [2, false],
])('an epoch that is none is refused: %d, of coordinators: %s', (epoch, followed) => {
  views.heard({ ...VIEW, epoch, followed })
  expect(took()).toEqual([])
  expect(said).toEqual([expect.stringContaining(`epoch ${epoch}`)])
})
test('the last view is not written again', () => {
  expect(views.remembered(VIEW)).toBe(true)
  expect(took()).toEqual(['open 1 of revision 1', 'watch web', 'feed 1'])
})

describe('the rules in front of the ports', () => {
  const at = (address: string): LeaseView => ({
    ...VIEW,
    revision: 2,
    nodes: VIEW.nodes.with(1, { name: 'dir2', voter: true, links: [{ name: 'outside', address, port: 6940 }] }),
  })
  const RATE = 300
  beforeEach(() => {
    showGuards = true
  })

  test('are there before the core sees the view', () => {
    views.heard(VIEW)
    expect(took()).toEqual(['open 1 of revision 1', 'guard', 'watch web', 'feed 1', 'keep 1'])
  })

  test('know a peer that moves before anybody listens to it, and where it was until the network changes again', () => {
    views.heard(at('10.11.0.2'))
    took()
    views.heard({ ...at('10.11.0.7'), revision: 3 })
    expect(took().slice(0, 3)).toEqual(['guard', 'close 1', 'open 2 of revision 3'])
    views.heard({ ...at('10.11.0.7'), revision: 4 })
    views.heard({ ...at('10.11.0.8'), revision: 5 })
    expect([...new Set(guards)]).toEqual([
      `guard inside, outside 10.11.0.2 at ${RATE}`,
      `guard inside, outside 10.11.0.7 10.11.0.2 at ${RATE}`,
      `guard inside, outside 10.11.0.8 10.11.0.7 at ${RATE}`,
    ])
  })
  test('let more through the more groups there are, and the more often they speak', () => {
    views.heard(VIEW)
    const three = ['web', 'mail', 'dns'].map((name) => ({ name, digest: 'd', directors: ['dir1'], addresses: [] }))
    views.heard({ ...VIEW, revision: 2, groups: three })
    views.heard({ ...VIEW, revision: 3, groups: three, timing: { ...VIEW.timing, keepaliveMs: 50 } })
    expect(guards.map((text) => Number(/at (\d+)$/.exec(text)?.[1]))).toEqual([300, 420, 640])
  })
  test('are not touched before the ports are ours', () => {
    broken = { inside: 'EADDRINUSE', outside: 'EADDRINUSE' }
    views.heard(VIEW)
    expect(guards).toEqual([])
  })
})

describe('what is refused changes nothing', () => {
  test.each([
    ['of another node', { ...VIEW, node: 'dir2' }, 'refused a view of node dir2: this process is dir1'],
    [
      'with a lease that no fence can hold',
      { ...VIEW, timing: { ...VIEW.timing, leaseMs: 100 } },
      /^refused a view: lease 100 ms </,
    ],
    [
      'with a lease longer than any',
      { ...VIEW, timing: { ...VIEW.timing, leaseMs: 60_000 } },
      /^refused a view: lease 60000 ms > 30000 ms/,
    ],
    [
      'with no time at all',
      { ...VIEW, timing: { ...VIEW.timing, leaseMs: Number.POSITIVE_INFINITY } },
      /^refused a view: /,
    ],
  ])('%s', (_, view, why) => {
    views.heard(view)
    expect(views.remembered(view)).toBe(false)
    expect(took()).toEqual([])
    expect(said).toEqual([expect.stringMatching(why), expect.stringMatching(why)])
    expect([...troubles]).toEqual([['view', 'view-refused']])
    views.heard(VIEW)
    expect(troubles.size).toBe(0)
    took()
    views.heard(view)
    send(1)
    expect(took()).toEqual(['send 1 over 1'])
  })
})

describe('sockets', () => {
  test('know what they replace: a peer that moved may still speak from where it was', () => {
    views.heard(VIEW)
    expect(replaced).toBeNull()
    views.heard({ ...VIEW, revision: 2 })
    views.heard({ ...VIEW, revision: 3, nodes: VIEW.nodes.map((node) => ({ ...node, links })) })
    expect([opened, replaced]).toEqual([2, 1])
  })

  test.each([
    ['another revision', { ...VIEW, revision: 2 }],
    ['other groups', { ...VIEW, revision: 2, groups: [] }],
    ['other timing', { ...VIEW, revision: 2, timing: { ...VIEW.timing, drainMs: 100 } }],
    [
      'another voter',
      { ...VIEW, revision: 2, nodes: VIEW.nodes.map((node) => ({ ...node, voter: node.name === 'dir1' })) },
    ],
  ])('stay for %s', (_, next) => {
    views.heard(VIEW)
    took()
    views.heard(next)
    expect(took()).toEqual([`watch ${next.groups.map(({ name }) => name).join()}`, 'feed 2', 'keep 2'])
    send(1)
    expect(took()).toEqual(['send 1 over 1'])
  })
  test.each([
    ['another link of this node', { ...VIEW, nodes: [{ ...VIEW.nodes[0], links: links.slice(1) }, VIEW.nodes[1]] }],
    ['another link of a peer', { ...VIEW, nodes: [VIEW.nodes[0], { ...VIEW.nodes[1], links }] }],
    [
      'another port',
      { ...VIEW, nodes: [{ ...VIEW.nodes[0], links: links.map((link) => ({ ...link, port: 6941 })) }, VIEW.nodes[1]] },
    ],
    ['another peer', { ...VIEW, nodes: [...VIEW.nodes, { name: 'rs1', voter: true, links: [] }] }],
    ['another cluster', { ...VIEW, cluster: 'else' }],
  ] as [string, LeaseView][])('are opened anew for %s, after the old ones were closed', (_, next) => {
    views.heard(VIEW)
    took()
    views.heard({ ...next, revision: 2 })
    expect(took()).toEqual(['close 1', 'open 2 of revision 2', 'watch web', 'feed 2', 'keep 2'])
    send(1)
    expect(took()).toEqual(['send 1 over 2'])
    views.heard({ ...next, revision: 3 })
    expect(took()).toEqual(['watch web', 'feed 3', 'keep 3'])
  })
  test.each([
    ['another key', { ...VIEW, keys: [{ ...VIEW.keys[0], secret: 'cd' }] }],
    ['another key to sign with', { ...VIEW, keys: [...VIEW.keys, { ...VIEW.keys[0], id: 2 }], signWith: 2 }],
    ['keys of a pair', { ...VIEW, nodes: [VIEW.nodes[0], { ...VIEW.nodes[1], pair: PAIR }] }],
  ] as [string, LeaseView][])('stay open for %s, so that nothing is lost that waits in them', (_, next) => {
    views.heard(VIEW)
    took()
    views.heard({ ...next, revision: 2 })
    expect(took()).toEqual([`sign with ${next.signWith} over 1`, 'watch web', 'feed 2', 'keep 2'])
    views.heard({ ...next, revision: 3 })
    expect(took()).toEqual(['watch web', 'feed 3', 'keep 3'])
  })
  test('carry nothing before the first view', () => {
    send(1)
    views.close()
    expect(took()).toEqual([])
  })
  test('are closed with it', () => {
    views.heard(VIEW)
    took()
    views.close()
    expect(took()).toEqual(['close 1'])
  })
  test('that cannot be bound are a trouble until they can, or are no links any more', () => {
    broken = { outside: 'EADDRNOTAVAIL' }
    views.heard(VIEW)
    expect([...troubles]).toEqual([['link outside', 'link-down']])
    events?.linkBack(links[1] as LeaseLink)
    expect(troubles.size).toBe(0)
    events?.linkFailed(links[1] as LeaseLink, new Error('ENETDOWN'))
    expect(troubles.size).toBe(1)
    broken = {}
    views.heard({ ...VIEW, cluster: 'else' })
    expect(troubles.size).toBe(0)
  })
  test('hand on what comes in, and what is counted', () => {
    views.heard(VIEW)
    took()
    events?.received({} as never, 1)
    events?.count('drop-mac')
    expect(took()).toEqual(['received 1', 'count drop-mac'])
  })
})

describe('a link that cannot be used', () => {
  test.each([
    ['EADDRINUSE', /^link inside \(10\.12\.0\.1 port 6940\): bind EADDRINUSE; another program uses this port: stop it/],
    [
      'EADDRNOTAVAIL',
      /^link inside \(10\.12\.0\.1 port 6940\): bind EADDRNOTAVAIL; this node has no such address: correct/,
    ],
    [
      'EACCES',
      /^link inside \(10\.12\.0\.1 port 6940\): bind EACCES; heartbeats on this link are off; it is tried again/,
    ],
  ])('by %s is told with what to do, and counted; the others go on', (code, text) => {
    broken = { inside: code }
    views.heard(VIEW)
    expect(said).toEqual([expect.stringMatching(text)])
    expect(took()).toEqual(['open 1 of revision 1', 'count link-failed', 'watch web', 'feed 1', 'keep 1'])
    events?.linkBack(links[0] as LeaseLink)
    expect(said.at(-1)).toBe('link inside (10.12.0.1 port 6940): works now')
  })
})

describe('when other programs have all of this node’s ports', () => {
  beforeEach(() => {
    broken = { inside: 'EADDRINUSE', outside: 'EADDRINUSE' }
  })
  test('the first view of the reconciler ends the process, which has touched nothing', () => {
    views.heard(VIEW)
    expect(took()).toEqual([
      'open 1 of revision 1',
      'count link-failed',
      'count link-failed',
      'close 1',
      'fail: no link of this node can be used: nothing was changed',
    ])
  })
  test('one is all, where it has one', () => {
    views.heard({ ...VIEW, nodes: [{ name: 'dir1', voter: true, links: links.slice(0, 1) }] })
    expect(took().at(-1)).toMatch(/^fail: no link/)
  })
  test('the last view is left alone: it may be out of date', () => {
    expect(views.remembered(VIEW)).toBe(false)
    expect(took()).toEqual(['open 1 of revision 1', 'count link-failed', 'count link-failed', 'close 1'])
    expect(said.at(-1)).toBe('the last view cannot be used: waiting for the reconciler')
    send(1)
    expect(took()).toEqual([])
    // The same view may be the right one all the same.
    broken = {}
    views.heard(VIEW)
    expect(took()).toEqual(['open 2 of revision 1', 'watch web', 'feed 1', 'keep 1'])
  })
  test('a later view changes nothing about that: an owner goes on', () => {
    broken = {}
    views.heard(VIEW)
    broken = { inside: 'EADDRINUSE', outside: 'EADDRINUSE' }
    took()
    views.heard({ ...VIEW, revision: 2, cluster: 'else' })
    expect(took().filter((line) => !line.startsWith('count'))).toEqual([
      'close 1',
      'open 2 of revision 2',
      'watch web',
      'feed 2',
      'keep 2',
    ])
  })
})
test('one of them for another reason, or a node without links, is no such case', () => {
  broken = { inside: 'EADDRINUSE', outside: 'EADDRNOTAVAIL' }
  views.heard(VIEW)
  expect(took()).toContain('feed 1')
  const none = new Views('dir2', ports)
  none.heard({ ...VIEW, node: 'dir2' })
  expect(took()).toEqual(['open 2 of revision 1', 'watch web', 'feed 1', 'keep 1'])
})
test('a retry that fails later counts for no other opening', () => {
  broken = { inside: 'EADDRINUSE' }
  views.heard(VIEW)
  const first = events
  broken = {}
  views.heard({ ...VIEW, revision: 2, cluster: 'else' })
  first?.linkFailed(links[0] as LeaseLink, Object.assign(new Error('bind'), { code: 'EADDRINUSE' }))
  took()
  send(1)
  expect(took()).toEqual(['send 1 over 2'])
})

test('where the kernel cannot be watched the core sees nothing', () => {
  watches = false
  views.heard(VIEW)
  expect(took()).toEqual(['open 1 of revision 1', 'watch web'])
  expect(views.remembered(VIEW)).toBe(false)
})
