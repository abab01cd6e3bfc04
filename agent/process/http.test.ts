/** What one client may cost a daemon: connections, bodies, and answers that it does not read. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answer, type HttpHandler, readBody, serveHttp } from './http.ts'

const MIB = 1 << 20
let home = ''
const ends: (() => void)[] = []
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-http-'))
})
afterEach(() => {
  for (const end of ends.splice(0)) end()
  rmSync(home, { recursive: true, force: true })
})

function serve(handle: HttpHandler, patienceMs?: number): string {
  const path = join(home, 'a.sock')
  const events = { failed: vi.fn(), mayAgain: () => true, say: () => undefined }
  const server = serveHttp(path, events, handle, patienceMs)
  ends.push(() => server.close())
  return path
}
function client(path: string): Socket {
  const socket = connect(path)
  socket.on('error', () => undefined)
  ends.push(() => socket.destroy())
  return socket
}

test('of so many at once one more is turned away, and those that are there stay', async () => {
  const path = serve((_, response) => answer(response, 200, 'here'))
  const all = Array.from({ length: 256 }, () => client(path))
  await Promise.all(all.map((one) => once(one, 'connect')))
  const more = client(path)
  more.resume()
  await once(more, 'close')
  const [last] = all.slice(-1)
  last?.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  if (last) expect(String(await once(last, 'data'))).toContain('"here"')
})

test('a body without end is given up, and nobody is told of it', async () => {
  const done = vi.fn()
  const path = serve((incoming, response) => readBody(incoming, response, 1000, done))
  const one = client(path)
  const closed = new Promise((resolve) => one.on('close', resolve))
  one.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
  const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const push = (left: number): void => {
    if (left > 0 && !one.destroyed) one.write(piece, () => push(left - 1))
  }
  push((16 * MIB) / 0x10000)
  await closed
  expect(done).not.toHaveBeenCalled()
})

test('an answer that nobody reads ends the connection', async () => {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const path = serve((_, response) => {
    response.on('close', resolve)
    answer(response, 200, 'x'.repeat(32 * MIB))
  }, 50)
  const one = client(path)
  one.pause()
  one.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await ended
})
