/** The document as YAML, the same file that nodes without coordinators read: exported and applied again it changes nothing. */
import type { Refusal, Warning } from '@lvsm/base'
import { checkConfig, placeOf } from '@lvsm/model'
import * as yaml from 'yaml'
import { type Document, documentOf, writtenOf } from './document.ts'

export type ParsedDocument =
  | {
      readonly document: Document
      /** The one that the file was exported from: the revision that whoever applies it has seen. */
      readonly revision: number
      readonly warnings: readonly Warning[]
      readonly refusals?: never
    }
  | {
      readonly document?: never
      readonly revision?: never
      readonly refusals: readonly Refusal[]
      readonly more: number
    }

const SECRET = {
  code: 'secret-in-document',
  message: 'a secret stands in the document, which every viewer may read',
  hint: 'put the digits into a file that only root reads on every node, and write file: PATH in place of secret',
} as const

/** All faults at once, each with its place. */
export function parseDocument(text: string): ParsedDocument {
  const { written, warnings, refusals, ...rest } = checkConfig(text)
  if (refusals) return { refusals, more: 0, ...rest }
  const secrets = written.keys.flatMap(({ secret }, at): Refusal[] =>
    secret === undefined ? [] : [{ ...SECRET, field: `keys[${at}].secret`, ...placeOf(text, ['keys', at, 'secret']) }],
  )
  if (secrets.length > 0) return { refusals: secrets, more: 0 }
  return { document: documentOf(written), revision: written.revision, warnings }
}

/** Sections as blocks, what has no parts of its own in one line. */
export function renderDocument(document: Document, revision: number): string {
  const file = new yaml.Document(writtenOf(document, revision))
  yaml.visit(file, {
    Collection: (_, node) => {
      if (node.items.every((item) => isPlain(item))) node.flow = true
    },
  })
  return file.toString({ lineWidth: 0, flowCollectionPadding: true })
}

/** A scalar, or a key with one, or with a list of such. */
function isPlain(item: unknown): boolean {
  const value = yaml.isPair(item) ? item.value : item
  return yaml.isScalar(value) || (yaml.isSeq(value) && value.items.every((one) => yaml.isScalar(one)))
}
