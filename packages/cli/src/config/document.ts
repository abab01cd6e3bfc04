/**
 * The document as text. It is read here, not by a coordinator: a large one takes seconds, in which a leader would not be heard
 * of. Its data is judged by the coordinator again, by the same rules.
 */
import type { Refusal } from '@lvsm/base'
import { COMMAND_MODEL, parseDocument, writtenOf } from '@lvsm/changes'
import type { ConfigRequestBody, DocumentReport } from '@lvsm/protocol'
import { Failure } from '../failure.ts'

export type ReadFile =
  | {
      readonly change: ConfigRequestBody<'change'>['change']
      /** The one that it was exported from; undefined: it does not say. */
      readonly revision: number | undefined
    }
  | { readonly refusals: readonly Refusal[] }

export function readFile(text: string): ReadFile {
  const { document, revision, refusals } = parseDocument(text)
  if (!document) return { refusals }
  const file: unknown = JSON.parse(JSON.stringify(writtenOf(document, 0)))
  return {
    change: { command: { verb: 'apply', file, model: COMMAND_MODEL } },
    revision: revision > 0 ? revision : undefined,
  }
}

export function textOf({ yaml }: DocumentReport): string {
  if (yaml !== undefined) return yaml
  throw new Failure('unreachable', 'the coordinator sent no text', 'is it another version? lvsm --version')
}
