import { describe, expect, it } from 'vitest'
import { agreementDigests, checkConfig, nodeView, SAMPLE } from '../index.ts'
import { type Edit, edited, refusalsOf } from '../fixture.ts'

const RS1 = 'node: rs1, address: 10.11.0.11, forward: dr'
/** With more spaces, so that the text is never the one of the sample. */
const rs1 = (more: string): Edit => [RS1, `node: rs1,  address: 10.11.0.11, ${more}`]
const configOf = (...edits: readonly Edit[]) => {
  const { config, refusals } = checkConfig(edits.length === 0 ? SAMPLE : edited(...edits))
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const first = (...edits: readonly Edit[]): string => (refusalsOf(edited(...edits))[0] ?? '').replace(/^\d+:\d+ /, '')
const more = (port: number, realserver: string): string =>
  `\n  - { name: s${port}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, realservers: [{ ${realserver} }] }\n`

describe('where a realserver has the VIP', () => {
  it.each([
    ['forward: dr', undefined, 'lo'],
    ['forward: dr, placement: lo', undefined, 'lo'],
    ['forward: dr, placement: dummy', 'dummy', 'dummy'],
    ['forward: dr, placement: route', 'route', 'route'],
    ['forward: tun, placement: tunnel', 'tunnel', 'tunnel'],
    ['forward: tun, placement: route', 'route', 'route'],
  ])('%s', (written, kept, placement) => {
    const config = configOf(rs1(written))
    expect(config.services[0]?.realservers[0]?.placement).toBe(kept)
    expect(nodeView(config, 'rs1')?.answersFor).toEqual([{ address: '10.11.0.10', group: 'web', placement }])
  })

  it('is said among nodes where it is not as ever', () => {
    const digest = (written: string) => agreementDigests(configOf(rs1(written))).realservers
    expect(digest('forward: dr, placement: lo')).toBe(digest('forward: dr'))
    expect(digest('forward: dr, placement: dummy')).not.toBe(digest('forward: dr'))
  })

  it('belongs to the forwarding method that a pool says, and is overridden as it is', () => {
    const pool =
      'pools: [{ name: p, realservers: [{ node: rs1, address: 10.11.0.11, forward: tun, placement: tunnel }] }]'
    const placed = (override: string) => {
      const { config, refusals } = checkConfig(
        SAMPLE.replace('services:', `${pool}\nservices:`).replace(
          /realservers:\n(?: {6}- .*\n)+/,
          `pool: p\n    overrides: [{ node: rs1, ${override} }]\n`,
        ),
      )
      if (!config) throw new Error(JSON.stringify(refusals))
      return config.services[0]?.realservers[0]?.placement
    }
    expect(placed('weight: 3')).toBe('tunnel')
    expect(placed('placement: dummy')).toBe('dummy')
    expect(placed('forward: dr')).toBeUndefined()
    expect(placed('forward: dr, placement: route')).toBe('route')
  })
})

describe('what cannot be is refused', () => {
  it.each<[why: string, edit: Edit, refusal: string]>([
    [
      'tunnel devices without a tunnel',
      rs1('forward: dr, placement: tunnel'),
      'placement-without-tunnel packets for "rs1" come by direct routing as they are, so there is no tunnel device on which it could have the VIP → use placement: lo, dummy, route; or forward: tun',
    ],
    [
      'NAT',
      ['port: 8080, forward: nat', 'port: 8080, forward: nat, placement: lo'],
      'placement-under-nat a realserver under NAT has the VIP nowhere of its own: it answers as itself → remove it, or use forward: dr or tun',
    ],
    [
      'full NAT',
      rs1('forward: fullnat, placement: dummy'),
      'placement-under-fullnat a realserver under full NAT has the VIP nowhere of its own: it answers as itself → remove it, or use forward: dr or tun',
    ],
    [
      'a word of others',
      rs1('forward: dr, placement: dummy0'),
      'bad-value "dummy0" is not one of lo, dummy, route, tunnel → here it is called dummy',
    ],
    ['a word to come', rs1('forward: dr, placement: vrf'), 'not-in-this-version "vrf" is not in this version'],
  ])('%s', (_, edit, refusal) => expect(first(edit)).toContain(refusal))

  it('local delivery', () =>
    expect(
      first(
        [
          'roles: [director], voter: true, links: [{ name: inside, address: 10.12.0.1,',
          'roles: [director, realserver], voter: true, links: [{ name: inside, address: 10.12.0.1,',
        ],
        [RS1, 'node: dir1, address: 10.11.0.1, forward: local, placement: route'],
      ),
    ).toContain(
      'placement-under-local a realserver under local delivery has the VIP nowhere of its own: a director that serves itself has the VIP as its owner',
    ))

  it('one VIP in two places: it has the address once; in another service of the same place is well, and so is another VIP', () => {
    const two = (realserver: string) =>
      checkConfig(`${edited(rs1('forward: dr, placement: dummy'))}${more(81, realserver)}`)
    const server = 'node: rs1, address: 10.11.0.11, forward: dr'
    expect(two(`${server}, placement: route`).refusals).toMatchObject([
      {
        code: 'two-placements',
        message:
          '"rs1" would have 10.11.0.10 as local route (placement: route) for service "s81" and as alias on lvsm-vips (placement: dummy) for service "http": it has the address once',
        hint: 'write placement: dummy here too, or the other one in both',
      },
    ])
    expect(two(server).refusals?.map(({ code }) => code)).toEqual(['two-placements'])
    expect(two(`${server}, placement: dummy`).refusals).toBeUndefined()
    expect(two('node: rs2, address: 10.11.0.12, forward: dr').refusals).toBeUndefined()
    expect(two('node: rs1, address: 10.11.0.11, forward: fullnat').refusals).toBeUndefined()
  })
})

it('in IPv6 no program binds a local route: said, and no fault', () => {
  const six = (placement: string) =>
    checkConfig(
      SAMPLE.replaceAll('10.11.0.', '2001:db8:11::')
        .replaceAll('10.12.0.', '2001:db8:12::')
        .replaceAll('/24', '/64')
        .replace(/ {4}ping: .*\n/, '')
        .replace('2001:db8:11::11, forward: dr', `2001:db8:11::11, forward: dr, placement: ${placement}`),
    ).warnings?.map(({ code, severity }) => `${severity} ${code}`)
  expect(six('route')).toContain('info local-route-not-bound')
  expect(six('dummy')).not.toContain('info local-route-not-bound')
  const { warnings } = checkConfig(edited(rs1('forward: dr, placement: route')))
  expect(warnings?.map(({ code }) => code)).not.toContain('local-route-not-bound')
})
