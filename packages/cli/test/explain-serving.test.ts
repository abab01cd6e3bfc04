/** `lvsm explain SERVICE`: whether it is served, where checks and the kernel do not say the same, or none asks. */
import type { Status } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { explain } from '../src/explain/explain.ts'
import { explanationText } from '../src/explain/text.ts'
import { plain } from '../src/paint.ts'
import { STATUS, without } from './agent.ts'

const [service] = STATUS.services
const [rs1, rs2] = service!.realservers
type Server = Partial<Status['services'][number]['realservers'][number]>

function said(one: Server, other: Server = {}, more: Partial<Status> = {}): string {
  const services = [
    {
      ...service!,
      realservers: [
        { ...rs1!, ...one },
        { ...rs2!, ...other },
      ],
    },
  ]
  const status = without({ services, ...more })
  return explanationText(explain({ status, events: [] }, { kind: 'service', name: 'http' }), plain, 0)
}
const trouble = (code: string, message: string): Pick<Status, 'troubles'> => ({
  troubles: [
    {
      ...{ node: 'dir1', code, severity: 'critical', object: 'service http', message },
      ...{ evidence: 'rs1: 4 connections opened', hint: 'follow the packets' },
    },
  ],
})

describe('an explanation of a service', () => {
  it('whose checks all fail does not say that nobody is served: they go on taking connections', () => {
    const failed: Server = { healthy: false, kept: 'last', reason: 'HTTP 404; kept, because nobody else is left' }
    const text = said(failed, failed)
    expect(text).toMatch(
      /^service http .* takes connections, and whether it serves them is not known: 2 of 2 realservers take connections/,
    )
    expect(text).toContain('rs1 fails its check (HTTP 404; kept, because nobody else is left)')
    expect(text).toContain('→ rs1 goes on taking connections: look at the server there, and whether its check asks')
  })
  it('says of one that is kept why, as its row says it', () => {
    const reason = 'HTTP 404; kept, because no more than 50 % may be out at once'
    const text = said({}, { healthy: false, kept: 'cap', reason })
    expect(text).toMatch(/^service http .* is served: 2 of 2 realservers take connections/)
    expect(text).toContain(`rs2 fails its check (${reason})`)
    expect(text).not.toContain('nobody else is left')
  })
  it('says that nobody asks, and not that all answer', () => {
    const text = said({ basis: 'no-check' }, { basis: 'no-check' })
    expect(text).toContain('Why: no check asks whether these answer: rs1, rs2.')
    expect(said({ basis: 'table' })).toContain('Why: not checked yet: rs1; rs2 answers its check.')
  })
  it('takes one whose path is dead out of those that answer, with what was seen and what to do', () => {
    const path = `no new connection of service http at rs1 (10.11.0.11:80) gets further than its first packet`
    const text = said({}, {}, trouble('path-dead', path))
    expect(text).toMatch(/^service http .* is served: /)
    expect(text).toContain(`Why: ${path} (rs1: 4 connections opened); rs2 answers its check.`)
    expect(text).toContain('follow the packets')
  })
  it('does not say that it is served where no connection opens', () => {
    const text = said({}, {}, trouble('no-opening', 'no new connection of service http gets further'))
    expect(text).toMatch(/^service http .* takes connections, and whether it serves them is not known/)
    expect(text).toContain('Why: no new connection of service http gets further (rs1: 4 connections opened).')
  })
  it.each<[string, Pick<Status, 'troubles'>, Server, string]>([
    [
      'a packet filter of the owner drops what clients send',
      {
        troubles: [
          {
            ...{ node: 'dir1', code: 'drop-rule', severity: 'critical', object: 'chain inet site in handle 4' },
            message: 'a rule of chain inet site in of dir1 drops what clients of http send: all that is to 10.11.0.10',
            hint: 'nft delete rule inet site in handle 4',
          },
        ],
      },
      {},
      'is not served: 2 of 2 realservers take connections',
    ],
    [
      'the owner drops what it forwards, and all answer by NAT',
      {
        troubles: [
          {
            ...{ node: 'dir1', code: 'forward-dropped', severity: 'critical', object: 'chain ip others forward' },
            message: 'chain ip others forward drops all that dir1 forwards: answers of realservers by NAT among it',
            hint: 'accept there',
          },
        ],
      },
      { forward: 'nat' },
      'is not served: 2 of 2 realservers take connections',
    ],
    [
      'somebody else answers for its address',
      {
        troubles: [
          {
            ...{ node: 'dir1', code: 'address-conflict', severity: 'critical', object: 'group web' },
            message: '02:00:00:00:00:99 answers for an address of web, which dir1 owns (10.11.0.10 on outside)',
            hint: 'find that MAC',
          },
        ],
      },
      {},
      'takes connections, and whether it serves them is not known',
    ],
    [
      'its agent has just started, and found a table',
      { troubles: [] },
      { basis: 'table' },
      'takes connections, and whether it serves them is not known',
    ],
  ])('says what the first lines of a status say: %s', (_, { troubles }, more, words) => {
    const text = said(more, more, { troubles })
    expect(text).toContain(`service http (tcp 10.11.0.10:80) ${words}`)
    for (const { message, hint = '' } of troubles) {
      expect(text).toContain(`Why: ${message}`)
      expect(text).toContain(hint)
    }
    if (words.startsWith('is not served')) expect(text).not.toContain('answer their checks')
  })
  it('says that new clients are refused where all are full', () => {
    const full: Server = { upper: 10, active: 6, inactive: 4 }
    const text = said(full, full)
    expect(text).toMatch(/^service http .* is not served: 0 of 2 realservers take connections/)
    expect(text).toContain('rs1 is full: it has 10 connections of at most 10')
    expect(text).toContain('→ rs1 takes new connections when enough of those that it has are over')
  })
})

it('a director that a switchover would be refused to is not recommended for one', () => {
  const [group] = STATUS.groups
  const refused = 'has other schedulers in its configuration than dir1'
  const groups = [{ ...group!, takers: [{ node: 'dir2', could: true, reason: '', voters: 2, refused }] }]
  const text = explanationText(
    explain({ status: without({ groups }), events: [] }, { kind: 'group', name: 'web' }),
    plain,
    0,
  )
  expect(text).toContain(`→ a switchover of web is refused (dir2 ${refused}); if dir1 dies, dir2 takes it all the same`)
  expect(text).not.toContain('lvsm switchover')
})

it('who reaches more ping nodes comes next, whatever the order', () => {
  const [group] = STATUS.groups
  const directors = ['dir1', 'dir2', 'dir3']
  const reached = directors.map((node) => ({ node, reached: node !== 'dir2' }))
  const takers = directors.slice(1).map((node) => ({ node, could: true, reason: '', voters: 2 }))
  const groups = [{ ...group!, directors, takers, pings: [{ address: '10.11.0.254', directors: reached }] }]
  const { change } = explain({ status: without({ groups }), events: [] }, { kind: 'group', name: 'web' })
  expect(change.join()).toContain('dir3 takes it if dir1 dies')
})
