/** Tables and rules of answers on a kernel: the real one, and the one that the simulation has. */
import type { AnswerRoute, AnswerRule, ObservedAnswers, Operation } from '@lvsm/plan'
import { afterEach, beforeEach, expect, test } from 'vitest'

export interface AnswersSubject {
  /** Of the interface in 10.11.0.0/24 and 2001:db8:11::/64, as 10.11.0.11 and 2001:db8:11::11. */
  readonly index: number
  observe(): ObservedAnswers
  apply(operation: Operation): string | null
  /** Somebody else makes a default route of IPv4 in table 7600, through 10.11.0.1. */
  takeTable(): void
  close(): void
}

const V4 = { family: 'ipv4', table: 7600 } as const
const V6 = { family: 'ipv6', table: 7601 } as const
const rule: AnswerRule = { ...V4, source: '10.11.0.11', protocol: 'tcp', ports: { from: 80, to: 80 } }
const RULES: readonly AnswerRule[] = [
  rule,
  { ...V4, source: '10.11.0.11', protocol: 'udp', ports: { from: 8000, to: 8100 } },
  { ...V4, source: '0.0.0.0', protocol: 'udp', ports: { from: 8000, to: 8100 } },
  { ...V6, source: '2001:db8:11::11', protocol: 'sctp', ports: { from: 1024, to: 65_534 } },
]
const textOf = (entry: object): string =>
  JSON.stringify(Object.entries(entry).toSorted(([one], [other]) => (one < other ? -1 : 1)))
const sorted = ({ routes, rules }: ObservedAnswers) => ({
  routes: routes.map(textOf).toSorted(),
  rules: rules.map(textOf).toSorted(),
})

export function answersSuite(make: () => AnswersSubject): void {
  let subject: AnswersSubject
  let gateway: AnswerRoute
  let routes: AnswerRoute[]
  const done = (...operations: readonly Operation[]): void => {
    for (const operation of operations) expect(subject.apply(operation), JSON.stringify(operation)).toBeNull()
  }
  const set = (route: AnswerRoute): Operation => ({ kind: 'answer-route-set', route })
  const add = (one: AnswerRule): Operation => ({ kind: 'answer-rule-add', rule: one })

  beforeEach(() => {
    subject = make()
    const { index } = subject
    const thrown = { gateway: null, index: 0, source: null }
    gateway = {
      ...{ ...V4, destination: '0.0.0.0', prefix: 0, gateway: '10.11.0.254', index, source: '10.11.0.11' },
    }
    routes = [
      { ...V4, destination: '10.11.0.1', prefix: 32, ...thrown },
      gateway,
      { ...V6, destination: '2001:db8:11::', prefix: 64, ...thrown },
      { ...V6, destination: '::', prefix: 0, gateway: '2001:db8:11::fe', index, source: null },
    ]
  })
  afterEach(() => subject.close())

  test('what was set is what is seen, and goes again', () => {
    expect(sorted(subject.observe())).toEqual({ routes: [], rules: [] })
    done(...routes.map(set), ...RULES.map(add))
    expect(sorted(subject.observe())).toEqual(sorted({ routes, rules: RULES }))
    done(
      ...RULES.map((one): Operation => ({ kind: 'answer-rule-remove', rule: one })),
      ...routes.map((route): Operation => ({ kind: 'answer-route-remove', route })),
    )
    expect(sorted(subject.observe())).toEqual({ routes: [], rules: [] })
  })

  test('another gateway takes the place of the first', () => {
    const other = { ...gateway, gateway: '10.11.0.253', source: null }
    done(set(gateway), set(other))
    expect(subject.observe().routes).toEqual([other])
  })

  test('nothing twice, and nothing that is not there', () => {
    done(add(rule))
    expect(subject.apply(add(rule))).not.toBeNull()
    done({ kind: 'answer-rule-remove', rule })
    expect(subject.apply({ kind: 'answer-rule-remove', rule })).not.toBeNull()
    expect(subject.apply({ kind: 'answer-route-remove', route: gateway })).not.toBeNull()
    expect(sorted(subject.observe())).toEqual({ routes: [], rules: [] })
  })

  test('the last port of all is in no rule', () =>
    expect(subject.apply(add({ ...rule, ports: { from: 1024, to: 65_535 } }))).not.toBeNull())

  test('a route of somebody else is seen as one', () => {
    subject.takeTable()
    expect(subject.observe().routes).toMatchObject([{ ...V4, gateway: '10.11.0.1', foreign: true }])
  })
}
