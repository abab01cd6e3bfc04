/** One function validates a command and carries it out, so that the check and the change cannot drift apart. */
import type { Refusal } from '@lvsm/base'
import type { ConfigCommand, Facts } from '@lvsm/protocol'
import { harmless, judge, MOST_SHOWN, sentenceOf } from '@lvsm/model'
import { type Document, documentOf, writtenOf } from '../document/document.ts'
import { namedPlace } from '../document/sections.ts'
import { isTree, type Tree } from '../document/tree.ts'
import { cutOf, goneOf, lossOf, refusalsOf, type Situation, warningsOf } from '../intent/consequences.ts'
import { NO_FACTS } from '../intent/facts.ts'
import { diffDocuments } from '../revision/difference.ts'
import { votersOf, withElectorate } from '../voters/electorate.ts'
import { type Applied, type Context, type Refused, refused } from './command.ts'
import { refuseCredentials } from './credentials.ts'
import { editFile } from './edit.ts'
import { refuseKeyStep } from './key-steps.ts'
import { refuseNewerWords } from './newer-words.ts'
import { refuseVersion } from './version.ts'

/** Either the whole command, or nothing and all that is wrong with it. Its inputs stay as they are. */
export function applyCommand(document: Document, command: ConfigCommand, context: Context): Applied | Refused {
  const version = refuseVersion(command.model, context.finalized)
  if (version) return refused(version)
  const file = fileAfter(document, command, context)
  if ('refusals' in file) return file
  const settled = settle(document, file.file, context)
  const expelled = settled.refusals || 'noun' in command ? null : refuseExpelling(settled, command, context)
  if (expelled) return refused(expelled)
  return settled.refusals ? settled : served(document, command, settled, context.facts ?? NO_FACTS)
}

/**
 * A document from before a node joined does not have it, and who applies it, or goes back to it, means something else. Whoever is in no
 * more needs a token and has to be set up anew: no rollback brings it back.
 */
function refuseExpelling({ config }: Applied, command: ConfigCommand, { enrolled = [] }: Context): Refusal | null {
  const gone = enrolled.filter((one) => !config.nodes.some(({ name }) => name === one))
  if (gone.length === 0) return null
  const names = gone.slice(0, 5).join(', ') + (gone.length > 5 ? ` and ${gone.length - 5} more` : '')
  const file = command.verb === 'rollback' ? `lvsm config export --revision ${command.revision} FILE` : 'that file'
  return {
    code: 'ends-membership',
    field: 'nodes',
    message: `that document has no node ${names}: it would end the membership of who is in the cluster now, and nothing undoes that but joining again`,
    hint: `put what ${gone.length === 1 ? 'it is' : 'they are'} now (lvsm node show NAME) into ${file}, and lvsm config apply it; whoever is to leave, first: lvsm node remove NAME`,
  }
}

/** Nobody is left without realservers by one change of one thing, unless that is said. */
function served(before: Document, command: ConfigCommand, after: Applied, facts: Facts): Applied | Refused {
  const { config } = after
  const former = (): Situation => ({ config: judge(writtenOf(before, 0)).config ?? config, facts })
  const removed = after.change.flatMap(({ path: [section, name = '', ...more], to }) =>
    section === 'services' && more.length === 0 && to === undefined ? [name] : [],
  )
  const gone = removed.length === 0 ? [] : goneOf(former(), removed)
  const cut = 'noun' in command && command.verb === 'remove' ? cutOf(former(), config) : []
  const losses = [...gone, ...lossOf(former, { config, facts }), ...cut]
  const isForced = !('noun' in command) || command.force === true
  const against = isForced ? [] : refusalsOf(losses)
  if (against.length > 0) return { refusals: against.slice(0, MOST_SHOWN) }
  return { ...after, warnings: [...after.warnings, ...warningsOf(losses)] }
}

/** The file's plain data as the command would have it. */
function fileAfter(document: Document, command: ConfigCommand, context: Context): { readonly file: unknown } | Refused {
  switch (command.verb) {
    case 'add':
    case 'set':
    case 'remove':
      return editFile(document, command)
    case 'apply': {
      if (!isTree(command.file)) return { file: command.file }
      const file: Tree = { ...command.file, revision: 0 }
      return { file: context.voters === 'stay' ? withElectorate(file, document, 'as-the-file-says') : file }
    }
    case 'rollback': {
      const earlier = context.earlier(command.revision)
      return earlier
        ? { file: withElectorate({ ...writtenOf(earlier, 0) }, document, 'as-they-are') }
        : refused(unknownRevision(command.revision))
    }
    default:
      return refused(unknownVerb(command))
  }
}

export const unknownRevision = (revision: unknown): Refusal => ({
  code: 'unknown-revision',
  field: 'revision',
  message: `revision ${String(revision)} is not kept`,
  hint: 'lvsm config history lists those that are',
})
const unknownVerb = ({ verb }: { readonly verb: unknown }): Refusal => ({
  code: 'unknown-verb',
  field: 'verb',
  message: `"${harmless(String(verb))}" is no command of this version`,
  hint: 'use add, set, remove, apply or rollback',
})

/** The rules of a file, and what only a change can break. */
function settle(before: Document, file: unknown, context: Context): Applied | Refused {
  const { config, written, warnings, faults } = judge(file)
  if (faults) return { refusals: faults.slice(0, MOST_SHOWN).map((fault) => sentenceOf(fault, placeIn(file, fault))) }
  const secrets = written.keys.flatMap(({ id, secret }) => (secret === undefined ? [] : [secretOf(id)]))
  if (secrets.length > 0) return { refusals: secrets }
  const document = documentOf(written)
  const against = refuseChange(before, document, context)
  if (against.length > 0) return { refusals: against }
  return {
    document,
    change: diffDocuments(before, document),
    config,
    warnings: warnings.map((remark) => ({ severity: remark.severity, ...sentenceOf(remark, placeIn(file, remark)) })),
  }
}

const placeIn = (file: unknown, { path, key }: { path: readonly (string | number)[]; key?: string }): string =>
  namedPlace(file, key === undefined ? path : [...path, key])

const secretOf = (id: number): Refusal => ({
  code: 'secret-in-document',
  field: `keys.${id}.secret`,
  message: `the secret of key ${id} stands in the document, which every viewer may read`,
  hint: 'put the digits into a file that only root reads on every node, and write file: PATH in place of secret',
})

function refuseChange(before: Document, after: Document, { voters, finalized }: Context): Refusal[] {
  const found: Refusal[] = [...refuseNewerWords(before, after, finalized), ...refuseCredentials(before, after)]
  if (after.cluster !== before.cluster)
    found.push({
      code: 'other-cluster',
      field: 'cluster',
      message: `this is a document of cluster "${after.cluster}", and the cluster here is "${before.cluster}"`,
      hint: `if it is meant for this one, write cluster: ${before.cluster}`,
    })
  const key = refuseKeyStep(before, after)
  if (key) found.push(key)
  const [those, these] = [votersOf(before), votersOf(after)]
  if (voters === 'stay' && those.join() !== these.join())
    found.push({
      code: 'voters-would-change',
      field: 'nodes',
      message: `the voters would be ${these.join(', ')} in place of ${those.join(', ')}: leases that are lent would count no more`,
      hint: 'voters come and go one at a time, by a change of its own: lvsm node set NAME voter=false (or true), and the rest after that',
    })
  return found
}
