/**
 * An agent of HAProxy's (configuration.txt, agent-check): who connects is told in one line how this node stands, or the service whose
 * name it sends (`agent-send "NAME\n"`). Where nothing is known the connection is closed without a word, which HAProxy takes for none.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { AgentFact, FromListener, ToListener } from '@lvsm/protocol'
import { listens } from './sockets.ts'
import { answerTo } from './word.ts'

const MOST_CONNECTIONS = 64
/** For a name: what HAProxy sends it sends with its first packet. */
const NAME_MS = 200
const LONGEST_NAME = 256
/** Until who was answered has closed. */
const GOODBYE_MS = 2000
/** The agent says its facts each second. */
const OLD_MS = 3000

export class AgentListener {
  readonly #say: (word: FromListener) => void
  readonly #clock: () => number
  #server: Server | null = null
  readonly #sockets = new Set<Socket>()
  #place = ''
  #coming: AgentFact[] = []
  #facts: { readonly said: readonly AgentFact[]; readonly at: number } = { said: [], at: 0 }

  constructor(say: (word: FromListener) => void, clock: () => number) {
    this.#say = say
    this.#clock = clock
  }

  hear(word: ToListener): void {
    if ('agentListen' in word) return this.#listen(word.agentListen)
    if (!('agent' in word)) return
    this.#coming.push(...word.agent)
    if (!word.isLast) return
    this.#facts = { said: this.#coming, at: this.#clock() }
    this.#coming = []
  }

  /** The same place again: tried again where it did not listen. */
  #listen(place: { readonly address: string; readonly port: number } | null): void {
    const text = place === null ? '' : `${place.address} ${place.port}`
    if (text === this.#place && (place === null || this.#server?.listening === true)) return
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#server = null
    this.#place = text
    if (place === null) return this.#say({ agentUnheard: null })
    // Who asks may close its half before it was answered.
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket))
    server.maxConnections = MOST_CONNECTIONS
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#server === server) this.#say({ agentUnheard: error.code ?? error.message })
    })
    server.listen({ host: place.address, port: place.port }, () => this.#say({ agentUnheard: null }))
    this.#server = server
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    let heard = ''
    let isAnswered = false
    const answer = (): void => {
      if (isAnswered) return
      isAnswered = true
      clearTimeout(timer)
      socket.setTimeout(GOODBYE_MS, () => socket.destroy())
      socket.end(this.#answer(heard.split('\n')[0]?.trim() ?? ''))
    }
    const timer = setTimeout(answer, NAME_MS)
    socket.on('data', (chunk: Buffer) => {
      if (isAnswered) return
      heard += chunk.toString('utf8')
      if (heard.includes('\n') || heard.length > LONGEST_NAME) answer()
    })
    socket.on('end', answer)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      this.#sockets.delete(socket)
    })
  }

  #answer(name: string): string {
    return this.#clock() - this.#facts.at <= OLD_MS ? answerTo(name, this.#facts.said, listens) : ''
  }
}
