/** Answers by NAT that rules lead through the gateway (rows 5 and 6). */
import { familyOf } from '@lvsm/base'
import { KERNEL_PROTOCOLS, type LedAnswers, namesOf } from '@lvsm/model'
import type { AskedAnswer } from '@lvsm/protocol'
import type { Check, Seen } from '../check.ts'

/** Of no network of anybody (RFC 5737, RFC 3849). */
const FAR = { ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const

/** To somebody whom the gateway has to reach: on one network there is nobody but itself who is surely no director. */
export const askedAnswers = ({ gateway, reach, answers }: LedAnswers): AskedAnswer[] =>
  answers.map(({ address, protocol, ports }) => ({
    ...{ from: address, protocol: KERNEL_PROTOCOLS[protocol].number, port: ports.from },
    to: reach === 'everybody' ? gateway.address : FAR[familyOf(gateway.address)],
  }))

const titleOf = ({ from, protocol, port }: AskedAnswer): string =>
  `${namesOf(KERNEL_PROTOCOLS).find((name) => KERNEL_PROTOCOLS[name].number === protocol)} ${from} port ${port}`

const answerRoutes: Check = {
  name: 'answer-routes',
  rows: [5, 6],
  title: 'answers of a realserver by NAT do not take the way that is made for them',
  symptom: 'requests hang: clients in the network of the realserver, or all of them, are answered past the director',
  why: 'rules (ip rule, 7600 and 7601) lead answers through the NAT gateway, whatever the main table says; another rule may come first',
  mend: 'systemctl status lvsm-agent: it puts rules and tables back; ip rule shows what comes before them, ip route show table 7600 where they lead',
  look({ facts, part }) {
    return part.led.flatMap((led) =>
      askedAnswers(led).flatMap((asked): Seen[] => {
        const found = facts.answers?.find(
          (one) =>
            one.from === asked.from &&
            one.protocol === asked.protocol &&
            one.port === asked.port &&
            one.to === asked.to,
        )
        // Nobody looked: facts of another machine, or of before.
        if (!found || found.gateway === led.gateway.address) return []
        const way = found.interface === '' ? 'no way' : `via ${found.gateway ?? 'the wire'} dev ${found.interface}`
        const protocol = titleOf(asked).split(' ')[0]
        return [
          {
            severity: 'critical',
            object: `${asked.from}:${asked.port}`,
            message: `answers of ${titleOf(asked)} do not pass the NAT gateway ${led.gateway.address}`,
            evidence: [`ip route get ${asked.to} from ${asked.from} ipproto ${protocol} sport ${asked.port}: ${way}`],
          },
        ]
      }),
    )
  },
}

export const ANSWER_CHECKS: readonly Check[] = [answerRoutes]
