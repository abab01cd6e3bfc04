/** Bytes that ip, nft and ipvsadm sent, or got from the kernel (captured with strace), against ours. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type Decoded,
  fromHex,
  inetBytes,
  ipvs,
  type Message,
  nftables as nft,
  readMessages,
  rtnetlink as rt,
  TYPE,
} from './index.ts'

const tools: Record<string, string> = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/netlink/tools.json', import.meta.url), 'utf8'),
)
const said = (name: string): Message[] => {
  const hex = tools[name]
  if (hex === undefined) throw new Error(`no fixture '${name}'`)
  return readMessages(fromHex(hex)).messages.filter(({ type }) => type !== TYPE.done)
}
const ours = (...messages: Uint8Array[]): Message[] => messages.flatMap((message) => readMessages(message).messages)
const value = <T>(decoded: Decoded<T>): T => {
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.value
}
const same = <T>(mine: Message[], theirs: Message[], decode: (message: Message) => Decoded<T>): void => {
  expect(mine.map(({ type }) => type)).toEqual(theirs.map(({ type }) => type))
  expect(mine.map((message) => value(decode(message)))).toEqual(theirs.map((message) => value(decode(message))))
}

describe('ip', () => {
  const spec = { index: 3, local: '10.11.0.10', prefix: 24, label: 'va:lvsm', validSeconds: 10, preferredSeconds: 10 }
  it('adds and deletes an address as we do', () => {
    same(
      ours(rt.newAddress(spec)),
      said('ip address add 10.11.0.10/24 dev #3 label va:lvsm valid_lft 10 preferred_lft 10'),
      rt.decodeAddress,
    )
    same(
      ours(rt.deleteAddress({ index: 3, local: '10.11.0.10', prefix: 24 })),
      said('ip address del 10.11.0.10/24 dev #3'),
      rt.decodeAddress,
    )
  })
  it('was told an address', () => {
    expect(value(rt.decodeAddress(said('answer: ip -4 address show')[0] as Message))).toEqual({
      index: 3,
      local: '10.11.0.10',
      peer: '10.11.0.10',
      prefix: 24,
      label: 'va:lvsm',
      scope: 0,
      flags: 0,
      protocol: 0,
      priority: 0,
      preferredSeconds: 3600,
      validSeconds: 3600,
      createdAt: 228_370,
    })
  })
  it('was told a link', () => {
    expect(value(rt.decodeLink(said('answer: ip link show dev va')[0] as Message))).toMatchObject({
      name: 'va',
      index: 3,
      up: true,
      carrier: true,
      operstate: 'up',
      mtu: 1500,
      hardware: 1,
      kind: 'veth',
    })
  })
  it('adds and deletes a route as we do', () => {
    const route = { destination: '10.77.0.0', prefix: 16, gateway: '10.11.0.254' }
    same(
      ours(rt.newRoute({ ...route, oif: 3, protocol: 76, metrics: { advmss: 1440 } })),
      said('ip route add 10.77.0.0/16 via 10.11.0.254 dev #3 advmss 1440 proto 76'),
      rt.decodeRoute,
    )
    same(ours(rt.deleteRoute(route)), said('ip route del 10.77.0.0/16 via 10.11.0.254'), rt.decodeRoute)
  })
  it('was told the way', () => {
    expect(value(rt.decodeRoute(said('answer: ip route get 10.77.1.1')[0] as Message))).toMatchObject({
      destination: '10.77.1.1',
      gateway: '10.11.0.254',
      oif: 3,
      preferredSource: '10.11.0.10',
      table: 254,
    })
  })
})

describe('nft', () => {
  const table = { family: 'arp', table: 'lvsm' } as const
  it('loads the fence as we do, message for message', () => {
    const { match } = nft
    const kinds = (messages: Message[]): number[] => messages.map(({ type }) => type & 0xff).sort((a, b) => a - b)
    const mine = ours(
      ...nft.batch([
        nft.newTable(table),
        nft.newSet({ ...table, set: 'live', key: 'ethertype', timeouts: true }),
        nft.newSet({ ...table, set: 'owners', key: 'ipv4', verdicts: true }),
        nft.newChain({ ...table, chain: 'web' }),
        nft.newChain({ ...table, chain: 'output', hook: { number: nft.HOOK.arp.output, priority: 0 } }),
        nft.newElements({ ...table, set: 'owners' }, [{ key: inetBytes('10.11.0.10'), verdict: nft.jump('web') }]),
        nft.newRule({
          ...table,
          chain: 'web',
          expressions: [...match.inSet(match.load.protocol, 'live'), match.decide(nft.accept)],
        }),
        nft.newRule({
          ...table,
          chain: 'web',
          expressions: [match.counter, match.decide(nft.drop)],
          comment: 'no lease',
        }),
        nft.newRule({ ...table, chain: 'output', expressions: match.byMap(match.load.arpSenderIp, 'owners') }),
      ]),
    )
    const theirs = said('nft -f fence')
    const rules = (messages: Message[]): unknown[] =>
      messages
        .map((message) => value(nft.decodeEvent(message.type < 0x100 ? { ...message, type: 0xaff } : message)))
        .filter(({ kind }) => kind === 'rule' || kind === 'set')
    const plain = (events: unknown[]): string[] => events.map((event) => JSON.stringify(event)).sort()
    expect(plain(rules(mine))).toEqual(plain(rules(theirs)))
    // nft leaves out a list of no elements, and repeats nothing.
    expect(new Set(kinds(mine))).toEqual(new Set(kinds(theirs)))
  })
  it('loads limits, and one for each source, as we do', () => {
    const peers = { family: 'inet', table: 'lvsm-peers' } as const
    const chain = { ...peers, chain: 'link-outside' }
    const { match } = nft
    const end = [match.counter, match.decide(nft.drop)]
    const mine = ours(
      nft.newSet({ ...peers, set: 'rate-outside', key: 'ipv4', dynamic: true }),
      nft.newSet({ ...peers, set: 'ports-outside', key: 'service' }),
      nft.newElements({ ...peers, set: 'ports-outside' }, [{ key: nft.portKey(6940) }]),
      nft.newRule({
        ...chain,
        expressions: [
          ...match.transportIs(17),
          ...match.notInSet(match.load.sourcePort, 'ports-outside'),
          match.beyond(50, 50),
          ...end,
        ],
      }),
      nft.newRule({
        ...chain,
        expressions: [
          ...match.ipv4Only,
          ...match.beyondEach(match.load.ipv4Source, 'rate-outside', match.beyond(1000, 500)),
          ...end,
        ],
        comment: 'too many',
      }),
    )
    const events = (messages: Message[]): string[] =>
      messages
        .map((message) => value(nft.decodeEvent(message.type < 0x100 ? { ...message, type: 0xaff } : message)))
        .filter(({ kind }) => ['rule', 'set', 'elements'].includes(kind))
        .map((event) => JSON.stringify(event))
        .sort()
    expect(events(mine)).toEqual(events(said('nft -f peers')))
  })
  it('adds an element as we do', () => {
    const live = { ...table, set: 'live' }
    const middle = (messages: Message[]): Message[] => messages.slice(1, 2)
    same(
      middle(ours(...nft.batch([nft.newElements(live, [{ key: nft.ethertypeKey(0x0806), timeoutMs: 20_000 }])]))),
      middle(said('nft add element arp lvsm live { arp timeout 20s }')),
      nft.decodeElements,
    )
  })
  it('was told sets, elements and rules', () => {
    expect(said('answer: nft list sets').map((message) => value(nft.decodeSet(message)))).toEqual([
      { ...table, set: 'live', key: 'ethertype', verdicts: false, timeouts: true },
      { ...table, set: 'owners', key: 'ipv4', verdicts: true, timeouts: false },
    ])
    const lists = ['answer: nft list map elements', 'answer: nft list set elements'].flatMap((name) =>
      said(name).map((message) => value(nft.decodeElements(message))),
    )
    const elements = lists.flatMap((list) => list.elements)
    expect(elements).toContainEqual({ key: inetBytes('10.11.0.10'), verdict: { verdict: 'jump', chain: 'web' } })
    expect(elements.find(({ timeoutMs }) => timeoutMs === 20_000)?.leftMs).toBeGreaterThan(15_000)
    const rules = said('answer: nft list rules').map((message) => value(nft.decodeRule(message)))
    expect(rules.map(({ chain, comment }) => [chain, comment])).toEqual([
      ['web', ''],
      ['web', 'no lease'],
      ['output', ''],
    ])
    expect(rules[2]?.expressions).toEqual([
      nft.match.load.arpSenderIp,
      { kind: 'lookup', set: 'owners', verdicts: true },
    ])
  })
})

describe('ipvsadm', () => {
  const name = { kind: 'address', protocol: 'tcp', address: '10.11.0.10', port: 80 } as const
  const family = 32
  it('adds service and destination as we do', () => {
    same(
      ours(ipvs.newService(family, { name, scheduler: 'wrr', persistenceSeconds: 300, persistencePrefix: 24 })),
      said('ipvsadm -A -t 10.11.0.10:80 -s wrr -p 300 -M 255.255.255.0').map((message) => ({
        ...message,
        type: family,
      })),
      ipvs.decodeService,
    )
    same(
      ours(
        ipvs.newDestination(family, name, {
          address: '10.11.0.11',
          port: 80,
          forward: 'dr',
          weight: 3,
          upperThreshold: 100,
          lowerThreshold: 50,
        }),
      ),
      said('ipvsadm -a -t 10.11.0.10:80 -r 10.11.0.11:80 -g -w 3 -x 100 -y 50'),
      ipvs.decodeDestination,
    )
    same(
      ours(ipvs.setTimeouts(family, { tcpSeconds: 600, tcpFinSeconds: 60, udpSeconds: 30 })),
      said('ipvsadm --set 600 60 30'),
      ipvs.decodeTimeouts,
    )
  })
  it('was told the family, services and destinations', () => {
    expect(value(ipvs.decodeFamily(said('answer: generic netlink family IPVS')[0] as Message))).toBe(32)
    const service = value(ipvs.decodeService(said('answer: ipvsadm -Ln services')[0] as Message))
    expect(service).toMatchObject({ name, scheduler: 'wrr', persistenceSeconds: 300, persistencePrefix: 24, flags: 0 })
    expect(service.stats.connections).toBe(0)
    const [answer] = said('answer: ipvsadm -Ln destinations') as [Message]
    const { stats, ...state } = value(ipvs.decodeDestination(answer))
    expect(value(ipvs.decodeDestinationState(answer))).toEqual(state)
    expect(stats.connections).toBe(0)
    expect(state).toMatchObject({
      address: '10.11.0.11',
      port: 80,
      forward: 'dr',
      weight: 3,
      upperThreshold: 100,
      lowerThreshold: 50,
      activeConnections: 0,
    })
  })
})
