/** Commands about one thing: the file's plain data with it added, changed or removed. What of that is a configuration, the model says. */
import type { Refusal } from '@lvsm/base'
import type { Noun } from '@lvsm/protocol'
import { harmless, suggest } from '@lvsm/model'
import { type Document, writtenOf } from '../document/document.ts'
import { hostOf } from '../document/sections.ts'
import { isTree, type Tree } from '../document/tree.ts'
import { type Action, type Refused, refused, type Which } from './command.ts'
import { find, put, unknown } from './place.ts'
import { NOUNS, nounRow, type Step, titleOf } from './nouns.ts'
import { usersOf } from './users.ts'

type Edit = Extract<Action, { readonly noun: Noun }>
type Edited = { readonly file: Tree } | Refused

export function editFile(document: Document, edit: Edit): Edited {
  const wrong = refuseEdit(edit)
  if (wrong) return refused(wrong)
  const { noun, which } = edit
  const file: Tree = { ...writtenOf(document, 0) }
  const steps = NOUNS[noun].steps(which)
  const found = find(file, steps)
  if (found.refusal) return refused(found.refusal)
  const { entry, siblings } = found
  switch (edit.verb) {
    case 'add':
      return entry ? refused(exists(edit)) : { file: put(file, steps, merged(NOUNS[noun].begin(which), edit.values)) }
    case 'set':
      return entry || lastKey(steps) !== null
        ? { file: put(file, steps, merged(entry ?? {}, edit.values)) }
        : refused(missing(edit, siblings))
    case 'remove': {
      if (!entry) return lastKey(steps) === null ? refused(missing(edit, siblings)) : { file }
      const against = refuseRemoval(document, edit, siblings)
      return against ? refused(against) : { file: put(file, steps, undefined) }
    }
  }
}

/** A mapping that may be absent, and is then all defaults. */
function lastKey(steps: readonly Step[]): string | null {
  const last = steps.at(-1)
  return last === undefined ? '' : 'key' in last ? last.key : null
}

const merged = (entry: Tree, values: Tree): Tree =>
  Object.fromEntries(Object.entries({ ...entry, ...values }).filter(([, value]) => value !== null))

/** What is wrong with the command itself, whatever the document is. */
function refuseEdit(edit: Edit): Refusal | null {
  const row = nounRow(edit.noun)
  if (!row)
    return {
      code: 'unknown-noun',
      field: 'noun',
      message: `there is no "${harmless(String(edit.noun))}" to ${edit.verb}`,
      hint: suggest(String(edit.noun), Object.keys(NOUNS), 'nouns'),
    }
  if (!row.verbs.includes(edit.verb))
    return {
      code: 'unknown-verb',
      field: 'verb',
      message: `${row.title} is always there: it cannot be ${edit.verb === 'add' ? 'added' : 'removed'}`,
      hint: `use ${row.verbs.join(' or ')}`,
    }
  const lacking = row.which.find((words) => !words.split(' or ').some((word) => given(edit.which, word)))
  if (lacking !== undefined)
    return {
      code: 'missing',
      field: 'which',
      message: `it is not said which ${lacking}`,
      hint: `name the ${lacking}`,
    }
  return edit.verb === 'remove' ? null : refuseValues(edit, row.fixed)
}

const given = (which: Which, word: string): boolean => typeof which[word] === 'string' && which[word] !== ''

function refuseValues(edit: Exclude<Edit, { verb: 'remove' }>, fixed: readonly string[]): Refusal | null {
  if (!isTree(edit.values))
    return {
      code: 'bad-type',
      field: 'values',
      message: 'the values are no mapping',
      hint: 'write keys with their values',
    }
  const key = fixed.find((one) => Object.hasOwn(edit.values, one))
  if (key !== undefined)
    return {
      code: 'not-settable',
      field: key,
      message: `"${key}" of ${titleOf(edit.noun, edit.which)} is not changed in this way`,
      hint:
        edit.noun === 'cluster'
          ? `it has commands of its own, or apply a whole document`
          : 'add one with the new name, move what uses it, and remove the old one; or apply a whole document',
    }
  const address = edit.values['address']
  if (edit.verb === 'set' && (edit.noun === 'vip' || edit.noun === 'gateway') && typeof address === 'string')
    if (hostOf(address) !== hostOf(edit.which[edit.noun] ?? ''))
      return {
        code: 'not-settable',
        field: 'address',
        message: `${titleOf(edit.noun, edit.which)} would be another address: only its prefix length can be set`,
        hint: 'add the new address, move the services to it, and remove the old one',
      }
  return null
}

const exists = ({ noun, which }: Edit): Refusal => ({
  code: 'exists',
  field: noun,
  message: `${titleOf(noun, which)} is there already`,
  hint:
    noun === 'server'
      ? 'change it with set; a second address of the same node is named NODE@ADDRESS, or NODE@ADDRESS:PORT'
      : 'change it with set, or choose another name',
})

function missing({ noun, which }: Edit, siblings: readonly string[]): Refusal {
  const last = NOUNS[noun].steps(which).at(-1)
  const step = last && 'name' in last ? last : { section: noun, name: '' }
  return { ...unknown(step, siblings), field: noun }
}

function refuseRemoval(document: Document, edit: Edit, siblings: readonly string[]): Refusal | null {
  const { noun, which } = edit
  const users = usersOf(document, noun, which)
  if (users.length > 0)
    return {
      code: 'in-use',
      field: noun,
      message: `${titleOf(noun, which)} is used by ${users.join(', ')}`,
      hint: 'take it out there first',
    }
  const whole = LAST[noun]
  if (whole === undefined || siblings.length > 1) return null
  return {
    code: 'last-one',
    field: noun,
    message: `${titleOf(noun, which)} is the only one there`,
    hint: `add another first, or remove the ${which['pool'] !== undefined ? 'pool' : whole}`,
  }
}

/** Of lists that are never empty: what is removed when nothing of it shall be left. */
const LAST: Readonly<Partial<Record<Noun, string>>> = { link: 'node', vip: 'group', server: 'service' }
