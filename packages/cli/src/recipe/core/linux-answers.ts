/**
 * Answers by NAT that go through the gateway whatever the main table says, by hand: the rules and tables that an agent makes (packages/plan,
 * `answers`), with its numbers, so that one that comes later finds nothing to do.
 */
import { MARKS } from '@lvsm/base'
import { FAMILIES, hostPrefix, type LedAnswers } from '@lvsm/model'
import { type Need, run, shared, type Step, type Steps } from './recipe.ts'

const OURS = `proto ${MARKS.routeProtocol}`

/** What is answered straight: other networks of the machine, or all of them, and directors. */
function straight({ gateway, reach, straight: directors }: LedAnswers, words: string, table: number): Step[] {
  const networks = `${words} route show proto kernel | grep -v '^fe80' | grep / | cut -d ' ' -f 1`
  const near = `${words} route show match ${gateway.address} proto kernel | grep -q "^$net "`
  return [
    run(
      `for net in $(${networks}); do ${reach === 'beyond' ? '' : `${near} || `}${words} route replace throw $net table ${table} ${OURS}; done`,
      reach === 'beyond' ? 'its networks are reached straight' : 'its other networks are reached straight',
    ),
    ...directors.map((address) =>
      run(
        `${words} route replace throw ${address}/${hostPrefix(address)} table ${table} ${OURS}`,
        'a director, which checks, is answered straight',
      ),
    ),
  ]
}

interface AnswerRule {
  readonly rule: string
  readonly why: string
}
const ALONE = 'answers of the service, and nothing else, leave by it'
/** An agent's rule has a flag for these (packages/plan, answers), which `ip rule` has no word for. */
const WITH_SOURCE = `${ALONE}: over IPv6 those alone to which the server gives this address as their source (it listens there, and not at all addresses, or sets it by IPV6_PKTINFO)`

function rulesOf({ answers }: LedAnswers, family: Need['family'], table: number): AnswerRule[] {
  return answers.flatMap(({ address, protocol, ports: { from, to } }) => {
    const port = from === to ? from : `${from}-${Math.min(to, 65_534)}`
    const sources = family === 'ipv4' && protocol !== 'tcp' ? [address, FAMILIES.ipv4.everybody] : [address]
    return sources.map((source) => ({
      rule: `pref ${table} from ${source}/${hostPrefix(source)} ipproto ${protocol} sport ${port} lookup ${table} protocol ${MARKS.routeProtocol}`,
      why: family === 'ipv6' && protocol !== 'tcp' ? WITH_SOURCE : ALONE,
    }))
  })
}

export function led({ led: all = [], family }: Need, words: string): Steps {
  const tables = all.map((one) => ({ one, table: MARKS.answerTables[one.reach] }))
  return {
    steps: tables.flatMap(({ one, table }) => [
      ...shared(`${family} table ${table}`, ...straight(one, words, table)),
      ...shared(
        `${family} gateway ${table}`,
        run(
          `dev=$(${words} -o route get ${one.gateway.address} | sed 's/.* dev \\([^ ]*\\).*/\\1/'); ${words} route replace default via ${one.gateway.address} dev "$dev"${family === 'ipv4' ? ` src ${one.answers[0]?.address}` : ''} table ${table} ${OURS}`,
          'a table by which answers pass the director, which translates them back',
        ),
      ),
      ...rulesOf(one, family, table).flatMap(({ rule, why }) =>
        shared(rule, run(`${words} rule del ${rule} 2> /dev/null || true; ${words} rule add ${rule}`, why)),
      ),
    ]),
    undo: tables.flatMap(({ one, table }) => [
      ...rulesOf(one, family, table).flatMap(({ rule }) =>
        shared(rule, run(`${words} rule del ${rule}`, 'answers leave by the main table again')),
      ),
      ...shared(`${family} table ${table}`, run(`${words} route flush table ${table}`, 'nobody needs it any more')),
    ]),
  }
}
