/**
 * How nodes come into the cluster: whoever shows a token's secret comes in under a name, with a key that is its own from then on.
 *
 * Laws: a name belongs to one key; only a token that names the node lets another machine take its place. A token lets in as many
 * machines as it says: one that is in may ask again, another one under its name counts, and so does it when it was removed. Who is in
 * the configuration no more is in no more.
 */
import type { Refusal, Warning } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import type { Enrolled, Enrolment, Entry, Revision } from '@lvsm/protocol'
import { isTree } from '../document/tree.ts'
import { commit } from '../revision/commit.ts'
import type { History } from '../revision/history.ts'
import { enterRing, leaveRing } from './key-ring.ts'
import { refuseToken, useToken } from './tokens.ts'

export type EnrolEntry = Extract<Entry, { kind: 'enrol' }>

/** What an entry is judged by. */
export interface Before {
  readonly enrolled: Enrolled
  readonly history: History
  readonly config: Config
  readonly finalized: number
}
export type Enrolling =
  | {
      readonly refusals?: never
      readonly enrolled: Enrolled
      readonly enrolment: Enrolment
      /** Null: the configuration had the node before. */
      readonly added: {
        readonly history: History
        readonly config: Config
        readonly revision: Revision | null
        readonly warnings: readonly Warning[]
      } | null
    }
  | { readonly refusals: readonly Refusal[]; readonly enrolled?: never }

const refused = (...refusals: readonly Refusal[]): Enrolling => ({ refusals })

export function applyEnrol({ enrolled, history, config, finalized }: Before, entry: EnrolEntry): Enrolling {
  const { name, key, at, id } = entry
  const known = enrolled.nodes.find((one) => one.name === name)
  const token = enrolled.tokens.find((one) => one.id === id)
  const isIn = known?.key === key && token?.used.includes(name) === true
  const wrong = refuseToken(token, entry, isIn)
  if (wrong || !token) return refused(...(wrong ? [wrong] : []))
  const taken = enrolled.nodes.find((one) => one.key === key && one.name !== name)
  if (taken) return refused(keyTaken(taken.name))
  if (known && known.key !== key && token.node !== name) return refused(nameTaken(name))
  const enrolment: Enrolment = known?.key === key ? known : { name, key, at, token: id }
  const listed: Enrolled = {
    ...enrolled,
    tokens: enrolled.tokens.map((one) => (one === token && !isIn ? useToken(one, name) : one)),
    nodes: [...enrolled.nodes.filter((one) => one.name !== name), enrolment],
  }
  const next = inRing(enrolled, listed, known, enrolment, entry.heartbeat)
  const present = config.nodes.find((one) => one.name === name)
  if (present) {
    const roles = refuseRoles(token.roles, present.roles)
    return roles ? refused(roles) : { enrolled: next, enrolment, added: null }
  }
  if (!isTree(entry.node)) return refused(strange(name))
  if (entry.node['coordinator'] === true && token.roles.length > 0 && !token.roles.includes('director'))
    return refused(unnamedCoordinator(name, token.roles))
  const { model } = entry
  const command = { verb: 'add', noun: 'node', which: { node: name }, values: entry.node, model } as const
  const signature = { at, author: `token ${id}`, comment: `${name} joined` }
  const done = commit(history, { command, base: null }, signature, { finalized, voters: 'stay' })
  if (done.refusals) return refused(...done.refusals)
  const added = done.config.nodes.find((one) => one.name === name)
  const roles = refuseRoles(token.roles, added?.roles ?? [])
  return roles ? refused(roles) : { enrolled: next, enrolment, added: done }
}

/** Without those that the configuration does not have. */
export function keepEnrolled(enrolled: Enrolled, { nodes }: Config): Enrolled {
  const names = new Set(nodes.map(({ name }) => name))
  const left = enrolled.nodes.filter(({ name }) => names.has(name))
  return left.length === enrolled.nodes.length ? enrolled : leaveRing(enrolled, { ...enrolled, nodes: left })
}

/** The keys of the machine that was it before end; its own, where it said one, begin. */
function inRing(
  before: Enrolled,
  listed: Enrolled,
  known: Enrolment | undefined,
  enrolment: Enrolment,
  half: string | undefined,
): Enrolled {
  const isAgain = known === enrolment
  if (half === undefined) return isAgain ? listed : leaveRing(before, listed)
  const has = isAgain && known.heartbeat?.keys.some((key) => key.public === half) === true
  return has ? listed : enterRing(listed, known, enrolment, half)
}

export const NOBODY: Enrolled = { tokens: [], nodes: [] }

function refuseRoles(allowed: readonly string[], roles: readonly string[]): Refusal | null {
  const beyond = roles.filter((role) => !allowed.includes(role))
  if (allowed.length === 0 || beyond.length === 0) return null
  return {
    code: 'token-role',
    field: 'roles',
    message: `the token lets in ${allowed.join(' and ')}, and this node is to be ${beyond.join(' and ')}`,
    hint: 'make one for that role: lvsm token create --role ROLE',
  }
}

/** Coordinators let machines in and sign for them: who asks for that asks for as much as a director has. */
const unnamedCoordinator = (name: string, allowed: readonly string[]): Refusal => ({
  code: 'token-role',
  field: 'coordinator',
  message: `the token lets in ${allowed.join(' and ')}, and this node is to be a coordinator`,
  hint: `let it join without that; then an operator may name it: lvsm node set ${name} coordinator=true`,
})
const nameTaken = (name: string): Refusal => ({
  code: 'name-taken',
  field: 'name',
  message: `another machine is ${name} in this cluster`,
  hint: `join under another name (--name); where this machine takes its place: lvsm token create --node ${name}`,
})
const keyTaken = (name: string): Refusal => ({
  code: 'key-taken',
  field: 'key',
  message: `this machine is ${name} in this cluster already`,
  hint: 'a cloned machine needs a key of its own: lvsm leave --force here, and join again',
})
const strange = (name: string): Refusal => ({
  code: 'unknown-node',
  field: 'name',
  message: `the configuration has no node ${name}, and it was not said what it is`,
  hint: 'name its role and its address',
})
