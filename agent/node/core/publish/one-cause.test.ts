/** An interface that is down is one trouble: what follows from it is not told beside it, and again when it is up. */
import type { Trouble } from '@lvsm/base'
import { type LeaseStatus, sharedText, withoutEchoes } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const own = (one: TestNode): string[] =>
  one.core
    .status(one.now())
    .troubles.filter(({ node: by, severity }) => by === one.name && severity !== 'info')
    .map(({ code }) => code)
    .toSorted()
const SILENT: Trouble = {
  ...{ code: 'link-silent', severity: 'warning', object: 'link outside' },
  message: 'over the heartbeat link outside nothing comes from anybody to dir2, but over another one',
}
const LOSSY: Trouble = { ...SILENT, code: 'lossy-link', message: 'about 40 % of what dir2 sends is lost' }
const UNBOUND: Trouble = { code: 'link-down', severity: 'warning', message: 'link outside (10.11.0.2): cannot listen' }
function cut(name: string, isDown: boolean, why = 'ENETUNREACH'): TestNode {
  const one = node(name)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000)
  const at = one.kern.state.links.findIndex((link) => link.name === 'outside')
  one.kern.state.links[at] = { ...one.kern.state.links[at]!, up: !isDown }
  one.answering.clear()
  for (let count = 0; count < 40; count++) {
    const status: LeaseStatus = { ...statusOf(name, null, 0), troubles: [SILENT, LOSSY, UNBOUND] }
    goesOn(one, 1000, { ...status, counters: { [`send-${why}`]: count * 5 } })
  }
  return one
}

test('loss on a link that is named has nothing to do with another one that is down', () => {
  const down = {
    ...{ code: 'interface-down', severity: 'warning' as const, node: 'dir2', object: 'node dir2' },
    message: 'interface outside is down, needed for heartbeat link outside',
  }
  const lossOn = (link: string) => ({
    ...{ code: 'lossy-link', severity: 'warning' as const, node: 'rs1', object: `link ${link}` },
    message: `about 30 % of what dir2 sends to rs1 over the heartbeat link ${link} is lost`,
  })
  expect(withoutEchoes([down, lossOn('inside')])).toEqual([down, lossOn('inside')])
  expect(withoutEchoes([down, lossOn('outside')])).toEqual([down])
})
test('loss by an interface that its own node says loses is no trouble of the others; over another link it is', () => {
  const netem = {
    ...{ code: 'qdisc-harm', severity: 'critical' as const, node: 'dir2', object: 'interface inside' },
    message: 'interface inside of dir2 loses 45 % of what leaves by it: a queueing discipline netem stands there',
    evidence: 'tc qdisc show dev inside; by it go heartbeat link inside, what clients get',
  }
  const errors = { ...netem, code: 'interface-errors', message: 'interface inside of dir2 has errors of frames' }
  const loss = (from: string, to: string, over: string) => ({
    ...{ code: 'lossy-link', severity: 'warning' as const, node: to },
    object: over === '' ? `node ${from}` : `link ${over}`,
    message: `about 50 % of what ${from} sends to ${to}${over === '' ? '' : ` over the heartbeat link ${over}`} is lost`,
  })
  expect(withoutEchoes([netem, loss('dir2', 'rs3', 'inside')])).toEqual([netem])
  for (const other of [loss('dir2', 'rs1', 'outside'), loss('dir2', 'rs1', ''), loss('dir1', 'rs1', 'inside')])
    expect(withoutEchoes([netem, other])).toEqual([netem, other])
  // What it loses is what leaves it.
  expect(withoutEchoes([netem, loss('dir1', 'dir2', 'inside')])).toHaveLength(2)
  const late = { ...netem, message: 'interface inside of dir2 delays by 50 ms what leaves by it' }
  expect(withoutEchoes([late, loss('dir2', 'rs3', 'inside')])).toHaveLength(2)
  // Frames with errors are what comes in.
  expect(withoutEchoes([errors, loss('dir1', 'dir2', 'inside')])).toEqual([errors])
})
test('a realserver that says that it answers for a VIP, and the owner who hears that, are one cause; another MAC, or VIP, is none', () => {
  const mac = '02:00:00:00:00:12'
  const cause = {
    ...{ code: 'vip-answers', severity: 'critical' as const, node: 'rs2', object: 'address 10.11.0.10' },
    message: 'VIP 10.11.0.10 stands on outside too, where others ask for it',
    evidence: `who asks for 10.11.0.10 is answered by ${mac}`,
  }
  const conflict = (by: string, address = '10.11.0.10') => ({
    ...{ code: 'address-conflict', severity: 'critical' as const, node: 'dir1', object: 'group web' },
    message: `${by} answers for an address of web, which dir1 owns (${address} on outside)`,
  })
  expect(withoutEchoes([conflict(mac), cause])).toEqual([cause])
  for (const other of [conflict('02:00:00:00:00:99'), conflict(mac, '10.11.0.20')])
    expect(withoutEchoes([other, cause])).toEqual([other, cause])
  expect(withoutEchoes([conflict(mac)])).toHaveLength(1)
  const { evidence: _, ...unsaid } = cause
  expect(withoutEchoes([conflict(mac), unsaid])).toHaveLength(2)
})
test('of a director: silence on its link, what it cannot send, ping nodes, and the link as its lease process sees it', () => {
  expect(own(cut('dir2', false))).toEqual(['link-down', 'link-silent', 'lossy-link', 'not-sent', 'ping-unreached'])
  const down = cut('dir2', true)
  expect(own(down)).toEqual(['interface-down'])
  const [one] = down.core.status(down.now()).troubles
  expect(one?.message).toMatch(/^interface outside is down, needed for heartbeat link outside, vip 10\.11\.0\.10/)
  expect(one?.hint).toBe('check the cable, or: ip link set outside up')
})

test('loss and silence on a link whose interface flaps are of that cable, and of no other', () => {
  const inside = { ...SILENT, object: 'link inside' }
  expect(flapping(['outside'], [SILENT, LOSSY, inside])).toEqual(['interface-flaps', 'link-silent'])
})
test('loss over all links that a peer shares is of their interfaces where all of them flap, and of something else where one does not', () => {
  const whole = { ...LOSSY, object: 'node dir1' }
  expect(flapping(['outside'], [whole])).toEqual(['interface-flaps', 'lossy-link'])
  expect(flapping(['inside', 'outside'], [whole])).toEqual(['interface-flaps', 'interface-flaps'])
})
function flapping(names: readonly string[], troubles: readonly Trouble[]): string[] {
  const one = node('dir2')
  one.feed({ kind: 'lease-up' })
  for (let at = 0; at < 10; at++) {
    goesOn(one, 6000, { ...statusOf('dir2', null, 0), troubles })
    const frames = { packets: 0, errors: 0, dropped: 0, kinds: {} }
    const fixed = { lower: [], device: true, pace: null, bond: null, carrierChanges: at * 2, rx: frames, tx: frames }
    const interfaces = names.map((name) => ({ name, ...fixed }))
    const memory = { kills: 0, units: null, pressure: null, left: null, own: false }
    one.feed({ kind: 'vitals', reading: { interfaces, memory, tables: { ipv4: null, ipv6: null, conntrack: null } } })
  }
  return own(one).filter((code) => /^interface|^l/.test(code))
}

test('a node that hears nobody is cut off, and says for what: over all of its links, in place of what it says of them', () => {
  const alone = (name: string, life: 'dead' | 'unknown', one = node(name), seconds = 4): TestNode => {
    one.feed({ kind: 'lease-up' })
    const status = statusOf(name, null, 0)
    const peers = status.peers.map((peer) => ({ ...peer, life, silentMs: 9000 }))
    goesOn(one, seconds * 1000, { ...status, quorum: false, peers })
    return one
  }
  const of = (one: TestNode) => one.core.status(one.now()).troubles.filter(({ code }) => code === 'cut-off')
  const rs1 = cut('rs1', true)
  expect(of(rs1)).toEqual([])
  const inside = rs1.kern.state.links.findIndex((link) => link.name === 'inside')
  rs1.kern.state.links[inside] = { ...rs1.kern.state.links[inside]!, up: false }
  alone('rs1', 'dead', rs1)
  expect(own(rs1)).toEqual(['cut-off'])
  expect(of(rs1)).toMatchObject([
    {
      ...{ severity: 'critical', object: 'node rs1', hint: expect.stringContaining('ip link set outside up') },
      message: expect.stringMatching(
        /^rs1 is cut off and hears no other node: (?=.*interface inside is down)(?=.*interface outside is down, needed for heartbeat link outside)/,
      ),
    },
  ])
  expect(rs1.core.status(rs1.now()).nodes.find(({ name }) => name === 'rs1')).toMatchObject({ state: 'troubled' })
  const [deaf] = of(alone('rs1', 'dead'))
  expect(deaf?.message).toBe('rs1 hears no other node over any link: it is cut off, or all others are down')
  // Who never heard anybody may be the first one that starts.
  expect(of(alone('rs1', 'unknown'))).toEqual([])
  expect(of(alone('rs1', 'unknown', node('rs1'), 16))).toHaveLength(1)
  const majority = node('dir1')
  majority.feed({ kind: 'lease-up' })
  const status = statusOf('dir1', 'dir1')
  goesOn(majority, 4000, { ...status, peers: status.peers.map((peer) => ({ ...peer, life: 'dead' as const })) })
  expect(of(majority)).toEqual([])
})

test('what is not sent for another reason is told beside it', () => {
  expect(own(cut('dir2', true, 'EPERM'))).toEqual(['interface-down', 'not-sent'])
  expect(own(cut('dir2', true, 'ENETDOWN'))).toEqual(['interface-down'])
})

test('of a realserver it is its heartbeat link', () => {
  expect(own(cut('rs1', false))).toEqual(['link-down', 'link-silent', 'lossy-link', 'not-sent'])
  const down = cut('rs1', true)
  expect(own(down)).toEqual(['link-down'])
  expect(down.core.status(down.now()).troubles).toMatchObject([
    {
      ...{ object: 'interface outside', message: 'interface outside is down, needed for heartbeat link outside' },
      hint: 'check the cable, or: ip link set outside up',
    },
  ])
})

test('that others do not hear it there is not told beside it', () => {
  const silent = (by: string, from: string, link = 'outside') => ({
    ...{ code: 'link-silent', severity: 'warning' as const, node: by, object: `link ${link}` },
    message: `over the heartbeat link ${link} nothing comes from ${from} to ${by}, but over another one`,
  })
  const down = (message: string) => ({ code: 'interface-down', severity: 'critical' as const, node: 'dir2', message })
  const others = [silent('dir1', 'rs1'), silent('dir1', 'dir2', 'other'), silent('rs2', 'anybody')]
  for (const message of [
    'interface outside is down, needed for heartbeat link outside, vip 10.11.0.10 of group web',
    'interface outside is down, needed for heartbeat link inside, heartbeat link outside',
  ]) {
    const all = [silent('dir1', 'dir2'), ...others, down(message)]
    expect(withoutEchoes(all)).toEqual([...others, down(message)])
  }
  expect(withoutEchoes([silent('dir1', 'dir2')])).toHaveLength(1)
  const [one, two] = ['dir2', 'rs1'].map((node) => ({
    ...down('interface outside is down, needed for heartbeat link outside'),
    node,
  }))
  const both = silent('dir1', 'dir2, rs1')
  if (!one || !two) throw new Error('not planted')
  expect(withoutEchoes([both, one, two])).toEqual([one, two])
  expect(withoutEchoes([both, one])).toEqual([both, one])
  const many = silent('dir1', 'dir2, rs1 and 2 more')
  expect(withoutEchoes([many, one, two])).toEqual([many, one, two])
})

test('a packet filter that keeps heartbeats of a link in or out is one trouble, here and on the others', () => {
  const rule = (hook: number, port: 'port' | 'sourcePort') => ({
    ...{ family: 'inet', table: 'site', chain: 'c', handle: hook, protocol: 17, more: false, packets: null },
    ...{ hook, [port]: 6940 },
  })
  const dropping = (rules: readonly object[], ...troubles: readonly Trouble[]): string[] => {
    const one = node('dir2')
    one.feed({ kind: 'lease-up' })
    const { observe } = one.kern
    Object.assign(one.kern, {
      observe: (...asked: Parameters<typeof observe>) => ({ ...observe.apply(one.kern, asked), dropRules: rules }),
    })
    goesOn(one, 8000, { ...statusOf('dir2', null, 0), troubles: [...troubles] })
    return own(one)
  }
  const [peer, inside] = [
    { ...LOSSY, object: 'node dir1' },
    { ...SILENT, object: 'link elsewhere' },
  ]
  expect(dropping([rule(1, 'port')], SILENT, LOSSY, peer, inside)).toEqual(['drop-rule', 'link-silent'])
  expect(dropping([], SILENT, LOSSY)).toEqual(['link-silent', 'lossy-link'])
  expect(dropping([{ ...rule(1, 'port'), port: 22 }], SILENT)).toEqual(['link-silent'])
  const beats = {
    ...{ code: 'drop-rule', severity: 'critical' as const, node: 'dir2', object: 'chain inet site out handle 4' },
    message:
      'a rule of chain inet site out of dir2 drops heartbeats that leave over link outside: all that is udp port 6940',
  }
  const silent = (link: string) => ({
    ...{ ...SILENT, node: 'dir1', object: `link ${link}` },
    message: `over the heartbeat link ${link} nothing comes from dir2 to dir1, but over another one`,
  })
  expect(withoutEchoes([beats, silent('outside'), silent('inside')])).toEqual([beats, silent('inside')])
  expect(withoutEchoes([{ ...beats, node: 'rs1' }, silent('outside')])).toHaveLength(2)
})

const RULE = { code: 'drop-rule', severity: 'critical' as const, object: 'chain inet site c handle 4' }
const ruleOf = (node: string, what: string, all = 'udp port 6940') => ({
  ...{ ...RULE, node },
  message: `a rule of chain inet site c of ${node} drops ${what}: all that is ${all}`,
})
test('what other nodes say of one whose packet filter keeps heartbeats in or out follows from that rule: in its direction, on all links that both have', () => {
  const deaf = {
    ...{ code: 'one-way', severity: 'warning' as const, node: 'dir1', object: 'node dir2' },
    message: 'dir2 does not hear dir1, which hears it: nothing comes from dir1 to dir2',
    evidence: sharedText(['outside', 'inside']),
  }
  const mute = {
    ...{ ...deaf, code: 'heard-by-others', node: 'rs1' },
    message: 'rs1 does not hear dir2, which dir1 heard: nothing comes from dir2 to rs1',
  }
  const [comes, leaves] = ['heartbeats that come over link ', 'heartbeats that leave over link ']
  const both = ruleOf('dir2', `${comes}inside, outside`)
  const out = ruleOf('dir2', `${leaves}inside, outside`)
  expect(withoutEchoes([both, deaf, mute])).toEqual([both, mute])
  expect(withoutEchoes([out, deaf, mute])).toEqual([out, deaf])
  // A rule for each link.
  const each = [ruleOf('dir2', `${comes}inside`), ruleOf('dir2', `${comes}outside`)]
  expect(withoutEchoes([...each, deaf])).toEqual(each)
  for (const other of [
    ruleOf('dir2', `${comes}inside`),
    ruleOf('rs1', `${comes}inside, outside`),
    ruleOf('dir2', `${comes}inside, outside`, 'from 10.11.0.3 (rs1), from 10.11.0.4 (rs2)'),
    { ...both, pastMs: 1000 },
  ])
    expect(withoutEchoes([other, deaf])).toEqual([other, deaf])
  const named = ruleOf('dir2', `${comes}inside, outside`, 'from 10.11.0.3 (rs1), from 10.11.0.1 (dir1)')
  expect(withoutEchoes([named, deaf])).toEqual([named])
  const { evidence: _, ...older } = deaf
  expect(withoutEchoes([both, older]), 'of an older agent the links are not known').toHaveLength(2)
})
test('who is not heard over a link is told beside a rule that keeps another one out', () => {
  const silent = {
    ...{ ...SILENT, node: 'dir1' },
    message: 'over the heartbeat link outside nothing comes from dir2 to dir1, but over another one',
  }
  const by = (all: string) => ruleOf('dir1', 'heartbeats that come over link outside', all)
  expect(withoutEchoes([by('from 10.11.0.2 (dir2) udp'), silent])).toHaveLength(1)
  expect(withoutEchoes([by('from 10.11.0.3 (rs1) udp'), silent])).toHaveLength(2)
})
test('what a director does not find for its own packet filter is no difference of verdicts', () => {
  const differ = {
    ...{ code: 'verdicts-differ', severity: 'info' as const, node: 'dir2', object: 'service http' },
    message: 'dir2 does not find rs1 of http failed, as dir1 does, which owns web',
  }
  const rule = ruleOf('dir1', 'what goes to realservers of http', 'to 10.11.0.11 (rs1) tcp')
  expect(withoutEchoes([rule, differ])).toEqual([rule])
  const other = ruleOf('dir1', 'what goes to realservers of http', 'to 10.11.0.12 (rs2) tcp')
  expect(withoutEchoes([other, differ])).toHaveLength(2)
  const own = { ...differ, message: 'dir2 finds rs1 of http failed, and dir1, which owns web, does not' }
  expect(withoutEchoes([{ ...rule, node: 'dir2' }, own])).toHaveLength(1)
  expect(withoutEchoes([rule, own])).toHaveLength(2)
})

test('who hears nobody over a link, while the others hear each other, is the one to look at: what they do not hear of it is not told beside it', () => {
  const silent = (by: string, from: string, link = 'outside') => ({
    ...{ code: 'link-silent', severity: 'warning' as const, node: by, object: `link ${link}` },
    message: `over the heartbeat link ${link} nothing comes from ${from}, but over another one`,
  })
  const deaf = silent('dir1', 'anybody')
  expect(withoutEchoes([silent('dir2', 'dir1'), deaf, silent('rs1', 'dir1')])).toEqual([deaf])
  for (const other of [silent('dir2', 'rs1'), silent('dir2', 'dir1', 'inside'), silent('dir2', 'dir1, rs1')])
    expect(withoutEchoes([deaf, other])).toEqual([deaf, other])
  const all = [deaf, silent('dir2', 'anybody')]
  expect(withoutEchoes(all)).toEqual(all)
})
test('that a node does not hear the others is told by that one, where it hears nobody at all', () => {
  const cutOff = {
    ...{ code: 'cut-off', severity: 'critical' as const, node: 'dir1', object: 'node dir1' },
    message: 'dir1 hears no other node over any link: it is cut off, or all others are down',
  }
  const oneWay = (by: string, to: string) => ({
    ...{ code: 'one-way', severity: 'warning' as const, node: by, object: `node ${to}` },
    message: `${to} does not hear ${by}, which hears it: nothing comes from ${by} to ${to}`,
  })
  const missed = { ...oneWay('dir1', 'rs3'), code: 'heard-by-others' }
  expect(withoutEchoes([oneWay('dir2', 'dir1'), oneWay('rs1', 'dir1'), missed, cutOff])).toEqual([cutOff])
  expect(withoutEchoes([oneWay('dir2', 'rs1'), cutOff])).toHaveLength(2)
  const known = {
    ...cutOff,
    message:
      'dir1 is cut off and hears no other node: address 10.11.0.1 of heartbeat link outside is not on any interface',
  }
  const silent = {
    ...{ code: 'link-silent', severity: 'warning' as const, node: 'dir2', object: 'link outside' },
    message: 'over the heartbeat link outside nothing comes from dir1, but over another one',
  }
  expect(withoutEchoes([silent, known]), 'told by the links that it names').toEqual([known])
})
