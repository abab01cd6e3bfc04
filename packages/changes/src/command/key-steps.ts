/** Keys are changed in steps: nodes follow a revision one after the other, and have to hear each other meanwhile. */
import type { Refusal } from '@lvsm/base'
import { DEFAULT_ALGORITHM } from '@lvsm/model'
import type { Document } from '../document/document.ts'

const HINT =
  'in steps, each applied everywhere before the next: add the new key; name it in sign-with; remove the old one'

/** Null: whoever has either document understands what whoever has the other signs. */
export function refuseKeyStep(before: Document, after: Document): Refusal | null {
  if (Object.keys(before.nodes).length === 1) return null
  const [was, is] = [before['sign-with'], after['sign-with']]
  if (!knows(before, after, is))
    return {
      code: 'key-too-early',
      field: was === is ? `keys.${is}` : 'sign-with',
      message: `nodes would sign with key ${is} as others do not know it yet`,
      hint: HINT,
    }
  if (knows(after, before, was)) return null
  return {
    code: 'key-too-early',
    field: `keys.${was}`,
    message: `key ${was} would be gone while nodes still sign with it`,
    hint: HINT,
  }
}

/** Has `reader` the key that `signer` has under this id? */
function knows(reader: Document, signer: Document, id: number): boolean {
  const [one, other] = [reader.keys[id], signer.keys[id]]
  const algorithm = (key: Document['keys'][string] | undefined): string => key?.algorithm ?? DEFAULT_ALGORITHM
  return one !== undefined && other !== undefined && one.file === other.file && algorithm(one) === algorithm(other)
}
