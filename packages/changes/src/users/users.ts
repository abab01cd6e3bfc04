/** Users and tokens for scripts: made, changed, removed. Whether a password is right is not known here. */
import type { Refusal } from '@lvsm/base'
import type { ApiToken, Entry, People, User } from '@lvsm/protocol'

const MOST = 1000

export type PeopleEntry = Extract<
  Entry,
  { kind: 'user-add' | 'user-set' | 'user-remove' | 'api-token' | 'api-token-remove' }
>
export type Peopled =
  | { readonly refusal?: never; readonly people: People }
  | { readonly refusal: Refusal; readonly people?: never }

export const NO_PEOPLE: People = { users: [], tokens: [] }

export function applyPeople(people: People, entry: PeopleEntry): Peopled {
  const { users, tokens } = people
  switch (entry.kind) {
    case 'user-add': {
      const { name, role, author, at } = entry
      if (users.some((one) => one.name === name)) return { refusal: taken('user', name) }
      if (users.length >= MOST) return { refusal: tooMany('users') }
      const user: User = { name, role, password: null, author, at }
      return { people: { users: [...users, user], tokens } }
    }
    case 'user-set': {
      const { name, role, password } = entry
      if (!users.some((one) => one.name === name)) return { refusal: unknownUser(name) }
      const set = (one: User): User => ({
        ...one,
        ...(role === undefined ? {} : { role }),
        ...(password === undefined ? {} : { password }),
      })
      return withUsers(
        people,
        users.map((one) => (one.name === name ? set(one) : one)),
      )
    }
    case 'user-remove': {
      const left = users.filter(({ name }) => name !== entry.name)
      return left.length === users.length ? { refusal: unknownUser(entry.name) } : withUsers(people, left)
    }
    case 'api-token':
      return addToken(people, entry)
    case 'api-token-remove': {
      const left = tokens.filter(({ id }) => id !== entry.id)
      return left.length === tokens.length ? { refusal: unknownToken(entry.id) } : { people: { users, tokens: left } }
    }
  }
}

/** Whoever is the last administrator stays it: nobody could change anything at the port for people any more. */
function withUsers({ users: before, tokens }: People, users: readonly User[]): Peopled {
  const isAdmin = ({ role }: User): boolean => role === 'admin'
  return before.some(isAdmin) && !users.some(isAdmin) ? { refusal: lastAdmin } : { people: { users, tokens } }
}
const lastAdmin: Refusal = {
  code: 'last-admin',
  field: 'name',
  message: 'nobody would be admin any more',
  hint: 'make somebody else admin first: lvsm user add NAME --role admin',
}

function addToken({ users, tokens }: People, entry: Extract<PeopleEntry, { kind: 'api-token' }>): Peopled {
  const { id, name, role, digest, until, author, at } = entry
  const kept = tokens.filter((one) => one.until === null || one.until > at)
  if (kept.some((one) => one.name === name)) return { refusal: taken('API token', name) }
  if (kept.some((one) => one.id === id)) return { refusal: { ...taken('API token', id), hint: 'try again' } }
  if (until !== null && until <= at) return { refusal: over }
  if (kept.length >= MOST) return { refusal: tooMany('API tokens') }
  const token: ApiToken = { id, name, role, digest, until, author, at }
  return { people: { users, tokens: [...kept, token] } }
}

const taken = (what: string, name: string): Refusal => ({
  code: 'name-taken',
  field: 'name',
  message: `there is ${what === 'user' ? 'a' : 'an'} ${what} ${name} already`,
  hint: 'choose another name',
})
const unknownUser = (name: string): Refusal => ({
  code: 'unknown-user',
  field: 'name',
  message: `there is no user ${name}`,
  hint: 'lvsm user list names those that there are',
})
const unknownToken = (id: string): Refusal => ({
  code: 'unknown-api-token',
  field: 'id',
  message: `there is no API token ${id}`,
  hint: 'lvsm api-token list names those that there are',
})
const over: Refusal = {
  code: 'token-over',
  field: 'until',
  message: 'the API token would be over before it is made',
  hint: 'name a longer life: --expires 30d',
}
const tooMany = (what: string): Refusal => ({
  code: 'too-many',
  message: `there are ${MOST} ${what}`,
  hint: 'remove those that nobody needs',
})
