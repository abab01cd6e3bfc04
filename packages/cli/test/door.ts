/** Test data: a coordinator's port for people, with answers that the test chooses, by path. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { encodeToken, fingerprintOf, FOR_EVER, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'

export const AUTHORITY = await makeAuthority('lab')
export const ID = '0123abcd'
export const SECRET = 'ab'.repeat(16)
export interface Asked {
  readonly path: string
  readonly body: { key?: string; name?: string; node?: unknown; heartbeat?: string }
}
/** One after the other, the last one again and again; a function is asked. */
export type Answers = Readonly<Record<string, unknown[]>>

const servers: Server[] = []
export function closePorts(): void {
  for (const server of servers.splice(0)) server.close().closeAllConnections()
}

/** Certificates of the authority for `names`. */
export async function openPort(answers: Answers, names = ['127.0.0.1'], authority = AUTHORITY, life = FOR_EVER) {
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(authority, {
    name: 'people',
    publicKey,
    names: { dns: [], addresses: names },
    life,
  })
  const asked: Asked[] = []
  const answerTo = async (path: string, text: string): Promise<[number, unknown]> => {
    const body = text === '' ? {} : (JSON.parse(text) as Asked['body'])
    if (path !== '/v1/authority') asked.push({ path, body })
    const list = answers[path] ?? []
    const answer = list.length > 1 ? list.shift() : list[0]
    const value: unknown = typeof answer === 'function' ? await answer(body) : answer
    const isRefused = typeof value === 'object' && value !== null && 'refusals' in value
    const refused = isRefused && 'status' in value ? Number(value.status) : 422
    return [value === undefined ? 404 : isRefused ? refused : 200, value ?? {}]
  }
  const server = createServer({ key: privateKey, cert: certificate }, (request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => {
      void answerTo(request.url ?? '', text).then(([status, value]) =>
        value === HANGS_UP ? request.socket.destroy() : response.writeHead(status).end(JSON.stringify(value)),
      )
    })
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { asked, to: { host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 } }
}
/** In place of an answer. */
export const HANGS_UP = 'hangs up'
/** That passes by itself, or is not so of another coordinator. */
export const notNow = (code: string, status = 503) => ({ ...refusal(code), status })
export const refusal = (code: string, message = `because ${code}`) => ({ refusals: [{ code, message }] })
export const COORDINATORS = [{ addresses: [{ host: '10.12.0.1', port: 7446 }], key: 'cd'.repeat(32) }]
export const RS9 = { roles: ['realserver'], links: [{ name: 'heartbeat', address: '10.12.0.19' }] }
export const preview = (more: object = {}) => ({
  cluster: 'lab',
  node: RS9,
  present: false,
  coordinators: COORDINATORS,
  clock: Date.now(),
  ...more,
})
export const tokenFor = (...to: { host: string; port: number }[]): string =>
  encodeToken({ cluster: 'lab', pin: fingerprintOf(AUTHORITY.certificate), to, id: ID, secret: SECRET })
export const DOOR = { '/v1/authority': [{ authority: AUTHORITY.certificate }] }
