/** Tokens that let machines in, users, tokens for scripts, and who did what: what each command does. */
import type { ConfigRequestBody, ConfigRouteName, Exit, UserRole } from '@lvsm/protocol'
import { userInfo } from 'node:os'
import { Failure } from '../failure.ts'
import { lengthOf } from '../length.ts'
import { type Format, render } from '../output.ts'
import { type OwnPasswordOptions, type PasswordOptions, readOldPassword, readPassword } from '../password.ts'
import { answerTo, isAsking } from '../questions.ts'
import { ask, lost } from './ask.ts'
import { apiTokensText, auditText, tokensText, usersText } from './access-text.ts'
import { timeText } from '../wanted-text.ts'
import type { CoordinatorSession } from './write.ts'

export interface Output {
  readonly output: Format
}

export async function tokens({ paths, terminal }: CoordinatorSession, { output }: Output): Promise<Exit> {
  const found = await ask(paths, { route: 'tokens', body: null })
  terminal.print(render(found, output, (it) => tokensText(it.tokens, terminal.paint, Date.now())))
  return 'ok'
}

export interface TokenOptions extends Output {
  readonly uses: number
  readonly expires: string
  readonly node?: string | undefined
  readonly role: readonly string[]
}
export async function createToken(
  { paths, terminal }: CoordinatorSession,
  { uses, expires, node, role, output }: TokenOptions,
): Promise<Exit> {
  const expiresMs = lengthOf('--expires', expires) ?? undefined
  const limits = { uses, node: node ?? null, roles: [...role], ...(expiresMs === undefined ? {} : { expiresMs }) }
  const made = await ask(paths, { route: 'tokenCreate', body: limits })
  if (made.outcome === 'unknown') throw lost(made.message, made.hint)
  const whom = uses === 1 ? 'the new machine' : `each of up to ${uses} new machines`
  // What the token is bound to, the new machine would otherwise have to guess.
  const bound = [...(node === undefined ? [] : ['--name', node]), ...(role.length === 1 ? ['--role', ...role] : [])]
  const command = (it: { readonly token: string }): string => ['lvsm join', it.token, ...bound].join(' ')
  terminal.print(render(made, output, (it) => `until ${timeText(it.until)}, as root on ${whom}:\n\n  ${command(it)}\n`))
  return 'ok'
}

export async function users({ paths, terminal }: CoordinatorSession, { output }: Output): Promise<Exit> {
  const found = await ask(paths, { route: 'users', body: null })
  terminal.print(render(found, output, (it) => usersText(it.users, terminal.paint)))
  return 'ok'
}
export async function apiTokens({ paths, terminal }: CoordinatorSession, { output }: Output): Promise<Exit> {
  const found = await ask(paths, { route: 'apiTokens', body: null })
  terminal.print(render(found, output, (it) => apiTokensText(it.tokens, terminal.paint, Date.now())))
  return 'ok'
}
export interface AuditOptions extends Output {
  readonly number?: number
}
export async function audit({ paths, terminal }: CoordinatorSession, { output, number }: AuditOptions): Promise<Exit> {
  const all = await ask(paths, { route: 'audit', body: null })
  const found = { ...all, records: all.records.slice(0, number) }
  terminal.print(render(found, output, (it) => auditText(it.records, terminal.paint)))
  return 'ok'
}

type Plain = 'tokenRevoke' | 'userAdd' | 'userSet' | 'userPassword' | 'ownPassword' | 'userRemove' | 'apiTokenRemove'
/** A change of which there is nothing to tell but that it was made. */
export async function change<Name extends Plain & ConfigRouteName>(
  { paths, terminal }: CoordinatorSession,
  route: Name,
  body: ConfigRequestBody<Name>,
  said: string,
): Promise<Exit> {
  const done: { outcome: string; message?: string; hint?: string } = await ask(paths, { route, body })
  if (done.outcome === 'unknown') throw lost(done.message ?? '', done.hint)
  terminal.print(`${said}\n`)
  return 'ok'
}

/** Of a token, or an API token. Another word is no slip that a coordinator could tell more of. */
const ID = /^[0-9a-f]{8}$/
const notAnId = (id: string, what: string, list: string): Failure =>
  new Failure(
    'usage',
    `${JSON.stringify(id)} is no id of ${what}: an id has 8 hexadecimal digits`,
    `they are listed by: ${list}`,
  )

export async function revokeToken(session: CoordinatorSession, id: string): Promise<Exit> {
  if (!ID.test(id)) throw notAnId(id, 'a token', 'lvsm token list')
  return change(session, 'tokenRevoke', { id }, `token ${id} lets nobody in any more`)
}
export async function removeApiToken(session: CoordinatorSession, id: string): Promise<Exit> {
  if (!ID.test(id)) throw notAnId(id, 'an API token', 'lvsm api-token list')
  return change(session, 'apiTokenRemove', { id }, `API token ${id} is no good any more`)
}

export interface NewUser extends PasswordOptions {
  readonly role: UserRole
}
/** The password is read first: a user who cannot log in is not left behind by a slip in its file. */
export async function addUser(
  session: CoordinatorSession,
  name: string,
  { role, passwordFile }: NewUser,
): Promise<Exit> {
  const password = passwordFile === undefined ? null : await readPassword(name, { passwordFile })
  const next = password === null ? `; next: lvsm user password ${name}` : ''
  const added = await change(session, 'userAdd', { name, role }, `user ${name} is ${role}${next}`)
  return password === null
    ? added
    : change(session, 'userPassword', { name, password }, `${name} may log in with the password of ${passwordFile}`)
}

export async function setPassword(session: CoordinatorSession, name: string, options: PasswordOptions): Promise<Exit> {
  const password = await readPassword(name, options)
  return change(session, 'userPassword', { name, password }, `${name} has a new password; sessions of before are over`)
}

/** Of whoever sits there: with the old one, and without being root. */
export async function setOwnPassword(
  session: CoordinatorSession,
  name: string | undefined,
  options: OwnPasswordOptions,
): Promise<Exit> {
  const user = name ?? (await whoIsThere())
  const old = await readOldPassword(user, options.oldPasswordFile)
  const password = await readPassword(user, options)
  const said = `${user} has a new password; sessions of before are over`
  return change(session, 'ownPassword', { user, old, password }, said)
}
async function whoIsThere(): Promise<string> {
  if (isAsking()) return answerTo('User', userInfo().username, () => null)
  throw new Failure(
    'usage',
    'whose password?',
    'lvsm user password NAME, with --old-password-file FILE where you are not root',
  )
}

export interface ApiTokenOptions extends Output {
  readonly role: UserRole
  readonly expires?: string | undefined
}
export async function createApiToken(
  { paths, terminal }: CoordinatorSession,
  name: string,
  { role, expires, output }: ApiTokenOptions,
): Promise<Exit> {
  const body = { name, role, expiresMs: lengthOf('--expires', expires) }
  const made = await ask(paths, { route: 'apiTokenCreate', body })
  if (made.outcome === 'unknown') throw lost(made.message, made.hint)
  terminal.print(
    render(
      made,
      output,
      (it) =>
        `${it.until === null ? 'until it is removed' : `until ${timeText(it.until)}`}; it is shown this once:\n\n  Authorization: Bearer ${it.token}\n`,
    ),
  )
  return 'ok'
}

/** `operator`, of `--role`. */
export function roleOf(text: string, roles: readonly UserRole[]): UserRole {
  const role = roles.find((one) => one === text)
  if (role) return role
  throw new Failure('usage', `--role ${text} is no role`, `one of ${roles.join(', ')}`)
}
