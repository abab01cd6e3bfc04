/** For the tests of the console: a reverse proxy that has a coordinator below a path of its own, and that can be cut. */
import { createServer as createTls } from 'node:https'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type Duplex } from 'node:stream'
import { makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'

export interface Proxy {
  readonly url: string
  /** While it is cut nothing comes through, and what is open ends; `silently`: what is open stays, and nobody hears anything. */
  cut(how: 'loudly' | 'silently' | 'not'): void
}

/** As nginx does it with `location /lvsm/ { proxy_pass https://…/; proxy_set_header Host $http_host; }` and its lines for WebSocket. */
export async function startProxy(port: number): Promise<Proxy> {
  const authority = await makeAuthority('proxy')
  const { privateKey, publicKey } = makeKeyPair()
  const names = { dns: [], addresses: ['127.0.0.1'] }
  const cert = await signCertificate(authority, { name: 'proxy', publicKey, names })
  const open = new Set<Duplex>()
  let state: 'loudly' | 'silently' | 'not' = 'not'
  const server = createTls({ key: privateKey, cert })
  const behind = (url = '/'): string | null => (url.startsWith('/lvsm/') ? url.slice('/lvsm'.length) : null)
  server.on('secureConnection', (socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
    if (state === 'loudly') socket.destroy()
  })
  server.on('request', (incoming, response) => {
    const path = behind(incoming.url)
    if (path === null) return void response.writeHead(404).end()
    if (state === 'silently') return
    const { method = 'GET', headers } = incoming
    const options = { host: '127.0.0.1', port, method, path, headers, rejectUnauthorized: false, agent: false }
    const outgoing = request(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.writeHead(502).end())
    incoming.pipe(outgoing)
  })
  server.on('upgrade', (incoming, socket: Duplex) => {
    const path = behind(incoming.url)
    if (path === null || state !== 'not') return void socket.destroy()
    const options = {
      host: '127.0.0.1',
      port,
      path,
      headers: incoming.headers,
      rejectUnauthorized: false,
      agent: false,
    }
    const outgoing = request(options)
    outgoing.on('error', () => socket.destroy())
    outgoing.on('response', () => socket.destroy())
    outgoing.on('upgrade', (answer, far) => {
      const heads = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${heads.join('')}\r\n`)
      far.on('data', (data) => state !== 'silently' && socket.write(data)).on('error', () => socket.destroy())
      socket.on('data', (data) => far.write(data)).on('close', () => far.destroy())
      far.on('close', () => socket.destroy())
    })
    outgoing.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/lvsm/`,
    cut(how) {
      state = how
      if (how === 'loudly') for (const socket of open) socket.destroy()
    },
  }
}
