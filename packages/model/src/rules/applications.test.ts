import { describe, expect, it } from 'vitest'
import { agreementDigests, checkConfig, type Config, SAMPLE } from '../index.ts'
import { refusalsOf } from '../fixture.ts'

/** The sample, and a service of FTP with this of its own, whose realserver is reached so. */
const ftp = (own: string, forward = 'nat', port = 'port: 21'): string =>
  `${SAMPLE}  - { name: files, group: web, address: 10.11.0.10, ${port}, protocol: tcp, scheduler: rr, ${own}realservers: [{ node: rs3, address: 10.12.0.13, forward: ${forward} }] }
`
const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}

describe('a helper of FTP', () => {
  it("is the service's own, and nodes compare it", () => {
    const [with_, without] = [configOf(ftp('helper: ftp, ')), configOf(ftp(''))]
    expect(with_.services.map(({ helper }) => helper)).toEqual([undefined, 'ftp'])
    expect(agreementDigests(with_).schedulers).not.toBe(agreementDigests(without).schedulers)
  })
  it.each<[what: string, text: string, refusal: RegExp]>([
    [
      'by direct routing',
      ftp('helper: ftp, ', 'dr').replace('address: 10.12.0.13, forward: dr', 'address: 10.12.0.13, forward: dr'),
      /helper-forward direct routing lets answers of "rs3" go another way, or as they are, and a helper of FTP must change addresses in both directions → use forward: nat; or take helper out, and use ports: \[21, PASSIVE-PORTS\] with persistence/,
    ],
    ['by a tunnel', ftp('helper: ftp, ', 'tun'), /helper-forward tunnelling lets answers of "rs3" go another way/],
    [
      'on several ports',
      ftp('helper: ftp, ', 'nat', 'ports: [20, 21]'),
      /helper-ports the helper reads connections to the one port on which FTP is spoken, .* → write port: 21 in place of ports/,
    ],
    [
      'of UDP',
      ftp('helper: ftp, check: { type: none }, ').replace('port: 21, protocol: tcp', 'port: 21, protocol: udp'),
      /helper-protocol FTP is spoken over tcp, and the service is of udp → take it out, or use protocol: tcp/,
    ],
    ['that nobody knows', ftp('helper: irc, '), /bad-value "irc" is not .*ftp/],
  ])('%s is refused', (_, text, refusal) => expect(refusalsOf(text).join('\n')).toMatch(refusal))
})
