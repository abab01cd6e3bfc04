/**
 * What this process listens for: Prometheus (`/metrics`), and load balancers and people that ask whether the node is well. What is
 * answered is the agent's last word; one that is old is not believed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  EXPOSITION_TYPE,
  type FromListener,
  metricsQuery,
  type MetricsQuery,
  type ToListener,
  type WellFacts,
} from '@lvsm/protocol'

const MOST_CONNECTIONS = 64
/** For a request to be there, and for a silent connection. */
const PATIENCE_MS = 5000
const LOOKS = 5
/** The agent says its facts each second. */
const OLD_MS = 3000
/** Until a scrape is given up. */
const SCRAPE_MS = 30_000
/** Who asks the same within that time gets the same. */
const FRESH_MS = 1000
const LONGEST_HEAD = 8192
const PLAIN = 'text/plain; charset=utf-8'

interface Scrape {
  readonly key: string
  readonly waiting: ServerResponse[]
  readonly timer: NodeJS.Timeout
  readonly parts: string[]
}
interface Answer {
  readonly status: number
  readonly text: string
}

export class Listener {
  readonly #say: (word: FromListener) => void
  readonly #clock: () => number
  readonly #patienceMs: number
  readonly #scrapes = new Map<number, Scrape>()
  readonly #fresh = new Map<string, Answer & { readonly at: number }>()
  #server: Server | null = null
  #place = ''
  #facts: { readonly said: WellFacts; readonly at: number } | null = null
  #number = 0

  constructor(say: (word: FromListener) => void, clock: () => number, patienceMs = PATIENCE_MS) {
    this.#say = say
    this.#clock = clock
    this.#patienceMs = patienceMs
  }

  hear(word: ToListener): void {
    if ('facts' in word) this.#facts = { said: word.facts, at: this.#clock() }
    else if ('listen' in word) this.#listen(word.listen)
    else if ('scraped' in word) this.#scraped(word)
  }

  /** The same place again: tried again where it did not listen. */
  #listen(place: { readonly address: string; readonly port: number } | null): void {
    const text = place === null ? '' : `${place.address} ${place.port}`
    if (text === this.#place && this.#server?.listening === true) return
    this.#server?.close()
    this.#server?.closeAllConnections()
    this.#server = null
    this.#place = text
    if (place === null) return this.#say({ unheard: null })
    const limits = {
      ...{ headersTimeout: this.#patienceMs, requestTimeout: this.#patienceMs, maxHeaderSize: LONGEST_HEAD },
      // Time-outs of heads are only looked at so often, and by default each half minute.
      connectionsCheckingInterval: this.#patienceMs / LOOKS,
    }
    const server = createServer(limits, (incoming, response) => this.#serve(incoming, response))
    server.maxConnections = MOST_CONNECTIONS
    server.keepAliveTimeout = this.#patienceMs
    // Who does not read what was asked for.
    server.timeout = SCRAPE_MS + PATIENCE_MS
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (this.#server === server) this.#say({ unheard: error.code ?? error.message })
    })
    server.listen({ host: place.address, port: place.port }, () => this.#say({ unheard: null }))
    this.#server = server
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    incoming.resume()
    response.on('error', () => undefined)
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD')
      return send(response, { status: 405, text: 'only GET and HEAD\n' })
    const [path = '', query = ''] = (incoming.url ?? '').split('?')
    if (path === '/metrics') return this.#scrape(query, response)
    send(response, this.#wellness(path))
  }

  #wellness(path: string): Answer {
    const facts = this.#facts && this.#clock() - this.#facts.at <= OLD_MS ? this.#facts.said : null
    const group = /^\/owner\/([^/]{1,300})$/.exec(path)?.[1]
    if (path !== '/healthz' && path !== '/readyz' && group === undefined)
      return { status: 404, text: 'there are: /healthz, /readyz, /owner/GROUP, /metrics\n' }
    if (!facts) return unwell('lvsm-agent is silent')
    if (group !== undefined) return ownership(facts, nameOf(group))
    const fault = path === '/healthz' ? facts.alive : facts.alive || facts.ready
    return fault === '' ? { status: 200, text: 'ok\n' } : unwell(fault)
  }

  #scrape(query: string, response: ServerResponse): void {
    const read = metricsQuery.safeParse(Object.fromEntries(new URLSearchParams(query)))
    if (!read.success) return send(response, { status: 400, text: 'realservers and exporter are yes or no\n' })
    const key = keyOf(read.data)
    const fresh = this.#fresh.get(key)
    if (fresh && this.#clock() - fresh.at <= FRESH_MS) return send(response, fresh, EXPOSITION_TYPE)
    const under = [...this.#scrapes.values()].find((one) => one.key === key)
    if (under) return void under.waiting.push(response)
    const id = ++this.#number
    const timer = setTimeout(() => this.#end(id, unwell('lvsm-agent does not answer')), SCRAPE_MS).unref()
    this.#scrapes.set(id, { key, waiting: [response], timer, parts: [] })
    this.#say({ scrape: id, wanted: read.data })
  }

  #scraped({ scraped: id, status, part, isLast }: Extract<ToListener, { readonly scraped: number }>): void {
    const scrape = this.#scrapes.get(id)
    if (!scrape) return
    scrape.parts.push(part)
    if (!isLast) return
    const answer = { status, text: scrape.parts.join('') }
    this.#fresh.clear()
    if (status === 200) this.#fresh.set(scrape.key, { ...answer, at: this.#clock() })
    this.#end(id, answer)
  }
  #end(id: number, answer: Answer): void {
    const scrape = this.#scrapes.get(id)
    this.#scrapes.delete(id)
    clearTimeout(scrape?.timer)
    for (const response of scrape?.waiting ?? [])
      send(response, answer, answer.status === 200 ? EXPOSITION_TYPE : PLAIN)
  }
}

const keyOf = ({ realservers, exporter }: MetricsQuery): string => JSON.stringify([realservers, exporter])
const unwell = (why: string): Answer => ({ status: 503, text: `${why}\n` })

function nameOf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
function ownership({ owners }: WellFacts, group: string): Answer {
  if (!Object.hasOwn(owners, group)) return { status: 404, text: 'there is no such group\n' }
  return owners[group] === true ? { status: 200, text: 'owner\n' } : unwell('another node owns it, or nobody')
}

function send(response: ServerResponse, { status, text }: Answer, type = PLAIN): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(response.req.method === 'HEAD' ? undefined : text)
}
