import { inNamespace, KernelError, NETLINK, openPacket, watchNetlink } from '@lvsm/kernel'
import { arpProbe, decodeArpFrame, gratuitousArp, inetBytes, nftables as nft } from '@lvsm/netlink'
import { describe, expect, it } from 'vitest'
import { space, run, nftTool, objects, value, all, wait, filter, index, otherIndex } from './space.ts'

describe('nf_tables on the real kernel', () => {
  const table = { family: 'arp', table: 'lvsm' } as const
  const live = { ...table, set: 'live-web' }
  const fence = (): Uint8Array[] => [
    nft.newTable(table),
    nft.newSet({ ...live, key: 'ethertype', timeouts: true }),
    nft.newSet({ ...table, set: 'owners', key: 'ipv4', verdicts: true }),
    nft.newChain({ ...table, chain: 'web' }),
    nft.newRule({
      ...table,
      chain: 'web',
      expressions: [...nft.match.inSet(nft.match.load.protocol, 'live-web'), nft.match.decide(nft.accept)],
    }),
    nft.newRule({
      ...table,
      chain: 'web',
      expressions: [nft.match.counter, nft.match.decide(nft.drop)],
      comment: 'no lease',
    }),
    nft.newElements({ ...table, set: 'owners' }, [{ key: inetBytes('10.11.0.10'), verdict: nft.jump('web') }]),
    nft.newChain({ ...table, chain: 'output', hook: { number: nft.HOOK.arp.output, priority: 0 } }),
    nft.newRule({ ...table, chain: 'output', expressions: nft.match.byMap(nft.match.load.arpSenderIp, 'owners') }),
  ]
  const arp = nft.ethertypeKey(0x0806)

  it('builds a fence in one transaction, and nft reads it as meant', () => {
    const replies = filter.request(nft.batch(fence()))
    expect(replies.filter(({ errno }) => errno !== 0)).toEqual([])
    const text = run('ip', 'netns', 'exec', space, 'nft', 'list', 'table', 'arp', 'lvsm')
    for (const line of [
      'meta protocol @live-web accept',
      'counter packets 0 bytes 0 drop comment "no lease"',
      'arp saddr ip vmap @owners',
      'elements = { 10.11.0.10 : jump web }',
      'type filter hook output priority filter; policy accept;',
      'type ether_type',
    ])
      expect(text).toContain(line)
  })

  it('reads its own fence back', () => {
    expect(all(filter.dump(nft.dumpTables()), nft.decodeTable)).toEqual([table])
    expect(
      all(filter.dump(nft.dumpChains('arp')), nft.decodeChain).map(({ chain, hook }) => [chain, hook?.priority]),
    ).toEqual([
      ['web', undefined],
      ['output', 0],
    ])
    expect(all(filter.dump(nft.dumpSets('arp')), nft.decodeSet)).toEqual(
      expect.arrayContaining([
        { ...live, key: 'ethertype', verdicts: false, timeouts: true },
        { ...table, set: 'owners', key: 'ipv4', verdicts: true, timeouts: false },
      ]),
    )
    const rules = all(filter.dump(nft.dumpRules({ ...table, chain: 'web' })), nft.decodeRule)
    expect(rules.map(({ comment }) => comment)).toEqual(['', 'no lease'])
    expect(rules[1]?.expressions).toEqual([nft.match.counter, { kind: 'verdict', verdict: nft.drop }])
    const [list] = all(filter.dump(nft.dumpElements({ ...table, set: 'owners' })), nft.decodeElements)
    expect(list?.elements).toEqual([{ key: inetBytes('10.11.0.10'), verdict: { verdict: 'jump', chain: 'web' } }])
  })

  it('opens, renews by compare-and-swap, and cannot renew what ran out', async () => {
    const renewal = (timeoutMs: number): Uint8Array[] =>
      nft.batch([nft.deleteElements(live, [{ key: arp }]), nft.newElements(live, [{ key: arp, timeoutMs }])])
    const elements = (): readonly nft.ListedElement[] =>
      all(filter.dump(nft.dumpElements(live)), nft.decodeElements).flatMap((list) => list.elements)
    expect(filter.apply(renewal(5000))).toMatchObject({ code: 'ENOENT' })
    expect(filter.apply(nft.batch([nft.newElements(live, [{ key: arp, timeoutMs: 200 }])]))).toBeUndefined()
    expect(filter.apply(renewal(300))).toBeUndefined()
    const [element] = elements()
    expect(element?.timeoutMs).toBeGreaterThan(290)
    expect(element?.leftMs).toBeGreaterThan(0)
    await wait(() => elements().length === 0)
    const replies = filter.request(renewal(5000))
    expect(replies.map(({ code }) => code)).toEqual(['OK', 'ENOENT', 'OK', 'OK'])
    expect(elements()).toEqual([])
  })

  it('says which message of a transaction was wrong, and carries out none', () => {
    const replies = filter.request(
      nft.batch([
        nft.newTable({ family: 'inet', table: 'half' }),
        nft.deleteElements({ ...table, set: 'nosuch' }, [{ key: arp }]),
      ]),
    )
    expect(replies.map(({ code }) => code)).toEqual(['OK', 'OK', 'ENOENT', 'OK'])
    expect(all(filter.dump(nft.dumpTables('inet')), nft.decodeTable)).toEqual([])
    expect(() => filter.dump(nft.dumpElements({ ...table, set: 'nosuch' }))).toThrow(KernelError)
  })

  it('writes the inet rules that the fence and masquerading need', () => {
    const inet = { family: 'inet', table: 'lvsm' } as const
    const { match } = nft
    const rule = (chain: string, ...expressions: (nft.Expression | readonly nft.Expression[])[]): Uint8Array =>
      nft.newRule({ ...inet, chain, expressions: expressions.flat() })
    const failure = filter.apply(
      nft.batch([
        nft.newTable(inet),
        nft.newSet({ ...inet, set: 'macs', key: 'mac' }),
        nft.newSet({ ...inet, set: 'owners', key: 'ipv4', verdicts: true }),
        nft.newChain({ ...inet, chain: 'pre', hook: { number: nft.HOOK.inet.prerouting, priority: -300 } }),
        nft.newChain({
          ...inet,
          chain: 'nat',
          type: 'nat',
          hook: { number: nft.HOOK.inet.postrouting, priority: 100 },
        }),
        rule('pre', match.ethernetOnly, match.inSet(match.load.etherSource, 'macs'), match.decide(nft.accept)),
        rule('pre', match.interfaceIs('iifname', 'lo'), match.decide(nft.accept)),
        rule('pre', match.ipv4Only, match.byMap(match.load.ipv4Destination, 'owners')),
        rule('pre', match.trackedAs(nft.CT_STATE.invalid), match.decide(nft.drop)),
        rule('pre', match.transportIs(6), match.portIs(80), match.setMark(7)),
        rule(
          'nat',
          match.ipv4Only,
          match.networkIs(match.load.ipv4Source, '10.12.0.0', 22),
          match.interfaceIs('oifname', 'left'),
          { kind: 'masquerade' },
        ),
      ]),
    )
    expect(failure).toBeUndefined()
    const text = run('ip', 'netns', 'exec', space, 'nft', 'list', 'table', 'inet', 'lvsm')
    for (const line of [
      'ether saddr @macs accept',
      'iifname "lo" accept',
      'ip daddr vmap @owners',
      'ct state invalid drop',
      'tcp dport 80 meta mark set 0x00000007',
      'ip saddr 10.12.0.0/22 oifname "left" masquerade',
    ])
      expect(text).toContain(line)
    expect(filter.apply(nft.batch([nft.deleteTable(inet)]))).toBeUndefined()
  })

  it('reads what nft wrote, unknown expressions too', () => {
    nftTool(
      'add table ip theirs; add chain ip theirs c { type filter hook input priority 5; policy drop; }; add rule ip theirs c tcp dport 22 limit rate 5/second accept comment "mine"; add set ip theirs s { type ipv4_addr; timeout 1h; }; add element ip theirs s { 10.0.0.1 timeout 30s }',
    )
    const [rule] = all(filter.dump(nft.dumpRules({ family: 'ip', table: 'theirs' })), nft.decodeRule)
    expect(rule?.comment).toBe('mine')
    expect(
      rule?.expressions.map((expression) => (expression.kind === 'unknown' ? expression.name : expression.kind)),
    ).toEqual(['meta', 'cmp', 'payload', 'cmp', 'limit', 'verdict'])
    const [list] = all(filter.dump(nft.dumpElements({ family: 'ip', table: 'theirs', set: 's' })), nft.decodeElements)
    expect(list?.elements).toMatchObject([{ key: inetBytes('10.0.0.1'), timeoutMs: 30_000 }])
    expect(filter.apply(nft.batch([nft.deleteTable({ family: 'ip', table: 'theirs' })]))).toBeUndefined()
  })

  it('hears that somebody flushed the ruleset, and who', async () => {
    const heard: nft.NftEvent[] = []
    const watch = inNamespace(space, () =>
      watchNetlink(NETLINK.netfilter, [nft.GROUP], {
        heard: (message) => heard.push(value(nft.decodeEvent(message))),
        lost: () => undefined,
      }),
    )
    nftTool('flush ruleset')
    await wait(() => heard.some((event) => event.kind === 'generation'))
    watch.close()
    expect(heard).toContainEqual({ kind: 'table', change: 'deleted', table })
    expect(heard.at(-1)).toMatchObject({ kind: 'generation', process: 'nft' })
    expect(filter.apply(nft.batch(fence()))).toBeUndefined()
    expect(objects().filter((object) => object.chain).length).toBe(2)
  })

  it('an egress chain stops raw frames of a fenced address, while its lease is closed', async () => {
    const egress = { family: 'netdev', table: 'lvsm' } as const
    const closed = filter.apply(
      nft.batch([
        nft.newTable(egress),
        nft.newSet({ ...egress, set: 'live', key: 'ethertype', timeouts: true }),
        nft.newSet({ ...egress, set: 'owners', key: 'ipv4', verdicts: true }),
        nft.newChain({ ...egress, chain: 'web' }),
        nft.newRule({
          ...egress,
          chain: 'web',
          expressions: [...nft.match.inSet(nft.match.load.protocol, 'live'), nft.match.decide(nft.accept)],
        }),
        nft.newRule({ ...egress, chain: 'web', expressions: [nft.match.counter, nft.match.decide(nft.drop)] }),
        nft.newElements({ ...egress, set: 'owners' }, [{ key: inetBytes('10.11.0.10'), verdict: nft.jump('web') }]),
        nft.newChain({
          ...egress,
          chain: 'out',
          hook: { number: nft.HOOK.netdev.egress, priority: 0, device: 'left' },
        }),
        nft.newRule({
          ...egress,
          chain: 'out',
          expressions: [...nft.match.protocolIs(0x0806), ...nft.match.byMap(nft.match.load.arpSenderIp, 'owners')],
        }),
      ]),
    )
    expect(closed).toBeUndefined()
    expect(run('ip', 'netns', 'exec', space, 'nft', 'list', 'table', 'netdev', 'lvsm')).toContain(
      'arp saddr ip vmap @owners',
    )
    const left = inNamespace(space, () => openPacket(index))
    const frame = (ip: string): number => left.send(gratuitousArp('02:00:00:00:00:01', ip))
    const ENOBUFS = 105
    expect([frame('10.11.0.10'), frame('10.11.0.11')]).toEqual([ENOBUFS, 0])
    expect(
      filter.apply(nft.batch([nft.newElements({ ...egress, set: 'live' }, [{ key: arp, timeoutMs: 100 }])])),
    ).toBeUndefined()
    expect(frame('10.11.0.10')).toBe(0)
    await wait(() => frame('10.11.0.10') === ENOBUFS)
    left.close()
    expect(filter.apply(nft.batch([nft.deleteTable(egress)]))).toBeUndefined()
  })

  it('renews three tables in one transaction, or none', async () => {
    const families = ['arp', 'ip', 'inet'] as const
    const sets = families.map((family) => ({ family, table: 'swap', set: 'live' }))
    const add = (timeoutMs: number): Uint8Array[] => sets.map((set) => nft.newElements(set, [{ key: arp, timeoutMs }]))
    const remove = sets.map((set) => nft.deleteElements(set, [{ key: arp }]))
    expect(
      filter.apply(
        nft.batch(sets.flatMap((set) => [nft.newTable(set), nft.newSet({ ...set, key: 'ethertype', timeouts: true })])),
      ),
    ).toBeUndefined()
    const living = (): number =>
      sets.flatMap((set) =>
        all(filter.dump(nft.dumpElements(set)), nft.decodeElements).flatMap(({ elements }) => elements),
      ).length
    expect(filter.apply(nft.batch(add(10_000)))).toBeUndefined()
    expect(filter.apply(nft.batch([...remove, ...add(20_000)]))).toBeUndefined()
    // One of the three runs out: the renewal of all is void, and the other two keep the time they had.
    expect(filter.apply(nft.batch([remove[1] as Uint8Array, add(50)[1] as Uint8Array]))).toBeUndefined()
    await wait(() => living() === 2)
    expect(filter.request(nft.batch([...remove, ...add(30_000)])).map(({ code }) => code)).toEqual([
      'OK',
      'OK',
      'ENOENT',
      'OK',
      'OK',
      'OK',
      'OK',
      'OK',
    ])
    expect(living()).toBe(2)
    expect(filter.apply(nft.batch(sets.map((set) => nft.deleteTable(set))))).toBeUndefined()
  })

  it('sends and receives raw frames, which pass the arp output chain', async () => {
    const left = inNamespace(space, () => openPacket(index))
    const right = inNamespace(space, () => openPacket(otherIndex, { ethertype: 0x0806, ignoreOutgoing: true }))
    const senders: string[] = []
    right.onFrame((frame) => senders.push(value(decodeArpFrame(frame)).senderIp))
    expect([
      left.send(gratuitousArp('02:00:00:00:00:01', '10.11.0.10')),
      left.send(gratuitousArp('02:00:00:00:00:01', '10.11.0.11')),
    ]).toEqual([0, 0])
    expect(left.send(arpProbe('02:00:00:00:00:01', '10.11.0.10'))).toBe(0)
    await wait(() => senders.includes('0.0.0.0'))
    right.close()
    left.close()
    // The closed fence of the arp family does not see them: the deadline must be checked before each.
    expect(senders).toEqual(['10.11.0.10', '10.11.0.11', '0.0.0.0'])
  })
})
