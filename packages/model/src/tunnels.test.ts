import { describe, expect, it } from 'vitest'
import { agreementDigests, checkConfig, nodeView, SAMPLE } from './index.ts'
import { type Edit, edited, refusalsOf } from './fixture.ts'

const configOf = (...edits: readonly Edit[]) => {
  const { config, refusals } = checkConfig(edits.length === 0 ? SAMPLE : edited(...edits))
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const RS1 = 'node: rs1, address: 10.11.0.11, forward: dr'
const TUN: Edit = [RS1, 'node: rs1, address: 10.11.0.11, forward: tun']
const GRE: Edit = ['10.11.0.12, forward: dr', '10.11.0.12, forward: tun, tunnel: gre']

describe('a realserver that packets come to wrapped', () => {
  it('has a tunnel: ipip unless it says otherwise; others have none', () => {
    const [service] = configOf(TUN, GRE).services
    expect(service?.realservers.map(({ forward, tunnel }) => [forward, tunnel])).toEqual([
      ['tun', 'ipip'],
      ['tun', 'gre'],
      ['nat', undefined],
    ])
    expect(service?.realservers[2]).not.toHaveProperty('tunnel')
  })

  it('unwraps what comes from any address of a director of the group, and of nobody else', () => {
    const config = configOf(TUN, GRE)
    const directors = ['10.11.0.1', '10.11.0.2', '10.12.0.1', '10.12.0.2']
    expect(nodeView(config, 'rs1')?.tunnels).toEqual(directors.map((remote) => ({ tunnel: 'ipip', remote })))
    expect(nodeView(config, 'rs1')?.tunnelled).toEqual([{ address: '10.11.0.10', tunnel: 'ipip' }])
    expect(nodeView(config, 'rs2')?.tunnels).toEqual(directors.map((remote) => ({ tunnel: 'gre', remote })))
    for (const node of ['dir1', 'rs3']) expect(nodeView(config, node)).toMatchObject({ tunnels: [], tunnelled: [] })
    expect(nodeView(config, 'rs1')?.answersFor, 'the VIP stands on lo').toEqual([
      { address: '10.11.0.10', group: 'web', placement: 'lo' },
    ])
  })

  it('of GUE has a UDP port, which goes with the type', () => {
    const gue = (more: string) => configOf([RS1, RS1.replace('forward: dr', `forward: tun, tunnel: gue${more}`)])
    expect(gue('').services[0]?.realservers[0]).toMatchObject({ tunnel: 'gue', tunnelPort: 6080 })
    expect(nodeView(gue(', tunnel-port: 6635'), 'rs1')?.tunnelPorts).toEqual([{ port: 6635, family: 'ipv4' }])
    expect(nodeView(configOf(TUN), 'rs1')?.tunnelPorts).toEqual([])
    expect(agreementDigests(gue('')).realservers).not.toBe(agreementDigests(gue(', tunnel-port: 6635')).realservers)
  })

  it('of an address that comes in two tunnels counts the longer header', () => {
    const second = `\n  - { name: more, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: 10.11.0.11, forward: tun, tunnel: gre }] }\n`
    const { config } = checkConfig(edited(TUN).trimEnd() + second)
    expect(config && nodeView(config, 'rs1')?.tunnelled).toEqual([{ address: '10.11.0.10', tunnel: 'gre' }])
    expect(config && nodeView(config, 'rs1')?.tunnels).toHaveLength(8)
  })

  it('is told apart by its tunnel when nodes compare their files; without one the text is that of older versions', () => {
    const digest = (...edits: readonly Edit[]): string => agreementDigests(configOf(...edits)).realservers
    expect(digest(TUN)).not.toBe(digest())
    expect(digest(GRE)).not.toBe(digest(['10.11.0.12, forward: dr', '10.11.0.12, forward: tun']))
    expect(digest(), 'as versions without tunnels say it').toBe('cdd76332acccf99b')
  })

  it('keeps the tunnel of its pool only under the same method', () => {
    const pool = 'pools: [{ name: p, realservers: [{ node: rs1, address: 10.11.0.11, forward: tun, tunnel: gre }] }]'
    const text = (override: string): string =>
      SAMPLE.replace('services:', `${pool}\nservices:`).replace(
        /realservers:\n(?: {6}- .*\n)+/,
        `pool: p\n    overrides: [{ node: rs1, ${override} }]\n`,
      )
    const way = (override: string) => {
      const { config, refusals } = checkConfig(text(override))
      if (!config) throw new Error(JSON.stringify(refusals))
      const [server] = config.services[0]?.realservers ?? []
      return [server?.forward, server?.tunnel]
    }
    expect(way('weight: 3')).toEqual(['tun', 'gre'])
    expect(way('forward: dr')).toEqual(['dr', undefined])
    expect(way('tunnel: ipip')).toEqual(['tun', 'ipip'])
  })
})

describe('what does not work is refused', () => {
  it.each<[why: string, edit: Edit, refusal: string]>([
    [
      'another port',
      [RS1, `${RS1.replace('forward: dr', 'forward: tun')}, port: 8080`],
      'port-change tunnelling cannot change the port: the service has 80, the realserver 8080 → let the realserver listen on 80, or use forward: nat or fullnat',
    ],
    [
      'a gateway',
      [RS1, `${RS1.replace('forward: dr', 'forward: tun')}, gateway: 10.12.0.254`],
      'gateway-under-tun a realserver under tunnelling answers by itself and needs no gateway → remove it, or use forward: nat',
    ],
    [
      'a tunnel without tunnelling',
      [RS1, `${RS1}, tunnel: gre`],
      'tunnel-under-dr packets for a realserver under direct routing are wrapped in nothing → remove it, or use forward: tun',
    ],
    [
      'a tunnel to come',
      [RS1, `${RS1.replace('forward: dr', 'forward: tun')}, tunnel: vxlan`],
      'not-in-this-version "vxlan" is not in this version → today: ipip, gre, gue',
    ],
  ])('%s', (_, edit, refusal) => {
    const [first = ''] = refusalsOf(edited(edit))
    expect(first.replace(/^\d+:\d+ /, '')).toBe(refusal)
  })

  it.each<[more: string, refusal: string]>([
    ['forward: tun, tunnel-port: 99', 'no-tunnel-port IP in IP has no port of its own → remove it, or use tunnel: gue'],
    [
      'forward: tun, tunnel: gre, tunnel-port: 99',
      'no-tunnel-port GRE has no port of its own → remove it, or use tunnel: gue',
    ],
    [
      'forward: dr, tunnel-port: 99',
      'no-tunnel-port its forwarding method has no port of its own → remove it, or use tunnel: gue',
    ],
  ])('a port without GUE: %s', (more, refusal) =>
    expect(refusalsOf(edited([RS1, RS1.replace('forward: dr', more)]))[0]?.replace(/^\d+:\d+ /, '')).toBe(refusal),
  )

  it('a director of the group: as a standby it must stay silent for what it would answer for', () =>
    expect(
      refusalsOf(
        edited(
          ['roles: [director]', 'roles: [director, realserver]'],
          [RS1, 'node: dir1, address: 10.11.0.1, forward: tun'],
        ),
      )[0],
    ).toMatch(/^28:\d+ director-is-realserver "dir1" is a director of group "web": as a standby it must stay silent/))

  it('a realserver that no director has a network with is none of it', () =>
    expect(
      checkConfig(
        edited(
          [
            '{ name: rs3, roles: [realserver], links: [{ name: inside, address: 10.12.0.13 }] }',
            '{ name: rs3, roles: [realserver], links: [{ name: inside, address: 10.12.0.13 }, { name: far, address: 10.99.0.13 }] }',
          ],
          ['10.12.0.13, port: 8080, forward: nat, gateway: 10.12.0.254', '10.99.0.13, forward: tun'],
        ),
      ).refusals,
    ).toBeUndefined())
})
