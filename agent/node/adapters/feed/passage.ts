/**
 * What somebody on this node asks of the coordinators, where none of them is here: passed on to one that is reached, with who asks.
 * The answer is theirs, as it is.
 */
import { decodePassing, encodePassing, isChange, LONGEST_PASSED, type Passed } from '@lvsm/protocol'
import type { SecureContext } from 'node:tls'
import { type Credentials, dial, isAddress, PASSING, secureContext } from '../../../nodelink/dial.ts'
import { faultOf } from '../../../nodelink/faults.ts'
import { textOf } from '../../../nodelink/frames.ts'
import type { Passing } from '../../ports.ts'
import type { Place } from './caller.ts'

/** One is connected to, or the next is tried. Milliseconds. */
const CONNECT_MS = 2000
const ANSWER_MS = 30_000

export class Passage {
  readonly #secure: SecureContext
  readonly #places: () => readonly Place[]
  /** `places`: the likeliest first. */
  constructor(credentials: Credentials, places: () => readonly Place[]) {
    this.#secure = secureContext(credentials)
    this.#places = places
  }

  /** A change goes to one of them alone, unless it did not leave. */
  async pass(asked: Passed): Promise<Passing> {
    const [path = ''] = asked.path.split('?', 1)
    const changes = isChange({ method: asked.method, path })
    const reasons: string[] = []
    for (const place of this.#places().filter(({ address }) => isAddress(address))) {
      const answer = await this.#ask(place, asked)
      if (answer.kind === 'answered' || (answer.sent && changes)) return answer
      reasons.push(`${place.address.host}:${place.address.port}: ${answer.reason}`)
    }
    const reason = reasons.length === 0 ? 'it is not known where they are' : reasons.join('; ')
    return { kind: 'silent', reason, sent: false }
  }

  #ask({ address, key }: Place, asked: Passed): Promise<Passing> {
    return new Promise((resolve) => {
      const secure = this.#secure
      const maxPayload = 3 * LONGEST_PASSED
      const socket = dial({ address, path: PASSING, key, secure, connectMs: CONNECT_MS, maxPayload })
      let reason = 'the connection was closed without an answer'
      let sent = false
      const late = setTimeout(() => {
        reason = `no answer within ${ANSWER_MS / 1000} s`
        socket.terminate()
      }, ANSWER_MS)
      socket.on('error', (error) => {
        reason = faultOf(error)
      })
      socket.on('open', () => {
        sent = true
        socket.send(encodePassing(asked))
      })
      socket.on('message', (data, isBinary) => {
        const read = decodePassing(isBinary ? '' : textOf(data))
        if (read.ok && read.message.kind === 'answered') resolve(read.message)
        else reason = 'its answer is none that this version understands'
        socket.terminate()
      })
      socket.on('close', () => {
        clearTimeout(late)
        resolve({ kind: 'silent', reason, sent })
      })
    })
  }
}
