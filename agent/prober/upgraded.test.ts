/** Conversations that begin in the clear, and go on over TLS (STARTTLS): certificates count as everywhere, and nobody is well who begins none. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import { ask, type Certificates, explained, type Identity, makeCertificates, Servers } from './fixture.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
})
const servers = new Servers()
afterEach(() => servers.end())

const hex = (digits: string): string => Buffer.from(digits.replaceAll(' ', ''), 'hex').toString('latin1')
/** MySQL 8 greets; its flags have SSL (0x0800). */
const GREETING = hex(
  '27000000 0a 382e302e333500 01000000 6162636465666768 00 ffff 08 0200 0f80 15 00000000000000000000',
)
const [STARTTLS, SSL_REQUEST] = [hex('301d02010177188016'), hex('0000000804d2162f')]
const SSL_PACKET = hex('20000001 018a0000')
interface Said {
  /** What it says on its own, and to each thing that it hears in the clear; TLS begins after the last of them. */
  readonly clear: readonly string[]
  readonly secured: readonly string[]
  /** Begins the last thing that it heard in the clear. */
  readonly wish: string
}
const SERVERS = {
  smtp: {
    clear: ['220 mail ESMTP\r\n', '250-mail\r\n250-STARTTLS\r\n250 HELP\r\n', '220 go ahead\r\n'],
    ...{ secured: ['', '250 mail\r\n', '221 bye\r\n'], wish: 'STARTTLS\r\n' },
  },
  imap: {
    clear: ['* OK ready\r\n', '* CAPABILITY IMAP4rev1\r\na OK begin\r\n'],
    ...{ secured: ['', 'b OK done\r\n', '* BYE\r\nc OK\r\n'], wish: 'a STARTTLS\r\n' },
  },
  pop3: { clear: ['+OK ready\r\n', '+OK begin\r\n'], secured: ['', '+OK bye\r\n'], wish: 'STLS\r\n' },
  ftp: {
    clear: ['220-welcome\r\n220 ready\r\n', '234 proceed\r\n'],
    ...{ secured: ['', '221 bye\r\n'], wish: 'AUTH TLS\r\n' },
  },
  ldap: {
    clear: ['', hex('300c 020101 7807 0a0100 0400 0400')],
    ...{ secured: ['', hex('300c 020101 6107 0a0100 0400 0400')], wish: STARTTLS },
  },
  postgres: { clear: ['', 'S'], secured: ['', hex('52 00000008 00000000')], wish: SSL_REQUEST },
  mysql: {
    clear: [GREETING, ''],
    ...{ secured: ['', hex('0a000003 ff1504 2332383030306e')], wish: SSL_PACKET },
  },
} as const satisfies Readonly<Record<string, Said>>
type Type = keyof typeof SERVERS
const TYPES = Object.keys(SERVERS) as Type[]

/** One thing to each that is heard, the first on its own. */
function speaks(socket: Socket, said: readonly string[], then?: (heard: string) => void): void {
  const [first = '', ...rest] = said
  if (first !== '') socket.write(first, 'latin1')
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    const answer = rest.shift()
    if (answer === undefined) return
    if (answer !== '') socket.write(answer, 'latin1')
    if (rest.length === 0) then?.(bytes.toString('latin1'))
  })
}
function begins(type: Type, identity: Identity, secured: readonly string[] = SERVERS[type].secured): Promise<number> {
  const { clear, wish }: Said = SERVERS[type]
  return servers.raw((raw) =>
    speaks(raw, clear, (heard) => {
      if (!heard.startsWith(wish)) return void raw.destroy()
      raw.removeAllListeners('data')
      // MySQL is told to begin without an answer: the handshake may have come with it.
      raw.pause()
      if (wish === SSL_PACKET) raw.unshift(Buffer.from(heard.slice(36), 'latin1'))
      raw.on('error', () => undefined)
      speaks(new TLSSocket(raw, { isServer: true, ...identity }), secured)
    }),
  )
}
const keys = (more: object = {}) => ({
  ...{ starttls: true, host: 'web.example', ca: certificates.authority.certificate, ...more },
})

describe.each(TYPES)('%s', (type) => {
  it('is asked over TLS, by whose certificate it is well or not', async () => {
    const good = await begins(type, certificates.good)
    expect(await ask(type, good, keys())).toMatchObject({ ok: true })
    expect((await ask(type, good, keys({ host: 'shop.example' }))).reason).toMatch(/for another name/)
    const over = await begins(type, certificates.over)
    expect(await ask(type, over, keys())).toEqual({ ok: false, reason: 'its certificate is over' })
    expect(await ask(type, over, keys({ verify: false }))).toMatchObject({ ok: true })
    const strange = await begins(type, certificates.strange)
    expect(await ask(type, strange, keys())).toMatchObject({ ok: false })
  })
  it('says nothing over TLS, or goes, and fails', async () => {
    const mute = await begins(type, certificates.good, [''])
    expect((await ask(type, mute, keys(), 700)).reason).toMatch(/says nothing that is wanted within 700 ms/)
    const { clear }: Said = SERVERS[type]
    const waits = await servers.raw((raw) => speaks(raw, clear))
    expect((await ask(type, waits, keys(), 400)).reason).toBe('answers, but makes no TLS handshake within 400 ms')
    const goes = await servers.raw((raw) => speaks(raw, clear, () => raw.end()))
    expect(await ask(type, goes, keys())).toEqual({ ok: false, reason: expect.stringMatching(/connection/) })
  })
  it('has nothing believed that came with its last word in the clear', async () => {
    if (type === 'mysql') return
    const { clear, secured }: Said = SERVERS[type]
    const more = [...clear.slice(0, -1), `${clear.at(-1) ?? ''}${secured[1] ?? ''}`]
    const port = await servers.raw((raw) => speaks(raw, more))
    const reason = 'says more in the clear before TLS begins'
    expect(await ask(type, port, keys())).toEqual({ ok: false, reason })
  })
})

test.each<[Type, readonly string[], string]>([
  ['smtp', ['220 mail\r\n', '250-mail\r\n250 HELP\r\n'], 'does not offer STARTTLS'],
  ['smtp', ['220 mail\r\n', '250 STARTTLS\r\n', '454 not now\r\n'], 'begins no TLS: says "454 not now"'],
  ['imap', ['* OK\r\n', 'a BAD what\r\n'], 'begins no TLS: says "a BAD what"'],
  ['pop3', ['+OK\r\n', '-ERR what\r\n'], 'begins no TLS: says "-ERR what"'],
  ['ftp', ['220 ready\r\n', '500 what\r\n'], 'begins no TLS: says "500 what"'],
  ['ldap', ['', hex('300c 020101 7807 0a0102 0400 0400')], 'answers StartTLS with result 2'],
  ['postgres', ['', 'N'], 'does not offer TLS'],
  ['postgres', ['', hex('45 0000000e 433533333030 00 4d6e6f 00')], 'refuses: no (53300)'],
  ['mysql', [GREETING.replace('\xff\xff', '\xff\xf7')], 'version 8.0.35, does not offer TLS'],
  ['mysql', [`${GREETING}x`], 'says more in the clear before TLS begins'],
])('%s that says %j: %s', async (type, clear, reason) => {
  const port = await servers.raw((raw) => speaks(raw, clear))
  expect(await ask(type, port, keys())).toEqual({ ok: false, reason })
})

test('the steps of it are told, with the certificate', async () => {
  const { steps } = await explained('smtp', await begins('smtp', certificates.good), keys())
  expect(steps.join('\n')).toMatch(
    /sent STARTTLS\\r\\n\nreceived 220 go ahead\\r\\n\ntls TLSv1\.3.*\ncertificate .*web\.example.*\nsent EHLO/,
  )
})
