/** What is said about a file with faults: one sentence for one fault, about what was written, and nothing that is secret. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { checkConfig, MOST_SHOWN } from './check.ts'
import { placeOf } from './document.ts'
import { type Edit, edited, refusalsOf } from './fixture.ts'
import { nearest, suggest } from './nearest.ts'
import { SAMPLE } from './sample.ts'
import { LONGEST_FILE } from './yaml-faults.ts'

describe('one fault is one message', () => {
  it.each<[string, readonly Edit[], string]>([
    [
      'a duration without its unit',
      [['keepalive: 100ms', 'keepalive: 100']],
      '3:22 bad-duration 100 has no unit → 100ms, or 100s?',
    ],
    [
      'a duration in quotes without it',
      [['keepalive: 100ms', 'keepalive: "100"']],
      '3:22 bad-duration "100" has no unit → 100ms, or 100s?',
    ],
    [
      'a duration in words',
      [['interval: 500ms', 'interval: 1hour']],
      '26:35 bad-duration "1hour" is no duration → write 1h',
    ],
    [
      'a duration in a unit that there is not',
      [['interval: 500ms', 'interval: 2w']],
      '26:35 bad-duration "2w" is no duration → write a number with its unit, ms, s, m, h or d: 100ms, 1.5s, 2m, 12h, 7d',
    ],
    [
      'a duration that is too long, in the words of who wrote it',
      [['interval: 500ms', 'interval: 2h']],
      '26:35 impossible-timing interval 2h is more than an hour: nobody would notice in time that a realserver died → use at most 1h; seconds are usual',
    ],
    [
      'a duration with a blank',
      [['lease: 350ms', 'lease: 350 ms']],
      '3:36 bad-duration "350 ms" is no duration → write 350ms',
    ],
    [
      'a keepalive that is too long',
      [['keepalive: 100ms', 'keepalive: 5s']],
      '3:22 impossible-timing keepalive 5000 ms is too long beside lease 350 ms, warntime 300 ms and deadtime 1000 ms → lower keepalive below a third of lease, or raise lease above 3 × keepalive + apply and warntime above keepalive',
    ],
    [
      'a protocol to come',
      [['protocol: tcp', 'protocol: quic']],
      '24:15 not-in-this-version "quic" is not in this version → today: tcp, udp, sctp, tcp+udp',
    ],
    [
      'a forwarding method to come',
      [['forward: dr', 'forward: l3dsr']],
      '28:52 not-in-this-version "l3dsr" is not in this version → today: dr, nat, tun, fullnat, local',
    ],
    [
      'a name of ipvsadm for one',
      [['forward: dr', 'forward: masq']],
      '28:52 bad-value "masq" is not one of dr, nat, tun, fullnat, local → here it is called nat',
    ],
    [
      'a check to come',
      [['type: tcp', 'type: radius']],
      '26:20 not-in-this-version "radius" is not in this version → today: tcp, tls, http, https, grpc, expect, udp, dns, icmp, smtp, ftp, imap, pop3, redis, mysql, postgres, ldap, script, agent, none',
    ],
    [
      'a check of the host, with a port',
      [['type: tcp', 'type: icmp, port: 80']],
      '26:32 no-port-in-check 80 says a port, and a check of type icmp asks none → take port out, or write type: tcp to find out whether somebody accepts connections there',
    ],
    [
      'a check that looks at certificates, and not for which name',
      [['type: tcp', 'type: https']],
      '26:20 no-certificate-name "https" looks at the certificate, and nothing says for which name it must be → add host: NAME, the name in the certificate; or verify: false, to take any certificate',
    ],
    [
      'a version of TLS that is over',
      [['type: tcp', 'type: tls, host: a.example, min-version: 1.1']],
      '26:55 bad-value 1.1 is not one of 1.2, 1.3 → did you mean "1.2" or "1.3"?',
    ],
    [
      'a page that is asked for without its body',
      [['type: tcp', 'type: http, method: HEAD, body: ok']],
      '26:34 no-body "HEAD" is answered without a body → take body out, or write method: GET',
    ],
    [
      'a check that expects nothing',
      [['type: tcp', 'type: expect, send: "PING\\\\r\\\\n"']],
      '26:20 nothing-expected "expect" waits for an answer, and nothing says for which → add expect: EXPRESSION; tcp only finds out whether somebody accepts connections',
    ],
    [
      'a check without its program',
      [['type: tcp', 'type: script']],
      '26:20 no-command "script" runs a program, and nothing says which → add command: [/usr/lib/nagios/plugins/check_http, -H, "{address}", -p, "{port}"]',
    ],
    [
      'a command that a shell would have to find',
      [['type: tcp', 'type: script, command: [check_http]']],
      '26:37 bad-command a list does not begin with the path of a program → begin it with a slash: [/usr/lib/nagios/plugins/check_ftp, -H, "{address}"]',
    ],
    [
      'an expression that is none',
      [['type: tcp', 'type: http, body: "(ok"']],
      '26:32 bad-regex "(ok" is no regular expression: Unterminated group → write one of ECMAScript, e.g. "status.*ok"; (?i:…) takes any case',
    ],
    [
      'a range of status that goes down',
      [['type: tcp', 'type: http, status: [200, 399-300]']],
      '26:40 bad-status "399-300" is no status of HTTP, and no range of them → write 200, or 200-299',
    ],
    [
      'a header that frames the request',
      [['type: tcp', 'type: http, headers: ["Content-Length: 9"]']],
      '26:36 bad-header "Content-Length: 9" is no header that a request may have → write "NAME: VALUE", in quotes; the host has a key of its own, and what frames a request is the prober’s',
    ],
    [
      'a certificate that is none',
      [['type: tcp', 'type: https, host: a, ca: x']],
      '26:40 bad-certificate "x" is no certificate → write the certificate of the authority itself, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----',
    ],
    [
      'a key to come',
      [['scheduler: wrr', 'scheduler: wrr\n    drain-time: 5m']],
      '26:5 not-in-this-version the key "drain-time" is not in this version → take it out; keys here: name, group, address, port, ports, protocol, scheduler, scheduler-flags, one-packet, persistence, persistence-netmask, persistence-engine, helper, quorum, hysteresis, check, realservers, pool, overrides',
    ],
    ['a port by name', [['    port: 80', '    port: http']], '23:11 bad-type "http" is no port number → write 80'],
    [
      'a port in quotes',
      [['    port: 80', '    port: "80"']],
      '23:11 bad-type "80" is no port number → write 80, without quotes',
    ],
    [
      'a prefix length too many',
      [['address: 10.11.0.12, forward', 'address: 10.11.0.12/24, forward']],
      '29:31 bad-address "10.11.0.12/24" is no IPv4 or IPv6 address → write 10.11.0.12, without a prefix length',
    ],
    [
      'a prefix length too few',
      [['10.12.0.254/24', '10.12.0.254']],
      '17:16 bad-address "10.12.0.254" is no IPv4 or IPv6 address with a prefix length → write it with the prefix length of its network (ip -4 address): 10.12.0.254/24?',
    ],
    [
      'gateways that are no list',
      [['[10.12.0.254/24]', '10.12.0.254/24']],
      '17:15 bad-type "10.12.0.254/24" is not a list → write a list',
    ],
    ['a yes', [['voter: true', 'voter: yes']], '8:45 bad-type "yes" is not true or false → write true, without quotes'],
    [
      'a key without a value',
      [['    scheduler: wrr', '    scheduler:']],
      '25:5 missing "scheduler" has no value → write one behind the colon',
    ],
    ['a key that is missing', [['cluster: lab\n', '']], '1:1 missing "cluster" is missing → add cluster: NAME'],
    ['no number', [['revision: 1', 'revision: .inf']], '2:11 bad-type ".inf" is not a number → write a number'],
    [
      'a number of another base',
      [['port: 8080', 'port: 08080']],
      '30:49 bad-number a number begins with 0 → take the 0 away, or put it in quotes',
    ],
    [
      'a tag',
      [['port: 8080', 'port: !!js/function 8080']],
      '30:49 bad-yaml a value has a tag (!…), which no key of this file takes → take it out, or put the value in quotes',
    ],
    [
      'a tab',
      [['\nrevision', '\n\trevision']],
      '2:1 bad-yaml a tab stands where the line is indented → indent with spaces',
    ],
    [
      'a subtree in the place of a word',
      [['scheduler: wrr', 'scheduler: { a: { b: [1, 2, 3] } }']],
      '25:16 bad-value a mapping is not one of rr, wrr, lc, wlc, lblc, lblcr, dh, sh, mh, sed, nq, fo, ovf, twos → known values: rr, wrr, lc, wlc, lblc, lblcr, dh, sh, mh, sed, nq, fo, ovf, twos',
    ],
    [
      'a key whose id cannot be read',
      [['id: 1,', 'id: one,']],
      '5:11 bad-type the text of 3 characters is not a number → write a number',
    ],
    [
      'two words as near',
      [['scheduler: wrr', 'scheduler: wr']],
      '25:16 bad-value "wr" is not one of rr, wrr, lc, wlc, lblc, lblcr, dh, sh, mh, sed, nq, fo, ovf, twos → did you mean "rr" or "wrr"?',
    ],
    [
      'a key that a terminal obeys',
      [['revision: 1', 'revision: 1\n"a\\e[2Jb": 1']],
      '3:1 unknown-key unknown key "a\u{fffd}[2Jb" → known keys: cluster, revision, epoch, kept-revisions, monitoring-port, agent-port, monitoring-link, profile, tcp-timeout, tcp-fin-timeout, udp-timeout, timing, sync, sync-id, sync-link, sync-group, sync-port, keys, sign-with, nodes and 4 more',
    ],
  ])('%s', (_, edits, expected) => {
    const text = edited(...edits)
    expect(refusalsOf(text)).toEqual([expected])
    const said = JSON.stringify(checkConfig(text))
    expect(said).not.toContain(JSON.stringify('\u001b').slice(1, -1))
  })

  it.each(['{}', '[[]]', '~'])('whatever value is %s instead', (bad) => {
    const more = [...SAMPLE.matchAll(/([\w-]+): ("?[\w./]+"?|\[[^\]{]*\])(?=[ ,}\n\]])/g)].flatMap(
      ({ 0: all, 1: key = '', 2: value = '', index }) => {
        const at = index + all.length - value.length
        const said = refusalsOf(SAMPLE.slice(0, at) + bad + SAMPLE.slice(at + value.length))
        return said.length === 1 ? [] : [`${key}: ${said.join('; ')}`]
      },
    )
    expect(more).toEqual([])
  })

  it.each([
    ['a lost brace', SAMPLE.replace('drain: 200ms }', 'drain: 200ms')],
    ['a lost bracket', SAMPLE.replace('[director]', '[director')],
    ['bad indentation', SAMPLE.replace('    directors', '   directors')],
    ['a second document', `${SAMPLE}---\na: 1`],
    ['10,000 brackets', '['.repeat(10_000)],
    ['10,000 lists in one line', '- '.repeat(10_000)],
    ['mappings 1,000 deep', Array.from({ length: 1000 }, (__, at) => `${' '.repeat(at)}a:`).join('\n')],
    ['an alias of itself', 'a: &a [*a]'],
    ['an alias of nothing', 'a: *b'],
  ])('%s, with a place', (_, text) =>
    expect(refusalsOf(text)).toEqual([expect.stringMatching(/^\d+:\d+ (bad-yaml|too-deep|too-many-values) /)]),
  )
})

const BOMB = `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]\n`).join('')}`

describe('a file is limited', () => {
  it('in what its aliases stand for: the first that is too much is named, once', () => {
    const [one, ...more] = refusalsOf(BOMB)
    // 10 in the sixth line stand for a hundred thousand values each; what the lines above stand for counts too.
    expect(one).toMatch(/^6:\d+ too-many-values aliases \(\*name\) of this file stand for more values than/)
    expect(more.filter((text) => /too-(many|deep)/.test(text))).toEqual([])
  })
  it('in its values, without an alias', () => {
    const said = refusalsOf(`a: [${'1,'.repeat(200_100)}1]`)
    expect(said[0]).toMatch(/^1:\d+ too-many-values the file has more than 200000 values/)
  })
  it.each(['', '\n', '# nothing yet\n'])('and %j is none', (text) =>
    expect(refusalsOf(text)).toEqual([
      '1:1 bad-type the file is empty, or has nothing but comments → begin with "cluster: NAME"',
    ]),
  )
  it('in what is said about it: the first fifty faults, and how many more', () => {
    const text = edited(['sign-with: 1', Array.from({ length: 1000 }, (_, at) => `wrong${at}: 1`).join('\n')])
    const { refusals = [], ...rest } = checkConfig(text)
    expect(refusals).toHaveLength(MOST_SHOWN)
    expect(rest).toEqual({ more: 951 })
    expect(refusals.map(({ line }) => line)).toEqual(refusals.map(({ line }) => line).toSorted((a = 0, b = 0) => a - b))
  })
  it('in size', () =>
    expect(refusalsOf(`${SAMPLE}${'# x\n'.repeat(LONGEST_FILE / 4)}`)).toEqual([expect.stringMatching(/too-long/)]))
  it.each([
    ['of keys', 'k'.repeat(5) + Array.from({ length: 60_000 }, (_, at) => `k${at}: 1\n`).join('')],
    [
      'of wrong words',
      SAMPLE +
        Array.from(
          { length: 9000 },
          (_, at) =>
            `  - { name: s${at}, group: wbe, address: 10.11.0.10, port: 1, protocol: tcp, scheduler: ${'w'.repeat(39)}, realservers: [{ node: r${at}, address: 10.1.1.1, forward: dr }] }\n`,
        ).join(''),
    ],
    ['of one word', SAMPLE.replace('wrr', 'w'.repeat(LONGEST_FILE / 2))],
    ['of brackets', '{'.repeat(LONGEST_FILE)],
    ['of brackets behind a lost quote', `x: a "\ny: ${'['.repeat(LONGEST_FILE - 20)}`],
    ['of dashes behind a lost quote', `x: a "\n${'- '.repeat(LONGEST_FILE / 2 - 20)}`],
    ['of aliases', `a: &a 1\n${Array.from({ length: 60_000 }, (_, at) => `k${at}: *a\n`).join('')}`],
    [
      'of addresses',
      Array.from({ length: 20 }, (_, group) => {
        const gateways = Array.from({ length: 999 }, (__, at) => `10.${group}.${at >> 8}.${at & 255}/32`).join(', ')
        return `  - { name: g${group}, directors: [dir1], vips: [10.99.${group}.1/24], gateways: [${gateways}] }\n`
      }).reduce((text, line) => text.replace('services:\n', `${line}services:\n`), SAMPLE),
    ],
    ['of an alias bomb', BOMB],
  ])('in time, full %s', { timeout: 60_000 }, (_, text) => expect(refusalsOf(text).length).toBeGreaterThan(0))
  it('in how long a word may be to be compared', () => {
    expect(nearest('w'.repeat(41), ['w'.repeat(40)])).toEqual([])
    expect(
      suggest(
        'none',
        Array.from({ length: 100 }, (_, at) => `somebody-${at}`),
        'nodes',
      ),
    ).toMatch(/ and 80 more$/)
  })
})

describe('a secret never stands in a message', () => {
  const DIGITS = '5ec7e7'.repeat(10)
  const PHRASE = 'correct horse battery staple'
  it.each<[string, Edit]>([
    ['odd', [/secret: "\w+"/, `secret: "${DIGITS}5"`]],
    ['a passphrase', [/secret: "\w+"/, `secret: "${PHRASE}"`]],
    ['a list', [/secret: "\w+"/, `secret: ["${DIGITS}"]`]],
    ['binary', [/secret: "\w+"/, `secret: !!binary ${DIGITS}`]],
    ['under algorithm', ['algorithm: sha256', `algorithm: "${PHRASE}"`]],
    ['under id', ['id: 1,', `id: "${DIGITS}",`]],
    ['under sign-with', ['sign-with: 1', `sign-with: "${PHRASE}"`]],
    ['as the name of a file', [/secret: "\w+"/, `file: "${DIGITS}"`]],
    ['as the name of a file, in groups', [/secret: "\w+"/, `file: "${DIGITS.replaceAll(/..(?=.)/g, '$&:')}"`]],
    ['as a key', ['id: 1,', `id: 1, "${DIGITS}": x, "${PHRASE}": y,`]],
    ['as the whole key', [/\{ id: 1, .*"\w+" \}/, `"${PHRASE}"`]],
    ['as the list of keys', [/keys:\n.*\n/, `keys: "${PHRASE}"\n`]],
    ['as the cluster', ['cluster: lab', `cluster: ${DIGITS}`]],
    ['as a profile', ['revision: 1', `revision: 1\nprofile: "${DIGITS}"`]],
    ['of digits alone', [/secret: "\w+"/, `secret: ${'0123456789'.repeat(6)}`]],
    ['with an alias', [/secret: "\w+"/, `secret: *${DIGITS}`]],
    ['without its last quote', [/secret: "\w+"/, `secret: "${PHRASE}`]],
    ['with a colon too many', [/secret: "\w+"/, `secret: ${DIGITS}: x`]],
  ])('%s', (_, edit) => {
    const said = JSON.stringify(checkConfig(edited(edit)))
    expect(said).toContain('refusals')
    for (const part of [DIGITS.slice(0, 12), 'correct horse', 'battery', '0123456789']) expect(said).not.toContain(part)
  })

  test('whatever key it was written under', () => {
    const paths = fc.constantFrom(...SAMPLE.matchAll(/(?:[\w-]+): ([\w."/]+)/g))
    fc.assert(
      fc.property(paths, (found) => {
        const at = found.index + found[0].length - (found[1] ?? '').length
        const text = `${SAMPLE.slice(0, at)}"${DIGITS}"${SAMPLE.slice(at + (found[1] ?? '').length)}`
        const { refusals = [] } = checkConfig(text)
        expect(JSON.stringify(refusals)).not.toContain(DIGITS.slice(0, 16))
      }),
      { numRuns: 200 },
    )
  })
})

test('a place can be asked for later', () =>
  expect(placeOf(SAMPLE, ['keys', 0, 'secret'])).toEqual({ line: 5, column: 41 }))

describe('a key that is mistyped is one fault, whatever it was meant for, and nothing follows from it', () => {
  it.each<[string, Edit]>([
    ['cluster', ['cluster: lab', 'clusster: lab']],
    ['keepalive', ['keepalive: 100ms', 'keepalve: 100ms']],
    ['the secret', ['secret: "', 'secrt: "']],
    ['the id of the key that signs', ['{ id: 1,', '{ ids: 1,']],
    ['voter', ['voter: true', 'votr: true']],
    ['links', ['links: [{', 'link: [{']],
    ['gateways', ['gateways:', 'gatways:']],
    ['realservers', ['    realservers:', '    realserver:']],
    ['forward', ['forward: dr', 'foward: dr']],
  ])('%s', (_, edit) => {
    const [fault, ...others] = refusalsOf(edited(edit))
    expect(others).toEqual([])
    expect(fault).toMatch(/unknown-key .* → did you mean/)
  })
  it.each<[string, (text: string) => string]>([
    ['a node', (text) => text.replace(/( {2}- \{ name: rs1,.*\n)/, '$1$1')],
    ['a service', (text) => text.replace(/services:\n([^]*)$/, 'services:\n$1$1')],
    ['a group', (text) => text.replace(/groups:\n([^]*)services:/, 'groups:\n$1$1services:')],
  ])('so is %s that stands there twice', (_, twice) =>
    expect(refusalsOf(twice(SAMPLE))).toEqual([expect.stringMatching(/duplicate-name/)]),
  )
  it('a number beyond all bounds is too large once', () =>
    expect(refusalsOf(edited(['revision: 1', 'revision: 1e+99']))).toHaveLength(1))
})
