/** HTTP with JSON on a unix socket: what the CLI of this node talks to. */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Refusal } from '@lvsm/base'
import type { Events, FenceReport, Status } from '@lvsm/model'
import type { NodeRequest } from '../core/index.ts'

const LONGEST_BODY = 64 * 1024

export interface ControlEvents {
  status(): Status
  events(): Events
  /** Throws what the kernel says. */
  fence(): FenceReport
  /** Answered by `reply` with the same id, once. */
  request(id: string, request: NodeRequest): void
  failed(error: NodeJS.ErrnoException): void
}
export interface Control {
  reply(id: string, status: number, body: unknown): void
  close(): void
}

/** The caller holds the run directory's lock, so a socket file that is in the way is a leftover. */
export function serveControl(path: string, events: ControlEvents): Control {
  const waiting = new Map<string, ServerResponse>()
  let count = 0
  const answer = (response: ServerResponse, status: number, body: unknown): void => {
    const text = `${JSON.stringify(body)}\n`
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    response.end(text)
  }
  const refuse = (response: ServerResponse, status: number, refusal: Refusal): void =>
    answer(response, status, { refusals: [refusal] })

  const post = (
    incoming: IncomingMessage,
    response: ServerResponse,
    read: (body: unknown) => NodeRequest | Refusal,
  ): void => {
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= LONGEST_BODY) chunks.push(chunk)
    })
    incoming.on('end', () => {
      if (size > LONGEST_BODY)
        return refuse(response, 413, { code: 'too-long', message: `the request is longer than ${LONGEST_BODY} bytes` })
      const request = understand(Buffer.concat(chunks).toString('utf8'), read)
      if ('code' in request) return refuse(response, 400, request)
      const id = `local-${++count}`
      waiting.set(id, response)
      response.on('close', () => waiting.delete(id))
      events.request(id, request)
    })
  }

  const tellFence = (response: ServerResponse): void => {
    try {
      answer(response, 200, events.fence())
    } catch (error) {
      const message = `the kernel's tables cannot be read: ${(error as Error).message}`
      refuse(response, 503, { code: 'kernel-unread', message, hint: 'try again; else: nft list ruleset' })
    }
  }

  const server = createServer((incoming, response) => {
    const url = incoming.url?.split('?')[0]
    const route = `${incoming.method} ${url}`
    if (route === 'GET /v1/status') return answer(response, 200, events.status())
    if (route === 'GET /v1/events') return answer(response, 200, events.events())
    if (route === 'GET /v1/fence') return tellFence(response)
    if (route === 'POST /v1/switchover') return post(incoming, response, readSwitchover)
    if (route === 'POST /v1/standby') return post(incoming, response, readStandby)
    const known = ['/v1/status', '/v1/events', '/v1/fence', '/v1/switchover', '/v1/standby']
    if (known.includes(url ?? ''))
      return refuse(response, 405, { code: 'bad-method', message: `${incoming.method} is not for ${url}` })
    return refuse(response, 404, {
      code: 'unknown-path',
      message: `there is no ${url}`,
      hint: `known: ${known.join(', ')}`,
    })
  })
  server.on('error', events.failed)
  rmSync(path, { force: true })
  server.listen(path, () => chmodSync(path, 0o600))

  return {
    reply(id, status, body) {
      const response = waiting.get(id)
      if (!response) return
      waiting.delete(id)
      answer(response, status, body)
    },
    close() {
      server.close()
      server.closeAllConnections()
      rmSync(path, { force: true })
    },
  }
}

function understand(text: string, read: (body: unknown) => NodeRequest | Refusal): NodeRequest | Refusal {
  try {
    return read(JSON.parse(text))
  } catch {
    return { code: 'bad-json', message: 'the request is no JSON' }
  }
}

const field = (body: unknown, name: string): unknown =>
  body !== null && typeof body === 'object' ? (body as Record<string, unknown>)[name] : undefined

/** Long enough for every mistyped name; what is longer would not fit the words between nodes. */
const LONGEST_NAME = 100
const isName = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST_NAME

function readSwitchover(body: unknown): NodeRequest | Refusal {
  const [group, to] = [field(body, 'group'), field(body, 'to')]
  if (!isName(group)) return { code: 'bad-request', field: 'group', message: 'the name of a group is missing' }
  if (to !== undefined && !isName(to)) return { code: 'bad-request', field: 'to', message: 'not the name of a node' }
  return { verb: 'switchover', body: { group, ...(to === undefined ? {} : { to }) } }
}

function readStandby(body: unknown): NodeRequest | Refusal {
  const [name, on] = [field(body, 'name'), field(body, 'on')]
  if (typeof on !== 'boolean') return { code: 'bad-request', field: 'on', message: 'neither true nor false' }
  if (name !== undefined && !isName(name))
    return { code: 'bad-request', field: 'name', message: 'not the name of a node' }
  return { verb: 'standby', body: { on, ...(name === undefined ? {} : { name }) } }
}
