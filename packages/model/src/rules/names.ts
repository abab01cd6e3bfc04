/** Names: each once, and only names that exist. */
import { suggest } from '../nearest.ts'
import type { Draft } from '../schema.ts'
import { entries, isUnread, type Refuse, refuseTwice, type Rule } from './rule.ts'

/** Null when a name could not be read, or stands there twice: then it is not known which names exist. */
function names(list: readonly ({ name?: string | undefined } | undefined)[] | undefined): readonly string[] | null {
  const all = (list ?? []).flatMap((item) => (item?.name === undefined ? [] : [item.name]))
  return list !== undefined && all.length === list.length && new Set(all).size === all.length ? all : null
}

export const uniqueNames: Rule = (draft, refuse) => {
  for (const section of ['nodes', 'groups', 'pools', 'services', 'receivers'] as const) {
    const seen = new Map<string, string>()
    for (const { at, item } of entries<{ name?: string | undefined }>(draft[section])) {
      refuseTwice(
        seen,
        item.name,
        `the name of ${section}[${at}]`,
        [section, at, 'name'],
        refuse,
        'duplicate-name',
        'give each its own name',
      )
    }
  }
  const ids = new Map<string, string>()
  for (const { at, item } of entries(draft.keys)) {
    refuseTwice(
      ids,
      item.id === undefined ? undefined : String(item.id),
      `the id of keys[${at}]`,
      ['keys', at, 'id'],
      refuse,
      'duplicate-key-id',
      'give each key its own id',
    )
  }
}

export const knownNames: Rule = (draft, refuse) => {
  const nodes = names(draft.nodes)
  const roles = new Map(entries(draft.nodes).map(({ item }) => [item.name, item.roles]))
  const groups = names(draft.groups)
  const known = (
    word: string | undefined,
    list: readonly string[] | null,
    what: string,
    path: (string | number)[],
    more = '',
  ): boolean => {
    if (word === undefined || list === null || list.includes(word)) return true
    refuse(`unknown-${what}`, path, `there is no ${what} "${word}"`, () => suggest(word, list, `${what}s`) + more)
    return false
  }
  for (const { at, item } of entries(draft.groups)) checkDirectors({ nodes, roles }, item.directors, at, refuse, known)
  const pools = names(draft.pools ?? [])
  for (const { at, item } of entries(draft.services)) {
    known(item.group, groups, 'group', ['services', at, 'group'])
    known(item.pool, pools, 'pool', ['services', at, 'pool'])
  }
  for (const section of ['pools', 'services'] as const)
    for (const { at, item } of entries<Listed>(draft[section]))
      for (const { at: index, item: realserver } of entries(item.realservers)) {
        const path = [section, at, 'realservers', index]
        if (realserver.agent === false)
          refuseNode(nodes, realserver.node, `${section.slice(0, -1)}=${item.name}`, [...path, 'agent'], refuse)
        else if (!isUnread(realserver, 'agent') && known(realserver.node, nodes, 'node', [...path, 'node'], NO_AGENT))
          needRole(roles, realserver.node, 'realserver', [...path, 'node'], refuse)
      }
}

type Listed = Pick<NonNullable<NonNullable<Draft['pools']>[number]>, 'name' | 'realservers'>

type Known = (
  word: string | undefined,
  list: readonly string[] | null,
  what: string,
  path: (string | number)[],
  more?: string,
) => boolean

const NO_AGENT = '; of a machine where no agent of lvsm runs, write agent: false beside its name'

/** Where an agent runs, what it says of its own machine counts. */
function refuseNode(
  nodes: readonly string[] | null,
  name: string | undefined,
  where: string,
  path: (string | number)[],
  refuse: Refuse,
): void {
  if (name === undefined || nodes?.includes(name) !== true) return
  refuse(
    'node-without-agent',
    path,
    `"${name}" is a node of this cluster, and an agent runs on each of them: in ${where} it has agent: false`,
    `take agent: false out there; of a machine that is to join: lvsm server remove ${name} ${where}, and lvsm server add once it has joined; of one that is no node: give it a name of its own`,
  )
}

type Roles = ReadonlyMap<string | undefined, readonly (string | undefined)[] | undefined>

function checkDirectors(
  { nodes, roles }: { readonly nodes: readonly string[] | null; readonly roles: Roles },
  directors: readonly (string | undefined)[] | undefined,
  group: number,
  refuse: Refuse,
  known: Known,
): void {
  const seen = new Map<string, string>()
  for (const { at, item } of entries(directors)) {
    const path = ['groups', group, 'directors', at]
    refuseTwice(
      seen,
      item,
      'a director of this group',
      path,
      refuse,
      'duplicate-name',
      'name each director once; the order is the preference',
    )
    if (known(item, nodes, 'node', path)) needRole(roles, item, 'director', path, refuse)
  }
}

function needRole(
  of: Roles,
  name: string | undefined,
  role: 'director' | 'realserver',
  path: (string | number)[],
  refuse: Refuse,
): void {
  const roles = of.get(name)
  if (!roles || roles.includes(role) || roles.includes(undefined)) return
  refuse(
    `not-a-${role}`,
    path,
    `node "${name}" has not the role ${role} (its roles: ${roles.join(', ')})`,
    `add ${role} to the roles of "${name}"`,
  )
}
