/** Who votes and who may take over: what a failure leaves. */
import { isAnonymous } from '../names.ts'
import { served } from '../rules/pools.ts'
import { entries } from '../rules/rule.ts'
import type { WarningRule } from './warning.ts'

export const voters: WarningRule = (draft, warn) => {
  const nodes = entries(draft.nodes)
  const [only, ...others] = nodes.filter(({ item }) => item.voter === true)
  const directors = nodes.filter(({ item }) => item.roles?.includes('director'))
  if (only && others.length === 0 && directors.length > 1)
    warn(
      'warning',
      'single-voter',
      ['nodes', only.at, 'voter'],
      `"${only.item.name}" is the only voter: when it fails nobody can own a group, although there are ${directors.length} directors`,
      'set voter: true on two more nodes, e.g. realservers',
    )
  const count = only === undefined ? 0 : others.length + 1
  if (count > 0 && count % 2 === 0)
    warn(
      'warning',
      'even-voters',
      ['nodes'],
      count === 2
        ? '2 voters tolerate no failure: both must live for a majority, and one that fails stops failover'
        : `${count} voters tolerate no more failures than ${count - 1}, and one more can fail`,
      `use ${count - 1} or ${count + 1} voters (a realserver or a witness will do)`,
    )
  for (const { at, item } of nodes)
    if (item.name !== undefined && isAnonymous(item.name))
      warn(
        'warning',
        'anonymous-node',
        ['nodes', at, 'name'],
        `machines without a name of their own are called "${item.name}": each of them would take itself for this node`,
        'choose another name, and set it with hostnamectl or --node',
      )
}

export const directors: WarningRule = (draft, warn) => {
  const several = entries(draft.nodes).filter(({ item }) => item.roles?.includes('director')).length > 1
  for (const { at, item: group } of entries(draft.groups))
    if (group.directors?.length === 1)
      warn(
        several ? 'warning' : 'info',
        'single-director',
        ['groups', at, 'directors'],
        `only "${group.directors[0]}" may own group "${group.name}": when it fails nobody takes over`,
        'name a second director',
      )
}

/** Names that are told apart by the case of a letter alone: people do not, and hostnames do not either. */
export const namesakes: WarningRule = (draft, warn) => {
  for (const section of ['nodes', 'groups', 'pools', 'services'] as const) {
    const seen = new Map<string, string>()
    for (const { at, item } of entries<{ name?: string | undefined }>(draft[section])) {
      const before = seen.get(item.name?.toLowerCase() ?? '')
      if (before === undefined) seen.set(item.name?.toLowerCase() ?? '', item.name ?? '')
      else
        warn(
          'warning',
          'names-alike',
          [section, at, 'name'],
          `"${item.name}" and "${before}" differ in the case of letters alone`,
          'give one of them a name of its own',
        )
    }
  }
}

/** Roles without work: they are harmless, and often a name was forgotten. */
export const idlers: WarningRule = (draft, warn) => {
  const directing = new Set(entries(draft.groups).flatMap(({ item }) => item.directors ?? []))
  const serving = new Set(entries(draft.services).flatMap(({ at }) => served(draft, at).map(({ item }) => item.node)))
  for (const { at, item } of entries(draft.nodes)) {
    const idle = (role: string, why: string, hint: string): void =>
      warn('info', 'idle-node', ['nodes', at, 'roles'], `"${item.name}" is a ${role} ${why}`, hint)
    if (item.roles?.includes('director') && !directing.has(item.name))
      idle('director', 'of no group', 'name it in directors of a group')
    if (item.roles?.includes('realserver') && !serving.has(item.name))
      idle('realserver', 'of no service', 'name it in realservers of a service, or of a pool that a service uses')
    if (item.roles?.includes('witness') && item.voter !== true && item.roles.length === 1)
      idle('witness', 'without a vote, which is all that a witness is for', 'set voter: true')
  }
  for (const { at, item: group } of entries(draft.groups))
    if (!entries(draft.services).some(({ item }) => item.group === group.name))
      warn(
        'info',
        'idle-group',
        ['groups', at, 'name'],
        `no service uses group "${group.name}"`,
        'add one, or take the group out',
      )
  for (const { at, item: pool } of entries(draft.pools))
    if (!entries(draft.services).some(({ item }) => item.pool === pool.name))
      warn(
        'info',
        'idle-pool',
        ['pools', at, 'name'],
        `no service uses pool "${pool.name}"`,
        'name it in a service with pool, or take it out',
      )
}
