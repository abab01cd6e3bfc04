/** What an owner says that keeps clients from it, or their answers from them, stands in the head of a status: checks go another way. */
import { expect, test } from 'vitest'
import { head, server, service, status, trouble } from './fixture.ts'
import type { Status } from './status.ts'
import { judge } from './verdict.ts'

const CHAIN = 'chain ip others forward drops all that dir1 forwards: answers of realservers by NAT among it'
const DROPS = { ...trouble('critical', 'dir1', CHAIN, 'forward-dropped'), object: 'chain ip others forward' }
const rival = (address: string) => ({
  ...trouble(
    'critical',
    'dir1',
    `02:00:00:00:00:99 answers for an address of web, which dir1 owns (${address} on outside)`,
    'address-conflict',
  ),
  object: 'group web',
})
const foreign = (key: string, what: string) => ({
  ...trouble(
    'warning',
    'dir1',
    `${key} in service tcp 10.11.0.10:80 is not of our making and stays, ${what}`,
    'foreign-destination',
  ),
  object: 'service http',
})
const NAT = { forward: 'nat' }
const of = (troubles: Status['troubles'], ...realservers: object[]): Status =>
  status({ services: [service({ realservers })], troubles })
const PARTLY = trouble(
  'critical',
  'dir1',
  'a rule of chain inet fw in of dir1 drops part of what clients of http send: all that is from 10.11.0.0/24 tcp port 80',
  'drop-rule',
)
const DOUBT = 'whether clients reach this cluster, or that machine, is not known'
const ALSO = 'other: 1 critical trouble'

test.each<[string, Status, string, boolean | null]>([
  [
    'all realservers answer by NAT, and the owner drops what it forwards',
    of([DROPS], server('rs1', NAT), server('rs2', NAT)),
    `not served | unserved: http: ${CHAIN} | ${ALSO}`,
    false,
  ],
  [
    'one of two does',
    of([DROPS], server('rs1'), server('rs2', NAT)),
    `degraded | unserving: http: ${CHAIN}: clients that are sent to rs2 get no answer | ${ALSO}`,
    true,
  ],
  [
    'none does, or the chain is of another family',
    of([{ ...DROPS, object: 'chain ip6 others forward' }], server('rs1'), server('rs2', NAT)),
    `degraded | impaired: dir1: ${CHAIN} | ${ALSO}`,
    true,
  ],
  [
    'the standby says so',
    of([{ ...DROPS, node: 'dir2' }], server('rs1', NAT)),
    `degraded | thin: dir2: ${CHAIN} | ${ALSO}`,
    true,
  ],
  [
    "the owner's packet filter keeps some of its clients out",
    of([PARTLY], server('rs1'), server('rs2')),
    `degraded | impaired: http: ${PARTLY.message} | ${ALSO}`,
    true,
  ],
  [
    'somebody else answers for the address',
    of([rival('10.11.0.10')], server('rs1'), server('rs2')),
    `degraded | impaired: http: ${rival('10.11.0.10').message}: ${DOUBT} | ${ALSO}`,
    null,
  ],
  [
    'it is over, as far as that can be said',
    of([{ ...rival('10.11.0.10'), pastMs: 20_000 }], server('rs1'), server('rs2')),
    'healthy',
    true,
  ],
  [
    'for the gateway, which realservers by direct routing do not need',
    of([rival('10.12.0.254')], server('rs1'), server('rs2')),
    `degraded | ${ALSO}`,
    true,
  ],
  [
    'for the gateway, by which others answer',
    of([rival('10.12.0.254')], server('rs1'), server('rs2', NAT)),
    `degraded | impaired: http: ${rival('10.12.0.254').message}: ${DOUBT} | ${ALSO}`,
    null,
  ],
  [
    'for the address of several services: one line',
    status({
      services: [service(), service({ name: 'mail', port: 25 }), service({ name: 'dns', address: '10.11.0.53' })],
      troubles: [rival('10.11.0.10')],
    }),
    `degraded | impaired: http, mail: ${rival('10.11.0.10').message}: ${DOUBT} | ${ALSO}`,
    null,
  ],
  [
    'destinations of others get most of its clients: one line',
    of(
      [
        foreign('10.9.9.9:80', 'with 50 of 62 of the weight'),
        foreign('10.9.9.8:80', 'with 10 of 62 of the weight'),
        foreign('10.9.9.7:80', 'with weight 0'),
      ],
      server('rs1'),
      server('rs2'),
    ),
    'degraded, 3 | impaired: http: realservers that nobody checks get 60 of 62 of the weight (10.9.9.9:80, 10.9.9.8:80)',
    true,
  ],
  ['one has weight 0', of([foreign('10.9.9.9:80', 'with weight 0')], server('rs1'), server('rs2')), 'healthy, 1', true],
  [
    'one is in the table of a standby: after a takeover it gets clients',
    of([{ ...foreign('10.9.9.9:80', 'with 50 of 52 of the weight'), node: 'dir2' }], server('rs1'), server('rs2')),
    'degraded, 1 | thin: dir2: 10.9.9.9:80 in service tcp 10.11.0.10:80 is not of our making and stays, with 50 of 52 of the weight',
    true,
  ],
])('%s', (_, one, words, served) => {
  expect(head(one)).toBe(words)
  expect(judge(one).served.get('http')).toBe(served)
})
