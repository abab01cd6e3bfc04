/**
 * What a document may say from a later version of the model on. A coordinator of the version before refuses the document that says it, and stays with the
 * one before: so the others refuse it, too, until the cluster has agreed on that version.
 */
import type { Refusal } from '@lvsm/base'
import type { Document } from '../document/document.ts'

type Check = Readonly<Record<string, unknown>>
interface Word {
  readonly key: string
  /** As it is told. */
  readonly text: string
  readonly from: number
  readonly isIn: (check: Check) => boolean
}
/** Of checks, the later keys and values: one that is added here comes with the version of its row. */
const WORDS: readonly Word[] = [
  {
    ...{ key: 'down-linger', text: 'down-linger', from: 3 },
    isIn: (check) => check['down-linger'] !== undefined,
  },
  {
    ...{ key: 'client-certificate-file', text: 'client-certificate-file', from: 3 },
    isIn: (check) => check['client-certificate-file'] !== undefined,
  },
  {
    ...{ key: 'tls', text: 'tls, of another type than grpc,', from: 3 },
    isIn: ({ tls, type }) => tls !== undefined && type !== 'grpc',
  },
  { ...{ key: 'starttls', text: 'starttls', from: 3 }, isIn: ({ starttls }) => starttls !== undefined },
  { ...{ key: 'tcp', text: 'tcp', from: 3 }, isIn: ({ tcp }) => tcp !== undefined },
  { ...{ key: 'contract', text: 'contract: consul', from: 3 }, isIn: ({ contract }) => contract === 'consul' },
]

/** What the document before says already is none: whoever could not read that is elsewhere since then. */
export function refuseNewerWords(before: Document, after: Document, finalized: number): Refusal[] {
  const newer = WORDS.filter(({ from, isIn }) => from > finalized && !checksOf(before).some(([, check]) => isIn(check)))
  if (newer.length === 0) return []
  return checksOf(after).flatMap(([service, check]) =>
    newer
      .filter(({ isIn }) => isIn(check))
      .map(({ key, text, from }) => ({
        code: 'not-finalized',
        field: `services.${service}.check.${key}`,
        message: `a check has ${text} from model version ${from} on, and the cluster still speaks ${finalized}: a coordinator of the version before would go on with another configuration`,
        hint: 'when all nodes are upgraded: lvsm cluster finalize',
      })),
  )
}
const checksOf = ({ services }: Document): [string, Check][] =>
  Object.entries(services ?? {}).flatMap(([name, { check }]) => (check ? [[name, check]] : []))
