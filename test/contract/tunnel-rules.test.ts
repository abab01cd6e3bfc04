/** The rules of a realserver that packets come to wrapped, on the real kernel; `nft` says what they are. */
import { inNamespace } from '@lvsm/kernel'
import { expect, it } from 'vitest'
import { openNatRules } from '../../agent/node/adapters/kernel/nat-rules.ts'
import { filter, nftTool, run, space, value } from './space.ts'
import { nftables as nft } from '@lvsm/netlink'

const TUNNELS = {
  devices: ['lvsm-i0a0b0001', 'lvsm-g0a0b0002'],
  addresses: ['10.11.0.10', '10.11.0.20', '2001:db8:11::10'],
  clamps: [
    { address: '10.11.0.10', mss: 1440 },
    { address: '10.11.0.20', mss: 1436 },
    { address: '2001:db8:11::10', mss: 1400 },
  ],
}
const NONE = { untranslated: [], masquerade: [], handover: [], suppressRst: [] }
const listed = (): string => run('ip', 'netns', 'exec', space, 'nft', 'list', 'table', 'inet', 'lvsm-nat')

it('lets only packets to its addresses out of its tunnels, and lowers the largest segment', () => {
  const rules = inNamespace(space, () => openNatRules())
  try {
    expect(rules.load({ ...NONE, tunnels: TUNNELS })).toBeNull()
    const text = listed().replaceAll(/\s+/g, ' ')
    for (const part of [
      'chain out-of-tunnel { ip daddr 10.11.0.10 accept ip daddr 10.11.0.20 accept ip6 daddr 2001:db8:11::10 accept counter packets 0 bytes 0 drop }',
      'type filter hook prerouting priority raw; policy accept; iifname "lvsm-i0a0b0001" jump out-of-tunnel iifname "lvsm-g0a0b0002" jump out-of-tunnel',
      'ip saddr 10.11.0.10 tcp flags & syn == syn tcp option maxseg size set 1440',
      'ip saddr 10.11.0.20 tcp flags & syn == syn tcp option maxseg size set 1436',
      'ip6 saddr 2001:db8:11::10 tcp flags & syn == syn tcp option maxseg size set 1400',
    ])
      expect(text).toContain(part)
    const read = filter
      .dump(nft.dumpRules({ family: 'inet', table: 'lvsm-nat', chain: 'clamp-mss' }))
      .map((message) => value(nft.decodeRule(message)).expressions.at(-1))
    expect(read).toEqual([{ kind: 'set-mss' }, { kind: 'set-mss' }, { kind: 'set-mss' }])
    const before = rules.observe()
    run('ip', 'netns', 'exec', space, 'nft', 'flush', 'chain', 'inet', 'lvsm-nat', 'clamp-mss')
    expect(rules.observe(), 'somebody changed it').not.toBe(before)
    expect(rules.load(null)).toBeNull()
    expect(nftTool('list tables')).not.toContain('lvsm-nat')
  } finally {
    rules.close()
  }
})
