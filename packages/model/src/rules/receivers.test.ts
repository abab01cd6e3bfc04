import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { refusalsOf } from '../fixture.ts'
import { SAMPLE } from '../sample.ts'

const file = (...receivers: string[]): string =>
  `${SAMPLE}\nreceivers:\n${receivers.map((one) => `  - ${one}\n`).join('')}`

const CA = '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----'

describe('receivers of alerts', () => {
  it('are complete with what is not said', () => {
    const { config } = checkConfig(
      file(
        '{ name: ops, type: webhook, url: "https://a.example/x" }',
        '{ name: mails, type: mail, to: [a@b.example], from: c@d.example, after: 15m, repeat: 0s, resolved: false, severity: critical, nodes: [dir1] }',
      ),
    )
    const all = { troubles: null, groups: null, services: null }
    expect(config?.receivers).toEqual([
      {
        ...{
          ...all,
          name: 'ops',
          type: 'webhook',
          keys: { url: 'https://a.example/x' },
          severity: 'warning',
          nodes: null,
        },
        ...{ afterMs: 0, repeatMs: 14_400_000, resolved: true, timeoutMs: 10_000 },
      },
      {
        ...{ ...all, name: 'mails', type: 'mail', severity: 'critical', nodes: ['dir1'] },
        keys: { server: '127.0.0.1', port: 25, to: ['a@b.example'], from: 'c@d.example' },
        ...{ afterMs: 900_000, repeatMs: 0, resolved: false, timeoutMs: 10_000 },
      },
    ])
    expect(checkConfig(SAMPLE).config?.receivers).toEqual([])
  })
  it.each<[string, string, RegExp]>([
    ['without its key', '{ name: a, type: webhook }', /missing a receiver of type webhook has no url → write url/],
    ['with the key of another', '{ name: a, type: exec, command: [/x], url: "http://a/" }', /key-of-other-receiver/],
    ['with no address of the web', '{ name: a, type: webhook, url: "ftp://a/" }', /bad-url/],
    [
      'with half a mail address',
      '{ name: a, type: mail, to: [ops], from: a@b }',
      /bad-mail-address is no mail address/,
    ],
    [
      'that would say more than an address',
      '{ name: a, type: mail, to: ["a@b>\\r\\nDATA"], from: a@b }',
      /bad-mail-address/,
    ],
    ['with a program by half its path', '{ name: a, type: mon, command: [page.alert] }', /bad-command/],
    [
      'that logs in in the clear',
      '{ name: a, type: mail, to: [a@b.example], from: a@b.example, server: mail.example, user: u, password-file: mail }',
      /password-in-the-clear .* → write tls: true/,
    ],
    [
      'that logs in to a web server in the clear',
      '{ name: a, type: webhook, url: "http://hooks.example/x", user: u, password-file: mail }',
      /password-in-the-clear .* → write https:/,
    ],
    [
      'that logs in without a password',
      '{ name: a, type: mail, to: [a@b.example], from: a@b.example, user: u }',
      /missing a login has user, and no password-file/,
    ],
    [
      'with a password and nobody who has it',
      '{ name: a, type: mail, to: [a@b.example], from: a@b.example, password-file: mail }',
      /missing a login has password-file, and no user/,
    ],
    [
      'with a password that is a file of somewhere else',
      '{ name: a, type: mail, to: [a@b.example], from: a@b.example, user: u, password-file: /etc/shadow }',
      /bad-file .*no file in \/etc\/lvsm\/secrets.d → .*bare name/,
    ],
    [
      'with headers by a way that leads out',
      '{ name: a, type: webhook, url: "https://a.example/", headers-file: ../key }',
      /bad-file/,
    ],
    [
      'with an authority, and certificates that nobody looks at',
      `{ name: a, type: mail, to: [a@b.example], from: a@b.example, ca: "${CA}" }`,
      /idle-authority is looked for by nobody here → add tls: true/,
    ],
    [
      'with an authority, and no certificate',
      `{ name: a, type: webhook, url: "http://a.example/", ca: "${CA}" }`,
      /idle-authority .* → write https:/,
    ],
    [
      'with an authority by its file',
      '{ name: a, type: webhook, url: "https://a.example/", ca: /x.pem }',
      /bad-certif/,
    ],
    [
      'with a token in the clear',
      '{ name: a, type: webhook, url: "http://a.example/", headers-file: token }',
      /password-in-the-clear a secret would go .* → write https:/,
    ],
    [
      'with both ways to log in of a webhook at a mail server',
      '{ name: a, type: mail, to: [a@b.example], from: a@b.example, headers-file: token }',
      /key-of-other-receiver/,
    ],
    [
      'with a user that is none',
      '{ name: a, type: mail, to: [a@b.example], from: a@b.example, user: "a b", password-file: mail }',
      /bad-user/,
    ],
    ['with a host that is none', '{ name: a, type: mail, to: [a@b], from: a@b, server: "a b" }', /bad-host/],
    [
      'of a trouble that is none',
      '{ name: a, type: exec, command: [/x], troubles: [no-ipsv] }',
      /unknown-trouble.*did you mean "no-ipvs"/,
    ],
    [
      'of a group that is none',
      '{ name: a, type: exec, command: [/x], groups: [wbe] }',
      /unknown-group there is no group "wbe"/,
    ],
    [
      'that repeats without a pause',
      '{ name: a, type: exec, command: [/x], repeat: 1s }',
      /out-of-range 1s is too often/,
    ],
    ['that is waited for without an end', '{ name: a, type: exec, command: [/x], timeout: 5m }', /out-of-range 5m/],
    ['of another type', '{ name: a, type: pager }', /known words|webhook/],
  ])('%s are refused, once', (_, receiver, what) => {
    const refusals = refusalsOf(file(receiver))
    expect(refusals).toHaveLength(1)
    expect(refusals[0]).toMatch(what)
  })
  it('have names of their own', () =>
    expect(
      refusalsOf(file('{ name: a, type: exec, command: [/x] }', '{ name: a, type: exec, command: [/y] }'))[0],
    ).toMatch(/duplicate-name/))
})
