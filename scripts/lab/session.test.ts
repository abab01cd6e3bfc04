import { createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { encodeFrame, kinds } from './frames.ts'
import { answered, ask, converse } from './session.ts'

let server: Server | undefined
afterEach(() => void server?.close())

/** A lab's control port that answers with these frames, or with none. */
const labThat = (frames: readonly Uint8Array[]): Promise<{ port: number; hungUp: Promise<void> }> =>
  new Promise((resolve) => {
    let hangUp = (): void => {}
    const hungUp = new Promise<void>((done) => (hangUp = done))
    server = createServer((socket) => {
      for (const frame of frames) socket.write(frame)
      if (frames.length > 0) socket.end()
      socket.on('error', () => {})
      socket.on('close', hangUp)
      socket.resume()
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server?.address()
      resolve({ port: typeof address === 'object' && address ? address.port : 0, hungUp })
    })
  })

test('a verb brings its whole answer', async () => {
  const { port } = await labThat([
    encodeFrame(kinds.stdout, 'one '),
    encodeFrame(kinds.stderr, 'two'),
    encodeFrame(kinds.exit, JSON.stringify({ code: 3 })),
  ])
  expect(await ask({ port }, 'token', ['loss', '40'])).toEqual({ code: 3, text: 'one two' })
})

test('a lab that goes away before the end is an error', async () => {
  const { port } = await labThat([encodeFrame(kinds.stdout, 'half')])
  await expect(ask({ port }, 'token', ['wait'])).rejects.toThrow('the lab went away')
})

test('a lab that is silent is left, with its name for what it was asked', async () => {
  const { port, hungUp } = await labThat([])
  const session = converse({ port }, { token: 'token', verb: ['wait'] })
  await expect(answered(session, session.done, 'wait', 50)).rejects.toThrow('the lab did not answer "wait" in 0.05 s')
  await hungUp
})
