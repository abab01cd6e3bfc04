/** Several parts on one server: what they share is made once, first, and taken back once, last. */
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, test } from 'vitest'
import { isRefused, type Need } from '../../src/recipe/core/recipe.ts'
import { answerFor, type SystemName } from '../../src/recipe/core/systems.ts'
import { recipeFor, recipeText } from '../../src/recipe/core/write.ts'

const V6 = 'fd00:11::10'
const service = (name: string, address: string, port: number, more: string): string =>
  `  - { name: ${name}, group: web, address: '${address}', port: ${port}, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: '${address === V6 ? 'fd00:11::11' : '10.11.0.11'}', ${more} }] }\n`
const configOf = (...services: string[]): Config => {
  const text = SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, 10.11.0.20/24, ${V6}/64]`)
    .replaceAll(
      /\{ name: (dir|rs)(\d), roles: (\[\w+\])(.*?), links: \[/g,
      (_, kind, nth, roles, more) =>
        `{ name: ${kind}${nth}, roles: ${roles}${more}, links: [{ name: six, address: 'fd00:11::${kind === 'dir' ? '' : '1'}${nth}' }, `,
    )
    .concat(...services)
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const IPIP = service('ipip', '10.11.0.20', 81, 'forward: tun')
const GUE = service('gue', '10.11.0.10', 82, 'forward: tun, tunnel: gue, tunnel-port: 6080')
const GRE = service('gre', '10.11.0.20', 83, 'forward: tun, tunnel: gre')
const SIX = service('six', V6, 80, 'forward: dr')
const SIX_TUN = service('six-tun', V6, 81, 'forward: tun')

/** Lines of the script, without reasons. */
const lines = (config: Config, os: SystemName, undo: boolean): string[] =>
  recipeText(recipeFor(config, 'rs1', os), undo)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
const twice = (all: readonly string[]): string[] => all.filter((line, at) => all.indexOf(line) !== at)
const at = (all: readonly string[], pattern: RegExp): number => {
  const found = all.findIndex((line) => pattern.test(line))
  expect(found, String(pattern)).toBeGreaterThanOrEqual(0)
  return found
}
const lastAt = (all: readonly string[], pattern: RegExp): number => all.findLastIndex((line) => pattern.test(line))

describe('Linux', () => {
  const config = configOf(IPIP, GUE, GRE, SIX, SIX_TUN)
  const [steps, undo] = [lines(config, 'linux', false), lines(config, 'linux', true)]
  const script = (all: readonly string[]): string[] =>
    all.filter((line) => !/^\s|^[}E]|^nft -f|^ip route get/.test(line))
  test('six parts, and no step is there twice', () => {
    expect(recipeFor(config, 'rs1', 'linux').parts).toHaveLength(6)
    expect(twice(script(steps))).toEqual([])
    expect(twice(script(undo))).toEqual([])
  })
  test('ARP is silent from the first VIP to the last', () => {
    expect(at(steps, /arp_ignore; do/)).toBeLessThan(at(steps, /address replace 10\./))
    expect(lastAt(undo, /address del 10\./)).toBeLessThan(at(undo, /while IFS/))
  })
  test('a guard of a family is there as long as one of its tunnels, and knows all their VIPs', () => {
    expect(at(steps, /^table inet lvsm-recipe \{/)).toBeLessThan(at(steps, /link add lvsm-[ig]/))
    expect(lastAt(undo, /link del lvsm-[ig]/)).toBeLessThan(at(undo, /nft delete table inet lvsm-recipe$/))
    expect(lastAt(undo, /link del lvsm-s/)).toBeLessThan(at(undo, /nft delete table inet lvsm-recipe6$/))
    expect(steps.join('\n')).toMatch(/ ip daddr != \{ 10\.11\.0\.20, 10\.11\.0\.10 \} counter drop/)
  })
  test('where two types of tunnels have one VIP, its segments fit into both', () => {
    expect(steps.join('\n')).toContain('ip saddr { 10.11.0.20 } tcp flags syn tcp option maxseg size set 1436')
    expect(steps.join('\n')).toContain('ip saddr { 10.11.0.10 } tcp flags syn tcp option maxseg size set 1428')
  })
  test('ipip and gue have one device for a director, which goes last of both', () => {
    expect(steps.filter((line) => line.includes('ip link add lvsm-i0a0b0001 '))).toHaveLength(1)
    expect(at(undo, /fou del port 6080/)).toBeLessThan(at(undo, /link del lvsm-i0a0b0001/))
  })
})

test('what is said beside a part says when to undo it', () => {
  const text = recipeText(recipeFor(configOf(IPIP), 'rs1', 'linux'), false)
  expect(text.split('\n').filter((line) => line.startsWith('# to undo it'))).toEqual([
    '# to undo it, after all that stands below:',
    '# to undo it:',
  ])
})

test.each<[SystemName, RegExp, RegExp]>([
  ['openbsd', /ifconfig lo1 create/, /ifconfig lo1 destroy/],
  ['freebsd', /ifconfig lo0 inet 10/, /ifconfig lo0 inet 10\S+ -alias/],
  ['solaris', /ipadm create-addr/, /ipadm delete-addr/],
])('%s: both families, and a tunnel beside them, make nothing twice', (os, made, gone) => {
  const config = configOf(IPIP, SIX)
  const recipe = recipeFor(config, 'rs1', os)
  expect(recipe.parts.filter(({ answer }) => isRefused(answer))).toEqual([])
  const [steps, undo] = [lines(config, os, false), lines(config, os, true)]
  // Settings that are set once more change nothing.
  expect(twice(steps).filter((line) => !/sysctl|set-prop/.test(line))).toEqual([])
  expect(twice(undo).filter((line) => !/sysctl|set-prop/.test(line))).toEqual([])
  expect(at(undo, gone)).toBeGreaterThanOrEqual(0)
  expect(at(steps, made)).toBeLessThan(steps.length - 1)
})

test('Windows keeps the former default route of each family in a file of its own', () => {
  const need: Omit<Need, 'family'> = {
    ...{ method: 'nat', vips: ['10.11.0.10'], own: ['10.12.0.13'], gateway: '10.12.0.254', oneNetwork: null },
    ...{ directors: ['10.12.0.1'], services: ['http'] },
  }
  const files = (['ipv4', 'ipv6'] as const).map((family) => {
    const answer = answerFor('windows', { ...need, family })
    return isRefused(answer)
      ? []
      : [...answer.steps, ...answer.undo].flatMap(({ run }) => /lvsm-former\S+/.exec(run) ?? [])
  })
  expect(files).toEqual([
    ['lvsm-former.xml', 'lvsm-former.xml'],
    ['lvsm-former6.xml', 'lvsm-former6.xml'],
  ])
})
