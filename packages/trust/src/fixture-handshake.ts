/** For tests: one handshake with mutual authentication, by this process's clock; null, or the code with which it ended. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { FOR_EVER, type Life, makeAuthority, makeKeyPair, signCertificate } from './index.ts'

export async function handshake(life: Life, ofAuthority: Life = FOR_EVER): Promise<string | null> {
  const authority = await makeAuthority('lab', ofAuthority)
  const pair = makeKeyPair()
  // Called like its authority.
  const cert = await signCertificate(authority, { name: 'lab', publicKey: pair.publicKey, life })
  const own = { key: pair.privateKey, cert, ca: authority.certificate, minVersion: 'TLSv1.3' } as const
  const server = createServer({ ...own, requestCert: true, rejectUnauthorized: true }, (socket) => socket.end('in'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = connect({ ...own, host: '127.0.0.1', port, checkServerIdentity: () => undefined })
  const outcome = await new Promise<string | null>((done) => {
    socket.on('data', () => done(null))
    socket.on('error', (error) => done('code' in error ? String(error.code) : error.message))
    socket.on('close', () => done('closed'))
  })
  socket.destroy()
  server.close()
  return outcome
}

if (import.meta.main) {
  const tens: Life = { notBefore: new Date(Date.UTC(2020, 0)), notAfter: new Date(Date.UTC(2030, 0)) }
  console.log(JSON.stringify([await handshake(FOR_EVER), await handshake(tens)]))
}
