/** What receivers are given, as those that were written for others expect it. */
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { NEVER_BEFORE } from '@lvsm/base'
import { deliveryOf, type Told, toldOf } from './deliver.ts'
import { fingerprintOf, isMatched, isWanted, labelsOf } from './labels.ts'

const { config } = checkConfig(`${SAMPLE}
receivers:
  - { name: ops, type: webhook, url: "https://alerts.example/hook" }
  - { name: mails, type: mail, to: [ops@a.example], from: lvsm@a.example, severity: critical }
  - { name: old, type: mon, command: [/usr/lib/mon/alert.d/page.alert, ops], services: [http], nodes: [dir1] }
  - { name: own, type: exec, command: [/usr/local/bin/page] , troubles: [no-ipvs] }
`) as { config: Config }
const receiver = (name: string) => {
  const found = config.receivers.find((one) => one.name === name)
  if (!found) throw new Error(name)
  return found
}
const told = (more: Partial<Told> = {}, object = 'service http', code = 'service-unserved'): Told => ({
  hosts: ['rs1', 'rs2'],
  status: 'firing',
  labels: labelsOf(config, { code, object, severity: 'critical' }),
  summary: 'http: none of 2 realservers takes connections',
  startsAt: '2026-11-28T08:00:00.000Z',
  endsAt: null,
  startedMs: 1_790_000_000_500,
  ...more,
})
const over = { status: 'resolved', endsAt: '2026-11-28T09:00:00.000Z' } as const

it('a webhook gets what Alertmanager sends, version 4', () => {
  const { url, body } = deliveryOf(receiver('ops'), 'shop', [told(), told(over, 'node dir2', 'node-dead')])
  expect(url).toBe('https://alerts.example/hook')
  const sent: unknown = JSON.parse(String(body))
  expect(sent).toEqual({
    version: '4',
    groupKey: '{}:{cluster="shop"}',
    truncatedAlerts: 0,
    status: 'firing',
    receiver: 'ops',
    groupLabels: { cluster: 'shop' },
    commonLabels: { cluster: config.cluster, severity: 'critical' },
    commonAnnotations: { summary: told().summary },
    externalURL: '',
    alerts: [
      {
        status: 'firing',
        labels: {
          alertname: 'service-unserved',
          cluster: config.cluster,
          service: 'http',
          group: 'web',
          severity: 'critical',
        },
        annotations: { summary: told().summary, means: expect.any(String), next: expect.any(String) },
        startsAt: '2026-11-28T08:00:00.000Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint: fingerprintOf(told().labels),
      },
      expect.objectContaining({ status: 'resolved', endsAt: '2026-11-28T09:00:00.000Z' }),
    ],
  })
  const { status } = JSON.parse(String(deliveryOf(receiver('ops'), 'shop', [told(over)])['body'])) as { status: string }
  expect(status).toBe('resolved')
})

it('what lasts is in the body of a webhook beside what is due, as far as there is room; a test is a group of its own', () => {
  const body = (due: readonly Told[], lasting: readonly Told[] = []): Record<string, unknown> => {
    const parsed: unknown = JSON.parse(String(deliveryOf(receiver('ops'), 'shop', due, lasting)['body']))
    return { ...(parsed as Record<string, unknown>) }
  }
  expect(body([told(over)], [told({}, 'node dir2', 'node-dead')])).toMatchObject({
    status: 'firing',
    alerts: [{ status: 'resolved' }, { status: 'firing', labels: { alertname: 'node-dead' } }],
  })
  const many = Array.from({ length: 90 }, (_, at) => told({}, `node x${at}`, 'node-dead'))
  const { alerts, ...head } = body([told(over)], many)
  expect([alerts, head]).toMatchObject([{ length: 60 }, { status: 'firing', truncatedAlerts: 31 }])
  expect(body([told({ isTest: true })])).toMatchObject({
    groupKey: '{}:{alertname="test", cluster="shop"}',
    groupLabels: { alertname: 'test', cluster: 'shop' },
  })
  // Mails and programs tell of what is due alone.
  const mail = deliveryOf(receiver('mails'), 'shop', [told(over)], many)
  expect(mail['text']).not.toContain('node-dead')
})

it('a webhook that logs in has what it does that with', () => {
  const hook = receiver('ops')
  const keys = { ...hook.keys, user: 'ops', 'password-file': 'hook', 'headers-file': 'token' }
  expect(deliveryOf({ ...hook, keys }, 'shop', [told()])).toMatchObject(keys)
})

it('mon’s alert scripts get their arguments and their input, and -u when it is over', () => {
  expect(deliveryOf(receiver('old'), 'shop', [told()])).toMatchObject({
    argv: ['/usr/lib/mon/alert.d/page.alert', '-s', 'http', '-g', 'web', '-h', 'rs1 rs2', '-t', '1790000000', 'ops'],
    input: expect.stringMatching(/^http: none of 2 realservers takes connections\n.+\n/),
    variables: { MON_ALERTTYPE: 'failure' },
  })
  expect(
    deliveryOf(receiver('old'), 'shop', [told({ ...over, hosts: ['dir1'] }, 'node dir1', 'node-dead')]),
  ).toMatchObject({
    argv: expect.arrayContaining(['-h', 'dir1', '-s', 'node-dead', '-g', 'shop', '-u']),
    variables: { MON_ALERTTYPE: 'up' },
  })
})

it.each([
  ['service http', 'rs1 rs2 rs3'],
  ['group web', 'dir1 dir2'],
  ['node rs1', 'rs1'],
  ['receiver ops', 'shop'],
])('mon’s hosts are the nodes that %s is about: %s', (object, hosts) => {
  const alert = {
    ...({ code: 'x', object, severity: 'critical', summary: 's', details: {}, startedMs: 1000, ended: null } as const),
  }
  const one = toldOf(config, { ...alert, missedAt: NEVER_BEFORE, notBefore: NEVER_BEFORE }, String)
  const { argv } = deliveryOf(receiver('old'), 'shop', [one])
  expect(argv).toEqual(expect.arrayContaining(['-h', hosts, '-t', '1']))
})

it('mails of one thing are one thread, and one that is sent twice is the same', () => {
  const thread = (...all: Told[]) => {
    const { id, references } = deliveryOf(receiver('mails'), 'shop', all)
    return { id, references }
  }
  const first = `${fingerprintOf(told().labels)}.1790000000500.firing`
  expect(thread(told())).toEqual({ id: first, references: [] })
  expect(thread(told({ again: '1' }))).toEqual({ id: `${first}.1`, references: [first] })
  expect(thread(told({ again: 'critical' }))).toEqual({ id: `${first}.critical`, references: [first] })
  expect(thread(told(over))).toEqual({ id: first.replace('firing', 'resolved'), references: [first] })
  const dead = told({}, 'node dir2', 'node-dead')
  const both = thread(told(), dead)
  expect(both).toEqual(thread(told(), dead))
  expect(both.references).toEqual([first, `${fingerprintOf(dead.labels)}.1790000000500.firing`])
  expect(thread(told(), told({}, 'node dir1', 'node-dead')).id, 'of other things').not.toBe(both.id)
})

it('mail says what to do, and a program gets one alert as JSON and in its environment', () => {
  const mail = deliveryOf(receiver('mails'), 'shop', [told()])
  expect(mail).toMatchObject({
    server: '127.0.0.1',
    port: 25,
    subject: '[shop] FIRING: service-unserved service http, group web',
  })
  expect(mail['text']).toContain('  do: lvsm explain SERVICE')
  expect(deliveryOf(receiver('mails'), 'shop', [told(), told(over)])['subject']).toBe('[shop] 1 firing, 1 over')
  const program = deliveryOf(receiver('own'), 'shop', [told()])
  expect(program).toMatchObject({
    argv: ['/usr/local/bin/page'],
    variables: { LVSM_STATUS: 'firing', LVSM_SERVICE: 'http', LVSM_ALERTNAME: 'service-unserved' },
  })
  expect(JSON.parse(String(program['input']))).toMatchObject({ labels: { service: 'http' } })
})

it('what comes of it and what to do are those of the node that has it, and of what is over neither is said', () => {
  const details = { means: 'its vote comes late', next: 'lvsm explain node dir2' }
  const late = (more: Partial<Told> = {}) => told({ details, ...more }, 'node dir2', 'late')
  const text = (one: Told): string => String(deliveryOf(receiver('mails'), 'shop', [one])['text'])
  expect(text(late())).toContain('  so: its vote comes late\n  do: lvsm explain node dir2\n')
  expect(text(late({ details: {} })), 'as its kind says').toMatch(/ {2}so: .+\n {2}do: .+\n/)
  expect(text(late(over))).not.toMatch(/ {2}(so|do): /)
  expect(deliveryOf(receiver('old'), 'shop', [late()])['input']).toMatch(
    /\nits vote comes late\nlvsm explain node dir2\n$/,
  )
  for (const [name, of] of [
    ['ops', (sent: Record<string, unknown>) => JSON.parse(String(sent['body'])) as object],
    ['own', (sent: Record<string, unknown>) => ({ alerts: [JSON.parse(String(sent['input'])) as object] })],
  ] as const)
    expect(of(deliveryOf(receiver(name), 'shop', [late()]))).toMatchObject({ alerts: [{ annotations: details }] })
})

describe('labels', () => {
  it('make one fingerprint, however bad it is', () => {
    const { labels } = told()
    expect(fingerprintOf({ ...labels, severity: 'warning' })).toBe(fingerprintOf(labels))
    expect(fingerprintOf({ ...labels, service: 'https' })).not.toBe(fingerprintOf(labels))
    expect(labelsOf(config, { code: 'x', object: 'ping node 10.0.0.1', severity: 'warning' })).toMatchObject({
      object: 'ping node 10.0.0.1',
    })
  })
  it.each([
    ['*', true],
    ['service-unserved', true],
    ['node-dead', false],
    ['group=web', true],
    ['group=web,severity=critical', true],
    ['group=web,severity=warning', false],
    ['node=', false],
  ])('are matched by %s: %s', (match, is) => expect(isMatched(match, told().labels)).toBe(is))
  it('say who wants to hear of it', () => {
    const wants = (name: string, one: Told) => isWanted(receiver(name), one.labels)
    const warning = { ...told(), labels: { ...told().labels, severity: 'warning' } }
    expect([wants('ops', warning), wants('mails', warning), wants('mails', told())]).toEqual([true, false, true])
    expect([wants('old', told()), wants('old', told({}, 'node dir1')), wants('old', told({}, 'node dir2'))]).toEqual([
      true,
      true,
      false,
    ])
    expect([wants('own', told()), wants('own', told({}, 'node dir1', 'no-ipvs'))]).toEqual([false, true])
  })
})
