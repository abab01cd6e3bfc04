/** The suite of answers on the host's kernel, with `ip` as the judge. Needs root, and fails without it. */
import type { AnswerRule } from '@lvsm/plan'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { carryOutAnswers, readAnswers } from '../../agent/node/adapters/kernel/answers.ts'
import { type AnswersSubject, answersSuite } from '../suites/answers.ts'
import { index, ip, ipJson, route, run, space } from './space.ts'

/** Says nothing of tables that were never there. */
const flush = (args: string): void => {
  try {
    ip(args)
  } catch {
    // Nothing to flush.
  }
}
const flushed = (): void => {
  for (const family of ['-4', '-6']) for (const table of [7600, 7601]) flush(`${family} route flush table ${table}`)
  for (const family of ['-4', '-6'])
    for (const one of JSON.parse(run('ip', '-n', space, family, '-j', 'rule')) as { priority: number }[])
      if (one.priority > 7000 && one.priority < 8000) ip(`${family} rule del pref ${one.priority}`)
}

beforeAll(() => {
  for (const address of ['10.11.0.11/24', '2001:db8:11::11/64'])
    ip(`address add ${address} dev left${address.includes(':') ? ' nodad' : ''}`)
})
afterAll(flushed)

const real = (): AnswersSubject => ({
  index,
  observe: () => readAnswers(route),
  apply: (operation) =>
    'route' in operation || 'rule' in operation ? carryOutAnswers(operation, route) : `no ${operation.kind} here`,
  takeTable: () => void ip('route add default via 10.11.0.1 dev left table 7600'),
  close: flushed,
})

describe('answers on the kernel', () => answersSuite(real))

describe('what ip says of them', () => {
  const rule: AnswerRule = {
    ...{ family: 'ipv4' as const, table: 7600, source: '10.11.0.11', protocol: 'udp' as const },
    ports: { from: 53, to: 53 },
  }
  it('a rule of ours', () => {
    expect(carryOutAnswers({ kind: 'answer-rule-add', rule }, route)).toBeNull()
    expect(ipJson('rule show pref 7600')).toEqual([
      expect.objectContaining({
        priority: 7600,
        src: '10.11.0.11',
        ipproto: 'udp',
        sport: 53,
        table: '7600',
        protocol: '76',
      }),
    ])
    flushed()
  })
  it('rules of others at our number, and those that ask for more, are not ours', () => {
    ip('rule add pref 7600 from 10.11.0.11 ipproto udp sport 53 lookup 7600')
    ip('rule add pref 7601 from 10.11.0.11 ipproto udp sport 53 dport 9 lookup 7601 protocol 76')
    ip('rule add pref 7601 from 10.11.0.11 ipproto udp sport 53 lookup main protocol 76')
    expect(readAnswers(route).rules).toEqual([])
    flushed()
  })
})
