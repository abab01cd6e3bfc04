/** The rule that takes messages about connections from directors alone, as the `nft` tool reads it. */
import { inNamespace, NETLINK, openNetlink } from '@lvsm/kernel'
import type { NatRules } from '@lvsm/plan'
import { afterAll, expect, test } from 'vitest'
import { openNatRules } from '../../agent/node/adapters/kernel/nat-rules.ts'
import { readSyncHeard } from '../../agent/node/adapters/kernel/sync-heard.ts'
import { ip, run, space, wait } from './space.ts'

const port = inNamespace(space, () => openNatRules())
const netfilter = inNamespace(space, () => openNetlink(NETLINK.netfilter))
afterAll(() => {
  port.close()
  netfilter.close()
})
const listed = (): string[] =>
  run('ip', 'netns', 'exec', space, 'nft', '-n', 'list', 'table', 'inet', 'lvsm-nat')
    .split('\n')
    .map((line) => line.trim())

const NEEDS: NatRules = {
  ...{ untranslated: [], masquerade: [], handover: [], suppressRst: [] },
  sync: { interface: 'left', group: '224.0.0.81', port: 8848, peers: ['10.12.0.2', '10.12.0.3'] },
}

test('stands in front of the port: directors on their interface, and nobody else', () => {
  expect(port.load(NEEDS)).toBeNull()
  const lines = listed()
  const at = lines.indexOf('chain sync {')
  expect(lines.slice(at + 1, at + 6)).toEqual([
    'type filter hook input priority 0; policy accept;',
    expect.stringMatching(
      /^iifname "left" ip saddr 10\.12\.0\.2 ip daddr 224\.0\.0\.81 (meta l4proto 17 )?udp dport 8848 counter packets 0 bytes 0 accept$/,
    ),
    expect.stringMatching(
      /^iifname "left" ip saddr 10\.12\.0\.3 ip daddr 224\.0\.0\.81 (meta l4proto 17 )?udp dport 8848 counter packets 0 bytes 0 accept$/,
    ),
    expect.stringMatching(/^ip daddr 224\.0\.0\.81 (meta l4proto 17 )?udp dport 8848 counter packets 0 bytes 0 drop$/),
    '}',
  ])
})
test('is found changed when somebody removes it, and goes when it is not needed', () => {
  const [loaded] = [port.observe()]
  expect(loaded).toContain('"left"')
  run('ip', 'netns', 'exec', space, 'nft', 'flush', 'chain', 'inet', 'lvsm-nat', 'sync')
  expect(port.observe()).not.toBe(loaded)
  expect(port.load(NEEDS)).toBeNull()
  expect(port.observe()).toBe(loaded)
  expect(port.load(null)).toBeNull()
  expect(port.observe()).toBeNull()
})

test('hands back what did not begin here, before IPVS, where connections are known', () => {
  const one = { address: '10.11.0.10', port: 80, protocol: 'tcp', to: '10.11.0.1' } as const
  expect(
    port.load({
      ...NEEDS,
      handover: [
        { ...one, known: true },
        { ...one, port: 81 },
      ],
    }),
  ).toBeNull()
  const table = run('ip', 'netns', 'exec', space, 'nft', '-n', 'list', 'table', 'ip', 'lvsm-nat')
  expect(table).toMatch(/set begun \{[^}]*flags dynamic,timeout/)
  expect(table).toMatch(/chain handover-known \{\s+type filter hook input priority 50;/)
  expect(table).toMatch(/dport 80 .*update @begun \{ @nh,96,96 timeout (60s|1m) \}/)
  expect(table).toMatch(/dport 80 .* != @begun counter packets 0 bytes 0 dup to 10\.11\.0\.1/)
  expect(table).toMatch(
    /chain handover \{\s+type filter hook input priority 150;[^}]*dport 81 [^}]*dup to 10\.11\.0\.1/,
  )
  expect(port.load(null)).toBeNull()
})

test('counts for each director what comes of it, and nothing of others', async () => {
  const end = `${space}-end`
  const heard = () => [...inNamespace(space, () => readSyncHeard(netfilter))]
  expect(heard(), 'no rules').toEqual([])
  run('ip', 'netns', 'add', end)
  try {
    ip(`link set dev right netns ${end}`)
    ip('addr add 10.12.0.1/24 dev left')
    ip('addr add 224.0.0.81/32 dev left autojoin')
    run('ip', '-n', end, 'link', 'set', 'right', 'up')
    for (const last of [2, 9]) run('ip', '-n', end, 'addr', 'add', `10.12.0.${last}/24`, 'dev', 'right')
    run('ip', '-n', end, 'route', 'add', '224.0.0.0/4', 'dev', 'right')
    expect(port.load(NEEDS)).toBeNull()
    expect(heard()).toEqual([
      ['10.12.0.2', 0],
      ['10.12.0.3', 0],
    ])
    const says = (last: number): string =>
      run(
        'ip',
        'netns',
        'exec',
        end,
        'bash',
        '-c',
        `ip route replace 224.0.0.0/4 dev right src 10.12.0.${last}; echo x > /dev/udp/224.0.0.81/8848`,
      )
    says(2)
    says(2)
    says(9)
    await wait(() => heard()[0]?.[1] === 2)
    expect(heard()).toEqual([
      ['10.12.0.2', 2],
      ['10.12.0.3', 0],
    ])
    expect(port.load(null)).toBeNull()
    expect(heard()).toEqual([])
  } finally {
    run('ip', 'netns', 'del', end)
  }
})

test('over IPv6 the port is closed to all but directors, too, and each is counted', async () => {
  const end = `${space}-end6`
  const heard = () => [...inNamespace(space, () => readSyncHeard(netfilter))]
  ip('link add near type veth peer name far')
  run('ip', 'netns', 'add', end)
  try {
    ip(`link set dev far netns ${end}`)
    ip('link set near up')
    run('ip', '-n', end, 'link', 'set', 'far', 'up')
    ip('addr add 2001:db8:12::1/64 dev near nodad')
    ip('addr add ff15::e000:51/128 dev near autojoin nodad')
    const peers = ['2001:db8:12::2', '2001:db8:12::3']
    const sync = { interface: 'near', group: 'ff15::e000:51', port: 8848, peers }
    expect(port.load({ ...NEEDS, sync })).toBeNull()
    expect(heard()).toEqual(peers.map((address) => [address, 0]))
    const lines = listed()
    const at = lines.indexOf('chain sync {')
    expect(lines[at + 2]).toMatch(
      /^iifname "near" ip6 saddr 2001:db8:12::2 ip6 daddr ff15::e000:51 (meta l4proto 17 )?udp dport 8848 counter packets 0 bytes 0 accept$/,
    )
    expect(lines[at + 4]).toMatch(/^ip6 daddr ff15::e000:51 (meta l4proto 17 )?udp dport 8848 counter .* drop$/)
    // As the kernel chooses it for its daemon: no link-local one, no deprecated one, the newest of the others.
    const says = (): string => run('ip', 'netns', 'exec', end, 'bash', '-c', 'echo x > /dev/udp/ff15::e000:51/8848')
    for (const last of [2, 9]) {
      run('ip', '-n', end, 'addr', 'add', `2001:db8:12::${last}/64`, 'dev', 'far', 'nodad')
      if (last === 2)
        run('ip', '-n', end, 'addr', 'add', '2001:db8:12::a/64', 'dev', 'far', 'nodad', 'preferred_lft', '0')
      says()
    }
    const dropped = () =>
      / (\d+) bytes \d+ drop$/.exec(listed().find((line) => /dport 8848 .*drop$/.test(line)) ?? '')?.[1]
    await wait(() => heard()[0]?.[1] === 1 && dropped() === '1')
    expect(heard()).toEqual([
      ['2001:db8:12::2', 1],
      ['2001:db8:12::3', 0],
    ])
    expect(port.load(null)).toBeNull()
  } finally {
    run('ip', 'netns', 'del', end)
  }
})
