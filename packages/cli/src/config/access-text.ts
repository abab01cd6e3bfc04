/** Tokens and users for eyes. */
import type { ApiTokenRow, AuditRecord, TokenRow, UserRow } from '@lvsm/protocol'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'
import { timeText } from '../wanted-text.ts'

/** `now`: by the clock here, which is for eyes alone. */
export function tokensText(tokens: readonly TokenRow[], paint: Paint, now: number): string {
  if (tokens.length === 0) return 'There is no token.\n'
  const rows = tokens.map(({ id, author, uses, used, until, node, roles, revoked }) => [
    id,
    stateOf({ revoked, until, isUsed: used.length >= uses }, paint, now),
    `${used.length} of ${uses}`,
    timeText(until),
    node ?? '-',
    roles.length === 0 ? '-' : roles.join(', '),
    author,
    used.join(', '),
  ])
  return `${table(['id', 'state', 'used', 'until', 'node', 'roles', 'by', 'let in'], rows, paint)}\n`
}

function stateOf(
  { revoked, until, isUsed }: { readonly revoked: boolean; readonly until: number | null; readonly isUsed: boolean },
  paint: Paint,
  now: number,
): string {
  if (revoked) return paint('dim', 'revoked')
  if (until !== null && now >= until) return paint('dim', 'over')
  return isUsed ? paint('dim', 'used') : paint('good', 'valid')
}

export function usersText(users: readonly UserRow[], paint: Paint): string {
  if (users.length === 0) return 'There is no user: lvsm user add NAME --role admin makes one.\n'
  const rows = users.map(({ name, role, hasPassword, author, at }) => [
    name,
    role,
    hasPassword ? 'yes' : paint('warn', 'none'),
    author,
    timeText(at),
  ])
  return `${table(['user', 'role', 'password', 'by', 'since'], rows, paint)}\n`
}

export function apiTokensText(tokens: readonly ApiTokenRow[], paint: Paint, now: number): string {
  if (tokens.length === 0) return 'There is no API token.\n'
  const rows = tokens.map(({ id, name, role, until, author, at }) => [
    id,
    name,
    role,
    stateOf({ revoked: false, until, isUsed: false }, paint, now),
    until === null ? 'until it is removed' : timeText(until),
    author,
    timeText(at),
  ])
  return `${table(['id', 'name', 'role', 'state', 'until', 'by', 'since'], rows, paint)}\n`
}

export function auditText(records: readonly AuditRecord[], paint: Paint): string {
  if (records.length === 0) return 'Nothing was changed through this coordinator since it started.\n'
  const rows = records.map(({ at, who, from, what, status, result }) => [
    timeText(at),
    who,
    from,
    what,
    paint(status < 300 ? 'good' : 'bad', String(status)),
    result,
  ])
  return `${table(['time', 'who', 'from', 'what', 'status', 'result'], rows, paint)}\n`
}
