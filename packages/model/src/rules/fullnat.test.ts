import { describe, expect, it } from 'vitest'
import { checkConfig, forwarding, nodeView } from '../index.ts'
import { type Edit, edited, refusalsOf } from '../fixture.ts'

const RS1 = 'node: rs1, address: 10.11.0.11, forward: dr'
const FULL: Edit = [RS1, 'node: rs1, address: 10.11.0.11, port: 8080, forward: fullnat']

describe('a realserver by full NAT', () => {
  it('needs no gateway, no address of the service, no port of the service; its connections end with a move', () => {
    const { config, refusals } = checkConfig(edited(FULL))
    if (!config) return expect(refusals).toEqual([])
    const [server] = config.services[0]?.realservers ?? []
    expect(server).toMatchObject({ forward: 'fullnat', port: 8080, gateway: null })
    expect(nodeView(config, 'rs1')).toMatchObject({ answersFor: [], tunnels: [], gateways: [] })
    expect(forwarding('fullnat')).toMatchObject({ kernel: 'nat', connectionsMustEnd: true, hidesClients: true })
  })
  it('may stand where no director has a network', () =>
    expect(
      refusalsOf(
        edited(
          [
            '{ name: rs3, roles: [realserver], links: [{ name: inside, address: 10.12.0.13 }] }',
            '{ name: rs3, roles: [realserver], links: [{ name: inside, address: 10.12.0.13 }, { name: far, address: 10.99.0.13 }] }',
          ],
          ['10.12.0.13, port: 8080, forward: nat, gateway: 10.12.0.254', '10.99.0.13, forward: fullnat'],
        ),
      ),
    ).toEqual([]))

  it.each<[what: string, edits: readonly Edit[], refusal: RegExp]>([
    [
      'with a gateway',
      [[RS1, 'node: rs1, address: 10.11.0.11, forward: fullnat, gateway: 10.12.0.254']],
      /gateway-under-fullnat a realserver under full NAT answers the director itself and needs no gateway → remove it, or use forward: nat/,
    ],
    [
      'with a tunnel',
      [[RS1, 'node: rs1, address: 10.11.0.11, forward: fullnat, tunnel: gre']],
      /tunnel-under-fullnat packets for a realserver under full NAT are wrapped in nothing/,
    ],
    [
      'that is a director of the group, at another port',
      [
        ['roles: [director]', 'roles: [director, realserver]'],
        [RS1, 'node: dir1, address: 10.11.0.1, port: 8080, forward: fullnat'],
      ],
      /port-change "dir1" is a director of the group: as its owner it serves itself by local delivery, which cannot change the port: the service has 80, the realserver 8080 → let it listen on 80/,
    ],
    [
      'that is a director of the group, at an address that it has not all the time',
      [
        ['roles: [director]', 'roles: [director, realserver]'],
        [RS1, 'node: dir1, address: 10.11.0.77, forward: fullnat'],
      ],
      /local-address 10\.11\.0\.77 is no address of a link of "dir1"/,
    ],
    [
      'whose directors it knows no address of in its family',
      [
        ['vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 2001:db8:11::10/64]'],
        [
          'services:',
          'services:\n  - { name: six, group: web, address: "2001:db8:11::10", port: 80, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: "2001:db8:11::11", forward: fullnat }] }',
        ],
      ],
      /fullnat-without-source director "dir1" has no IPv6 address on its links, which "rs1" would see in place of its clients under full NAT → give "dir1" a link with its IPv6 address, or use forward: dr or nat/,
    ],
    [
      'of single packets',
      [FULL, ['protocol: tcp', 'protocol: udp\n    one-packet: true']],
      /one-packet-answers full NAT translates answers by the connection/,
    ],
    [
      'of FTP with the helper',
      [
        [
          'services:',
          'services:\n  - { name: files, group: web, address: 10.11.0.10, port: 21, protocol: tcp, scheduler: rr, helper: ftp, realservers: [{ node: rs1, address: 10.11.0.11, forward: fullnat }] }',
        ],
      ],
      /helper-forward with full NAT "rs1" needs no way to clients, and FTP may have it open a connection to one → use forward: nat;/,
    ],
  ])('%s is refused', (_, edits, refusal) => expect(refusalsOf(edited(...edits)).join('\n')).toMatch(refusal))

  it('is what others call by other names', () =>
    expect(refusalsOf(edited([RS1, `${RS1.replace('forward: dr', 'forward: snat')}`]))[0]).toMatch(
      /"snat" is not one of .* → here it is called fullnat/,
    ))
})
