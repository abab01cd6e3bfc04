/** Datagrams to a unix socket that somebody reads, and to one that nobody does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { call, checked } from './libc.ts'
import { MSG_DONTWAIT, openDatagramSocket, receive } from './socket.ts'
import { unixDatagrams } from './unix-datagrams.ts'

const [AF_UNIX, ENOENT, ECONNREFUSED] = [1, 2, 111]

test('they arrive whole while somebody listens there, and are refused before and after', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-unix-'))
  const path = join(directory, 'socket')
  const send = unixDatagrams(path)
  expect(send(Buffer.from('early'))).toBe(ENOENT)
  const reader = openDatagramSocket(AF_UNIX)
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)])
  checked('bind', call.bind(reader, address, address.length))
  expect([send(Buffer.from('one')), send(Buffer.from('two'))]).toEqual([0, 0])
  const heard = [receive(reader, MSG_DONTWAIT), receive(reader, MSG_DONTWAIT)]
  expect(heard.map((one) => (typeof one === 'number' ? one : Buffer.from(one).toString()))).toEqual(['one', 'two'])
  call.close(reader)
  expect(send(Buffer.from('late'))).toBe(ECONNREFUSED)
  rmSync(directory, { recursive: true })
})
