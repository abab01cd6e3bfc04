/** The house laws about routes and rules: a part of the audit, which shares no code with `diff`. */
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'

/** Copies of the marks, on purpose. */
const MARKED_ROUTE = 76
const EVERYBODY = 7600
const TABLES: readonly number[] = [EVERYBODY, 7601]
/** From here on a node has ports of its own connections. */
const FIRST_OWN_PORT = 32_768

export function judgeRoute(
  operation: Extract<Operation, { readonly kind: 'route-set' | 'route-remove' }>,
  { defaults }: Pick<Observed, 'defaults'>,
): string[] {
  if (operation.kind === 'route-remove')
    return operation.protocol === MARKED_ROUTE ? [] : ['a route that is not ours would be removed']
  const six = (gateway: string | null, otherwise = false): boolean => gateway?.includes(':') ?? otherwise
  // The kernel replaces what has the same metric, and leaves the others behind or before it.
  const same = defaults.filter(
    ({ gateway, family, metric }) =>
      six(gateway, family === 'ipv6') === six(operation.gateway) && metric === (six(operation.gateway) ? 1024 : 0),
  )
  return same.every((entry) => entry.protocol === MARKED_ROUTE)
    ? []
    : ['a default route that is not ours would be replaced']
}

/** `family table` → what stands there in the course of the plan. */
export interface AnswerBoard {
  readonly gateways: Set<string>
  readonly rules: Map<string, number>
}
interface Place {
  readonly family: string
  readonly table: number
}
const placeOf = ({ family, table }: Place): string => `${family} ${table}`

export function answerBoard({ answers }: Pick<Observed, 'answers'>): AnswerBoard {
  const rules = new Map<string, number>()
  for (const one of answers?.rules ?? []) rules.set(placeOf(one), (rules.get(placeOf(one)) ?? 0) + 1)
  return { gateways: new Set((answers?.routes ?? []).filter(({ prefix }) => prefix === 0).map(placeOf)), rules }
}

type AnswerOperation = Extract<Operation, { readonly kind: `answer-${string}` }>

export function judgeAnswers(
  operation: AnswerOperation,
  { answers }: Pick<Observed, 'answers'>,
  board: AnswerBoard,
): string[] {
  const { table, family } = 'route' in operation ? operation.route : operation.rule
  const place = placeOf({ table, family })
  const foreign = TABLES.includes(table) ? [] : [`table ${table} is not ours`]
  switch (operation.kind) {
    case 'answer-route-set':
      if (operation.route.prefix === 0) board.gateways.add(place)
      return [...foreign, ...judgeReplaced(operation.route, answers)]
    case 'answer-route-remove':
      return [...foreign, ...judgeLeft(operation.route, board), ...judgeReplaced(operation.route, answers)]
    case 'answer-rule-add':
      board.rules.set(place, (board.rules.get(place) ?? 0) + 1)
      return [...foreign, ...judgeRule(operation.rule, board)]
    case 'answer-rule-remove':
      board.rules.set(place, (board.rules.get(place) ?? 0) - 1)
      return foreign
  }
}

type Route = Extract<AnswerOperation, { readonly route: unknown }>['route']

function judgeReplaced({ family, table, destination, prefix }: Route, answers: Observed['answers']): string[] {
  const taken = (answers?.routes ?? []).some(
    (one) =>
      one.foreign === true &&
      one.family === family &&
      one.table === table &&
      one.destination === destination &&
      one.prefix === prefix,
  )
  return taken ? [`a route to ${destination}/${prefix} of table ${table} that is not ours would be replaced`] : []
}

/** The gateway stands as long as rules lead to it. */
function judgeLeft(route: Route, board: AnswerBoard): string[] {
  const rules = board.rules.get(placeOf(route)) ?? 0
  if (route.prefix === 0) board.gateways.delete(placeOf(route))
  return route.prefix === 0 && rules > 0
    ? [`table ${route.table} would lose its gateway with ${rules} rules to it`]
    : []
}

function judgeRule(
  { family, table, source, ports: { from, to } }: Extract<AnswerOperation, { readonly rule: unknown }>['rule'],
  board: AnswerBoard,
): string[] {
  const broken: string[] = []
  if (!board.gateways.has(placeOf({ family, table }))) broken.push(`a rule to table ${table} before it has a gateway`)
  if (from < 1 || to < from) broken.push(`a rule to table ${table} for everything that ${source} says`)
  if (table === EVERYBODY && from !== to && to >= FIRST_OWN_PORT)
    broken.push(`a rule to table ${table} for what ${source} itself asks in its own network`)
  return broken
}
