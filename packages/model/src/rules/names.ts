/** Names: each once, and only names that exist. */
import { suggest } from '../nearest.ts'
import type { Draft } from '../schema.ts'
import { entries, type Refuse, refuseTwice, type Rule } from './rule.ts'

/** Null when a name could not be read: then it is not known which names exist. */
function names(list: readonly ({ name?: string | undefined } | undefined)[] | undefined): readonly string[] | null {
  const all = (list ?? []).flatMap((item) => (item?.name === undefined ? [] : [item.name]))
  return list !== undefined && all.length === list.length ? all : null
}

export const uniqueNames: Rule = (draft, refuse) => {
  for (const section of ['nodes', 'groups', 'services'] as const) {
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
  const groups = names(draft.groups)
  const known = (
    word: string | undefined,
    list: readonly string[] | null,
    what: string,
    path: (string | number)[],
  ): boolean => {
    if (word === undefined || list === null || list.includes(word)) return true
    refuse(`unknown-${what}`, path, `there is no ${what} "${word}"`, suggest(word, list, `${what}s`))
    return false
  }
  for (const { at, item } of entries(draft.groups)) checkDirectors(draft, item.directors, at, refuse, known)
  for (const { at, item } of entries(draft.services)) {
    known(item.group, groups, 'group', ['services', at, 'group'])
    for (const { at: index, item: realserver } of entries(item.realservers)) {
      const path = ['services', at, 'realservers', index, 'node']
      if (known(realserver.node, nodes, 'node', path)) needRole(draft, realserver.node, 'realserver', path, refuse)
    }
  }
}

type Known = (
  word: string | undefined,
  list: readonly string[] | null,
  what: string,
  path: (string | number)[],
) => boolean

function checkDirectors(
  draft: Draft,
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
    if (known(item, names(draft.nodes), 'node', path)) needRole(draft, item, 'director', path, refuse)
  }
}

function needRole(
  draft: Draft,
  name: string | undefined,
  role: 'director' | 'realserver',
  path: (string | number)[],
  refuse: Refuse,
): void {
  const node = entries(draft.nodes).find(({ item }) => item.name === name)?.item
  const roles = node?.roles
  if (!roles || roles.includes(role) || roles.includes(undefined)) return
  refuse(
    `not-a-${role}`,
    path,
    `node "${name}" has not the role ${role} (its roles: ${roles.join(', ')})`,
    `add ${role} to the roles of "${name}"`,
  )
}
