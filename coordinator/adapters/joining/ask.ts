/** A node asks one coordinator to become one too. */
import { type Admission, type Candidate, decodeJoining, encodeJoining, LONGEST_JOINING } from '@lvsm/protocol'
import { faultOf } from '../../../agent/nodelink/faults.ts'
import { textOf } from '../../../agent/nodelink/frames.ts'
import { type Address, type Credentials, dial, JOINING, secureContext } from '../../../agent/nodelink/dial.ts'

/** From the first packet until the answer is here: a write that waits for its majority takes some seconds. */
const PATIENCE_MS = 30_000
const CONNECT_MS = 5000

export interface Asking {
  readonly address: Address
  /** Who has to answer: the fingerprint of the coordinator's key. */
  readonly key: string
  readonly identity: Credentials
  readonly candidate: Candidate
}
/** Null with a reason: nobody knows what came of it. */
export type Asked = Admission | { readonly kind: 'silent'; readonly reason: string }

export function askAdmission({ address, key, identity, candidate }: Asking): Promise<Asked> {
  return new Promise((resolve) => {
    const call = {
      address,
      path: JOINING,
      key,
      secure: secureContext(identity),
      connectMs: CONNECT_MS,
      maxPayload: LONGEST_JOINING,
    } as const
    const socket = dial(call)
    let reason = 'the connection was closed without an answer'
    const late = setTimeout(() => {
      reason = `no answer within ${PATIENCE_MS / 1000} s`
      socket.terminate()
    }, PATIENCE_MS)
    socket.on('error', (error) => {
      reason = faultOf(error)
    })
    socket.on('open', () => socket.send(encodeJoining(candidate)))
    socket.on('message', (data, isBinary) => {
      const read = decodeJoining(isBinary ? '' : textOf(data))
      if (read.ok && read.message.kind !== 'candidate') resolve(read.message)
      else reason = 'its answer is none that this version understands'
      socket.terminate()
    })
    socket.on('close', () => {
      clearTimeout(late)
      resolve({ kind: 'silent', reason })
    })
  })
}
