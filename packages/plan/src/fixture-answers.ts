/** Default routes, and tables and rules of answers, of the fixture's kernel. */
import { familyOfDefault, type Observed, type Operation } from './index.ts'
import { refuse } from './fixture-tunnels.ts'

type AnswerOperation = Extract<Operation, { readonly kind: `answer-${string}` }>
type Route = Extract<AnswerOperation, { readonly route: unknown }>['route']

const place = ({ family, table, destination, prefix }: Route): string => `${family} ${table} ${destination}/${prefix}`

export function applyAnswers(now: Observed, operation: AnswerOperation): Observed {
  const { routes, rules } = now.answers ?? { routes: [], rules: [] }
  if ('route' in operation) {
    const others = routes.filter((one) => place(one) !== place(operation.route))
    if (operation.kind === 'answer-route-set')
      return { ...now, answers: { routes: [...others, operation.route], rules } }
    return others.length === routes.length ? refuse('ESRCH') : { ...now, answers: { routes: others, rules } }
  }
  const others = rules.filter((one) => JSON.stringify(one) !== JSON.stringify(operation.rule))
  const adds = operation.kind === 'answer-rule-add'
  if (adds !== (others.length === rules.length)) return refuse(adds ? 'EEXIST' : 'ENOENT')
  return { ...now, answers: { routes, rules: adds ? [...rules, operation.rule] : others } }
}

export const applyDefault = (
  defaults: Observed['defaults'],
  { gateway, index }: Extract<Operation, { readonly kind: 'route-set' }>,
): Observed['defaults'] => {
  const six = gateway.includes(':')
  const metric = six ? 1024 : 0
  const isOther = (entry: Observed['defaults'][number]): boolean =>
    entry.metric !== metric || familyOfDefault(entry) !== (six ? 'ipv6' : 'ipv4')
  return [...defaults.filter(isOther), { gateway, index, protocol: 76, metric }]
}

export function withoutDefault(
  defaults: Observed['defaults'],
  { gateway, index, protocol }: Extract<Operation, { readonly kind: 'route-remove' }>,
): Observed['defaults'] {
  const rest = defaults.filter(
    (entry) => entry.gateway !== gateway || entry.index !== index || entry.protocol !== protocol,
  )
  return rest.length === defaults.length ? refuse('ESRCH') : rest
}
