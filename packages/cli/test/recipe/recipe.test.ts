/** Recipes: what each system is told, in which order, and what it cannot. */
import { checkConfig, type Config, FORWARDING, namesOf, SAMPLE, TUNNELS } from '@lvsm/model'
import { describe, expect, test } from 'vitest'
import { isRefused, type Need, needsOf } from '../../src/recipe/core/recipe.ts'
import { answerFor, SYSTEM_NAMES, type SystemName } from '../../src/recipe/core/systems.ts'
import { recipeFor, recipeText } from '../../src/recipe/core/write.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const CONFIG = configOf(SAMPLE)

const need = (more: Partial<Need> = {}): Need => ({
  ...{ method: 'dr', family: 'ipv4', vips: ['10.11.0.10'], own: ['10.11.0.11'], gateway: null, oneNetwork: null },
  ...{ directors: ['10.11.0.1', '10.11.0.2'], services: ['http'] },
  ...more,
})
const commands = (os: SystemName, wanted: Need): readonly string[] => {
  const answer = answerFor(os, wanted)
  return isRefused(answer) ? [`refused: ${answer.refused}`] : answer.steps.map((step) => step.run)
}
const at = (lines: readonly string[], pattern: RegExp): number => lines.findIndex((line) => pattern.test(line))

test('what a server needs comes of all services that name it, by node or by address', () => {
  expect(needsOf(CONFIG, 'rs1')).toMatchObject([
    {
      method: 'dr',
      vips: ['10.11.0.10'],
      own: ['10.11.0.11'],
      directors: ['10.12.0.1', '10.11.0.1', '10.12.0.2', '10.11.0.2'],
    },
  ])
  expect(needsOf(CONFIG, '10.11.0.11')).toEqual(needsOf(CONFIG, 'rs1'))
  const placed = configOf(SAMPLE.replace('10.11.0.11, forward: dr', '10.11.0.11, forward: dr, placement: route'))
  expect([needsOf(placed, 'rs1')[0]?.placement, needsOf(CONFIG, 'rs1')[0]?.placement]).toEqual(['route', undefined])
  expect(needsOf(CONFIG, 'rs3')).toMatchObject([{ method: 'nat', gateway: '10.12.0.254', oneNetwork: null }])
  expect(needsOf(CONFIG, 'dir1')).toEqual([])
})

test('clients in the network of the gateway are noticed', () => {
  const near = configOf(
    SAMPLE.replace('vips: [10.11.0.10/24]', 'vips: [10.12.0.10/24]')
      .replace('address: 10.11.0.10\n', 'address: 10.12.0.10\n')
      .replaceAll(/ {6}- \{ node: rs[12], .*\n/g, '')
      .replace(/ {4}ping: .*\n/, ''),
  )
  const [one] = needsOf(near, 'rs3')
  expect(one?.oneNetwork).toBe('10.12.0.0/24')
  expect(commands('linux', one as Need).slice(-7)).toEqual([
    expect.stringMatching(
      /route show match 10\.12\.0\.254 .* \|\| ip -4 route replace throw \$net table 7600 proto 76/,
    ),
    ...['10.12.0.1', '10.11.0.1', '10.12.0.2', '10.11.0.2'].map(
      (director) => `ip -4 route replace throw ${director}/32 table 7600 proto 76`,
    ),
    expect.stringMatching(
      /route replace default via 10\.12\.0\.254 dev "\$dev" src 10\.12\.0\.13 table 7600 proto 76$/,
    ),
    expect.stringMatching(/rule add pref 7600 from 10\.12\.0\.13\/32 ipproto tcp sport 8080 lookup 7600 protocol 76$/),
  ])
  expect(commands('hpux', one as Need)[0]).toMatch(/^refused: clients of the VIP are in 10\.12\.0\.0\/24/)
})

test('a policy route leaves the default route alone, and is Linux’s', () => {
  const [one] = needsOf(configOf(SAMPLE.replace('gateway: 10.12.0.254, weight', 'route: policy, weight')), 'rs3')
  expect(one).toMatchObject({ answersAlone: true, oneNetwork: null })
  const lines = commands('linux', one as Need)
  expect(lines.join('\n')).not.toMatch(/route replace default via \S+$/m)
  expect(lines.at(-1)).toMatch(/rule add pref 7601 from 10\.12\.0\.13\/32 ipproto tcp sport 8080 lookup 7601/)
  expect(commands('freebsd', one as Need)).toEqual([
    'refused: only Linux leads answers by rules for them alone: use route: default, or DR',
  ])
})

test('over IPv6 who answers datagrams from whatever address it has is told to name it: no word of ip makes a rule for what has none', () => {
  const why = (family: 'ipv4' | 'ipv6', protocol: 'tcp' | 'udp'): string[] => {
    const [address, gateway] = family === 'ipv6' ? ['2001:db8:1::11', '2001:db8:1::fe'] : ['10.12.0.13', '10.12.0.254']
    const answers = [{ address, protocol, ports: { from: 53, to: 53 } }]
    const led: Need['led'] = [{ gateway: { address: gateway, prefix: 64 }, reach: 'beyond', straight: [], answers }]
    const answer = answerFor('linux', need({ method: 'nat', family, gateway, answersAlone: true, led }))
    return isRefused(answer) ? [] : answer.steps.filter(({ run }) => / rule add /.test(run)).map((step) => step.why)
  }
  const alone = 'answers of the service, and nothing else, leave by it'
  expect([why('ipv4', 'udp'), why('ipv6', 'tcp')]).toEqual([[alone, alone], [alone]])
  expect(why('ipv6', 'udp')).toEqual([expect.stringMatching(/leave by it: over IPv6 those alone .* IPV6_PKTINFO/)])
})

describe('order', () => {
  test.each([
    ['dummy', 'dr', [/ip link add lvsm-vips type dummy/, /address replace 10\.11\.0\.10\/32 dev lvsm-vips scope host/]],
    ['route', 'dr', [/ip route replace local 10\.11\.0\.10 dev lo table local proto 76 metric 76/]],
    ['tunnel', 'tun', [/ip link set lvsm-i0a0b0002 up/, /address replace 10\.11\.0\.10\/32 dev lvsm-i0a0b0001/]],
  ] as const)(
    'Linux, placement: %s: silent first, then what it stands on, then the VIP; and back',
    (placement, method, marks) => {
      const wanted = need({ placement, method, ...(method === 'tun' ? { tunnel: 'ipip' } : {}) })
      const places = [/arp_ignore; do/, ...marks].map((one) => at(commands('linux', wanted), one))
      expect(places).not.toContain(-1)
      expect(places).toEqual(places.toSorted((one, other) => one - other))
      expect(commands('linux', wanted).filter((line) => /dev lo scope/.test(line))).toEqual([])
      const answer = answerFor('linux', wanted)
      const undo = isRefused(answer) ? [] : answer.undo.map((step) => step.run)
      const back = [/(address|route) del (local )?10\.11\.0\.10/, /link del lvsm-(vips|i)|while IFS/, /while IFS/].map(
        (one) => at(undo, one),
      )
      expect(back).toEqual(back.toSorted((one, other) => one - other))
      expect(back).not.toContain(-1)
      expect(commands('freebsd', wanted)[0]).toBe(
        `refused: placement: ${placement} is a place that Linux has, and no recipe knows on FreeBSD: use placement: lo`,
      )
    },
  )

  test('Linux is silent before the VIP is there, and until it has gone', () => {
    const lines = commands('linux', need())
    expect(at(lines, /arp_ignore; do/)).toBeLessThan(at(lines, /address replace 10\.11\.0\.10\/32 dev lo scope host/))
    const answer = answerFor('linux', need())
    const undo = isRefused(answer) ? [] : answer.undo.map((step) => step.run)
    expect(at(undo, /address del 10\.11\.0\.10/)).toBeLessThan(at(undo, /while IFS/))
  })
  test('a tunnel of Linux is behind its rules, has its address, and takes one director alone', () => {
    const lines = commands('linux', need({ method: 'tun', tunnel: 'gue', tunnelPort: 6080 }))
    expect(lines).toContain('ip fou add port 6080 gue 2> /dev/null || ip fou show | grep "port 6080 gue"')
    expect(at(lines, /nft -f/)).toBeLessThan(
      at(lines, /ip link add lvsm-i0a0b0001 type ipip local any remote 10\.11\.0\.1/),
    )
    expect(at(lines, /127\.76\.0\.1/)).toBeLessThan(at(lines, /ip link set lvsm-i0a0b0001 up/))
    expect(lines.join('\n')).toContain('maxseg size set 1428')
  })
})

test('a tunnel over IPv6 has devices and rules of its family', () => {
  const six = {
    family: 'ipv6',
    vips: ['2001:db8::10'],
    own: ['2001:db8:1::11'],
    directors: ['10.11.0.1', '2001:db8:1::1'],
  } as const
  const lines = commands('linux', need({ method: 'tun', tunnel: 'gue', tunnelPort: 6080, ...six }))
  expect(lines).toContain('ip fou add port 6080 gue -6 2> /dev/null || ip fou show | grep "port 6080 gue"')
  const [name] = lines.flatMap(
    (line) => /\|\| ip link add (\S+) type ip6tnl mode ip6ip6 local any remote 2001:db8:1::1$/.exec(line)?.[1] ?? [],
  )
  expect(name).toMatch(/^lvsm-s[0-9a-f]{8}$/)
  expect(lines.filter((line) => line.includes('ip link add'))).toHaveLength(1)
  expect(at(lines, /ip6 daddr != \{ 2001:db8::10 \} counter drop/)).toBeLessThan(at(lines, /ip link add/))
  expect(lines.join('\n')).toContain(
    `ip6 saddr { 2001:db8::10 } tcp flags syn tcp option maxseg size set ${1500 - 52 - 60}`,
  )
  expect(at(lines, /disable_ipv6/)).toBeLessThan(at(lines, new RegExp(`ip link set ${name} up`)))
})

test('IPv6 by DR asks nobody to be silent in ARP', () => {
  const lines = commands('linux', need({ family: 'ipv6', vips: ['2001:db8::10'] }))
  expect(lines).toEqual(['ip address replace 2001:db8::10/128 dev lo nodad preferred_lft 0'])
})

describe.each(SYSTEM_NAMES)('%s', (os) => {
  const all = [
    ...namesOf(FORWARDING).flatMap((method) =>
      method === 'tun'
        ? namesOf(TUNNELS).map((tunnel) => need({ method, tunnel }))
        : [need({ method, gateway: method === 'nat' ? '10.12.0.254' : null })],
    ),
    need({ family: 'ipv6', vips: ['2001:db8::10'] }),
    need({ method: 'tun', tunnel: 'ipip', family: 'ipv6', vips: ['2001:db8::10'], directors: ['2001:db8::1'] }),
    need({ method: 'nat', family: 'ipv6', vips: ['2001:db8::10'], gateway: '2001:db8:1::254' }),
  ]
  test.each(all)('$method $tunnel $family has steps and a way back, or a reason', (wanted) => {
    const answer = answerFor(os, wanted)
    if (isRefused(answer)) return expect(answer.refused).toMatch(/\w+ \w+ \w+/)
    expect(answer.steps.length).toBeGreaterThan(0)
    expect(answer.undo.length).toBeGreaterThan(0)
    const named = wanted.method === 'nat' ? (wanted.gateway ?? '') : (wanted.vips[0] ?? '')
    expect(answer.steps.map((step) => step.run).join('\n')).toContain(named)
    for (const step of [...answer.steps, ...answer.undo]) expect(step.why).not.toBe('')
  })
})

test('what a system cannot is refused with what to use instead', () => {
  const tun = (tunnel: 'ipip' | 'gre' | 'gue') => need({ method: 'tun', tunnel })
  for (const os of ['hpux', 'irix', 'windows'] as const)
    expect(commands(os, tun('ipip'))[0]).toMatch(/^refused: .* use forward: dr or nat$/)
  expect(commands('solaris', tun('gre'))[0]).toMatch(/^refused: Solaris unwraps IP in IP/)
  expect(commands('freebsd', tun('gue'))[0]).toMatch(/^refused: this system knows no GUE/)
  expect(commands('hpux', need({ family: 'ipv6', vips: ['2001:db8::10'] }))[0]).toMatch(/^refused: HP-UX cannot keep/)
})

test('the text is a script: reasons and what is by hand are comments, the way back is a comment too, or alone', () => {
  const recipe = recipeFor(CONFIG, 'rs1', 'linux')
  const text = recipeText(recipe, false)
  const plain = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  expect(plain).toEqual(commands('linux', needsOf(CONFIG, 'rs1')[0] as Need))
  expect(text).toContain('#   ip address del 10.11.0.10/32 dev lo')
  expect(text).toContain('# Checked from outside:')
  const back = recipeText(recipe, true)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  expect(back[0]).toBe('ip address del 10.11.0.10/32 dev lo')
  expect(recipeText(recipeFor(CONFIG, 'rs1', 'windows'), false)).toMatch(
    /# by hand: add the "Microsoft KM-TEST Loopback Adapter"/,
  )
  expect(recipeText(recipeFor(CONFIG, 'rs1', 'irix'), false)).toContain('nobody has carried them out here')
})
