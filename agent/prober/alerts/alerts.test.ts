/** Receivers on this machine, good ones and bad ones: what they get, and what becomes of those that hang, lie or go on for ever. */
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTls, TLSSocket } from 'node:tls'
import type { ReceiverType } from '@lvsm/model'
import { makeAuthority } from '@lvsm/trust'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../../test/kit/eventually.ts'
import { attempt } from '../attempt.ts'
import { type Certificates, makeCertificates, OWN, Servers } from '../fixture.ts'
import { DELIVERIES } from './index.ts'
import { replyOf } from './mail.ts'
import { wireOf } from './message.ts'

const servers = new Servers()
let certificates: Certificates
beforeAll(async () => (certificates = await makeCertificates(Date.now())))
afterEach(() => servers.end())

interface How {
  readonly ok: boolean | null
  readonly reason: string
  readonly tookMs: number
}
const tell = (type: ReceiverType, keys: Record<string, unknown>, timeoutMs = 3000): Promise<How> =>
  new Promise((resolve) => {
    const began = performance.now()
    const job = { id: 1, probe: `alert-${type}`, keys, address: '', port: 0, source: null, timeoutMs }
    attempt(DELIVERIES[`alert-${type}`], job, (ok, reason) =>
      resolve({ ok, reason, tookMs: performance.now() - began }),
    )
  })

interface Got {
  readonly text: string
  readonly type: string | undefined
}
const web = async (answer: (response: ServerResponse, incoming: IncomingMessage) => void): Promise<[string, Got[]]> => {
  const got: Got[] = []
  const server = createHttp((incoming, response) => {
    let text = ''
    incoming.on('data', (chunk) => (text += String(chunk)))
    incoming.on('end', () => {
      got.push({ text, type: incoming.headers['content-type'] })
      answer(response, incoming)
    })
  })
  return [`http://${OWN}:${await servers.listen(server)}/hook`, got]
}

it('a webhook gets the body as it is, and 2xx alone means that it took it', async () => {
  const [url, got] = await web((response) => response.writeHead(202).end())
  expect(await tell('webhook', { url, body: '{"a":"ä"}' })).toMatchObject({ ok: true, reason: '202 Accepted' })
  expect(got).toEqual([{ text: '{"a":"ä"}', type: 'application/json' }])
  const [no] = await web((response) => response.writeHead(503).end('over quota\nand more'))
  expect(await tell('webhook', { url: no, body: '{}' })).toMatchObject({
    ok: false,
    reason: '503 Service Unavailable: over quota',
  })
  const [away] = await web((response) => response.writeHead(307, { location: url }).end())
  expect(await tell('webhook', { url: away, body: '{}' })).toMatchObject({
    ok: false,
    reason: '307 Temporary Redirect',
  })
  expect(got, 'nobody else is told').toHaveLength(1)
  servers.end()
  expect(await tell('webhook', { url, body: '{}' })).toMatchObject({
    ok: false,
    reason: expect.stringContaining('refused'),
  })
})

it('a webhook logs in where it is to, and says nothing of itself where it is not', async () => {
  const seen: (string | undefined)[] = []
  const [url] = await web((response, incoming) => {
    seen.push(incoming.headers.authorization)
    response.writeHead(200).end()
  })
  expect(await tell('webhook', { url, body: '{}' })).toMatchObject({ ok: true })
  expect(await tell('webhook', { url, body: '{}', user: 'ops', password: 'pä:ss' })).toMatchObject({ ok: true })
  const token = { 'secret-headers': ['Authorization: Bearer abc', 'X-Team: ops'] }
  expect(await tell('webhook', { url, body: '{}', ...token })).toMatchObject({ ok: true })
  expect(seen).toEqual([undefined, `Basic ${Buffer.from('ops:pä:ss').toString('base64')}`, 'Bearer abc'])
})
it('a webhook that hangs, or answers without an end, is given up in time', async () => {
  const [hangs] = await web(() => undefined)
  expect(await tell('webhook', { url: hangs, body: '{}' }, 300)).toMatchObject({
    ok: false,
    reason: 'no answer within 300 ms',
  })
  const [endless] = await web((response) => {
    response.writeHead(500)
    const timer = setInterval(() => response.write('x'.repeat(1000)), 1)
    response.on('close', () => clearInterval(timer))
  })
  const how = await tell('webhook', { url: endless, body: '{}' }, 5000)
  expect(how).toMatchObject({ ok: false, reason: expect.stringMatching(/^500 Internal Server Error: x+/) })
  expect(how.tookMs).toBeLessThan(4000)
})

/** A server of SMTP that keeps what it gets. `answer`: what it says to a line; undefined: as a good one would. */
function sink(answer: (line: string) => string | undefined = () => undefined, able: readonly string[] = []) {
  const mails: { from: string; to: string[]; text: string; hidden: boolean }[] = []
  const lines: string[] = []
  const serve = (socket: Socket, greets = true): void => {
    let [heard, inText] = ['', false]
    let mail = { from: '', to: [] as string[], text: '', hidden: socket instanceof TLSSocket }
    const usual = (line: string): string => {
      if (/^EHLO/i.test(line)) return ['250-sink', ...able.map((one) => `250-${one}`), '250 8BITMIME'].join('\r\n')
      if (/^MAIL/i.test(line)) mail.from = line.slice(10)
      if (/^RCPT/i.test(line)) mail.to.push(line.slice(8))
      if (line === 'DATA') {
        inText = true
        return '354 go on'
      }
      return line === 'QUIT' ? '221 bye' : '250 fine'
    }
    const say = (text: string): void => void (socket.writable && socket.write(`${text}\r\n`))
    if (greets) say(answer('') ?? '220 sink')
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      heard += bytes.toString('utf8')
      for (let end = heard.indexOf('\r\n'); end >= 0; end = heard.indexOf('\r\n')) {
        const line = heard.slice(0, end)
        heard = heard.slice(end + 2)
        if (inText) {
          if (line !== '.') mail.text += `${line}\n`
          else {
            inText = false
            mails.push(mail)
            mail = { from: '', to: [], text: '', hidden: mail.hidden }
            say(answer('.') ?? '250 stored as 1')
          }
          continue
        }
        lines.push(line)
        if (line === 'STARTTLS') {
          say('220 go on')
          socket.removeAllListeners('data')
          const { key, cert } = certificates.good
          const hidden = new TLSSocket(socket, { isServer: true, key, cert })
          return serve(hidden, false)
        }
        say(answer(line) ?? usual(line))
      }
    })
  }
  return { mails, lines, serve, listen: () => servers.raw((socket) => serve(socket)) }
}
const MAIL = {
  server: OWN,
  from: 'lvsm@a.example',
  to: ['ops@a.example', 'boss@a.example'],
  subject: '[shop] FIRING: ünder',
}

it('mail goes to all recipients, whole, and with its dots', async () => {
  const { mails, lines, listen } = sink()
  const port = await listen()
  const text = 'first\n.second\n..third\n'
  expect(await tell('mail', { ...MAIL, port, text, id: 'abc.1' })).toMatchObject({
    ok: true,
    reason: '250 stored as 1',
  })
  expect(mails).toMatchObject([{ from: '<lvsm@a.example>', to: ['<ops@a.example>', '<boss@a.example>'] }])
  const [head = '', body = ''] = (mails[0]?.text ?? '').split('\n\n')
  expect(head.split('\n')).toEqual(
    expect.arrayContaining([
      'To: ops@a.example,',
      ' boss@a.example',
      `Subject: =?UTF-8?B?${Buffer.from(MAIL.subject).toString('base64')}?=`,
      expect.stringMatching(/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/),
      'Message-ID: <abc.1@a.example>',
    ]),
  )
  expect(body, 'dots are doubled on the wire').toBe('first\n..second\n...third\n')
  await eventually(() => expect(lines.at(-1)).toBe('QUIT'))
})

const wire = (more: Partial<Parameters<typeof wireOf>[0]>): string =>
  wireOf({
    ...{ from: 'lvsm@a.example', to: ['ops@a.example'], subject: 's', text: 'x', id: 'a', references: [], date: 'now' },
    ...more,
  })
it('a mail is in lines that every server takes, in ASCII, and nothing in it begins a header or ends the text', () => {
  const all = wire({
    to: Array.from({ length: 32 }, (_, at) => `${'o'.repeat(60)}${at}@${'d'.repeat(180)}.example`),
    subject: `x\r\nBcc: evil@a.example\r\n\r\n${'ü€'.repeat(300)}`,
    text: `.\r\nMAIL FROM:<evil>\n${'ä.'.repeat(900)}\n${'y'.repeat(3000)}\na\rb\u0000=\n. \n`,
    id: 'a>\r\nBcc: x',
    references: ['r\r\nBcc: y', 's'],
  })
  const lines = all.split('\r\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(998)
  expect(all).toMatch(/^[\x20-\x7e\r\n]*$/)
  expect(all.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  expect(lines.filter((line) => /^(?:Bcc|MAIL)/.test(line))).toEqual(['MAIL FROM:<evil>'])
  expect(lines.indexOf('MAIL FROM:<evil>')).toBeGreaterThan(lines.indexOf(''))
  expect(lines.filter((line) => line === '.')).toHaveLength(1)
  expect(all.endsWith('\r\n.\r\n')).toBe(true)
  const [, coded = ''] = /\nSubject: (.*(?:\r\n .*)*)\r\n/.exec(all) ?? []
  const words = [...coded.matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)].map(([, word = '']) => Buffer.from(word, 'base64'))
  expect(Buffer.concat(words).toString().slice(0, 30)).toBe('x Bcc: evil@a.example ü€ü€ü€ü€')
})
it('what is told of the same thing is one thread, whichever node tells it', () => {
  const lines = wire({ id: 'two', references: ['zero', 'one'] }).split('\r\n')
  expect(lines).toEqual(expect.arrayContaining(['Message-ID: <two@a.example>', 'In-Reply-To: <one@a.example>']))
  expect(lines.join('\n')).toContain('References: <zero@a.example>\n <one@a.example>\n')
  expect(wire({ id: 'one' })).not.toMatch(/References|In-Reply-To/)
})

it('mail is believed by the authority that is named, also at an address', async () => {
  const able = sink(undefined, ['STARTTLS'])
  const port = await able.listen()
  const keys = { ...MAIL, port, text: 'x', id: '1', tls: true }
  const foreign = await makeAuthority('lab')
  expect(await tell('mail', { ...keys, ca: certificates.authority.certificate })).toMatchObject({ ok: true })
  expect(await tell('mail', { ...keys, ca: foreign.certificate })).toMatchObject({ ok: false })
  expect(able.mails).toHaveLength(1)
})
it.runIf(process.geteuid?.() === 0)('at port 465 mail goes over TLS from the first byte on', async () => {
  const { mails, serve } = sink()
  const { key, cert } = certificates.good
  const server = createTls({ key, cert }, (socket) => serve(socket))
  await new Promise<void>((resolve) => server.listen(465, OWN, resolve))
  const keys = { ...MAIL, port: 465, text: 'x', id: '1' }
  try {
    expect(await tell('mail', keys)).toMatchObject({ ok: true })
    expect(await tell('mail', { ...keys, tls: true }), 'whom nobody trusts').toMatchObject({ ok: false })
    expect(await tell('mail', { ...keys, tls: true, ca: certificates.authority.certificate })).toMatchObject({
      ok: true,
    })
  } finally {
    server.close()
  }
  expect(mails.map(({ hidden }) => hidden)).toEqual([true, true])
})
it('a webhook is believed by the authority that is named', async () => {
  const { key, cert } = certificates.good
  const server = createHttps({ key, cert }, (_, response) => response.writeHead(204).end())
  const url = `https://${OWN}:${await servers.listen(server)}/`
  const ca = certificates.authority.certificate
  expect(await tell('webhook', { url, body: '{}' })).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/certif/),
  })
  expect(await tell('webhook', { url, body: '{}', ca })).toMatchObject({ ok: true })
})

it('mail is hidden where the server can, and where it must be goes in no other way', async () => {
  const able = sink(undefined, ['STARTTLS'])
  const port = await able.listen()
  expect(await tell('mail', { ...MAIL, port, text: 'x', id: '1' })).toMatchObject({ ok: true })
  expect(able.mails).toMatchObject([{ hidden: true, from: '<lvsm@a.example>' }])
  expect(await tell('mail', { ...MAIL, port, text: 'x', id: '1', tls: true }), 'whom nobody trusts').toMatchObject({
    ok: false,
    reason: expect.stringContaining('certificate'),
  })
  const plain = sink()
  expect(await tell('mail', { ...MAIL, port: await plain.listen(), text: 'x', id: '1', tls: true })).toMatchObject({
    ok: false,
    reason: 'the server offers no STARTTLS, and tls is true',
  })
  expect(plain.mails).toEqual([])
})

it.each<[string, (line: string) => string | undefined, string | RegExp]>([
  [
    'greets with a refusal',
    (line) => (line === '' ? '554 go away' : undefined),
    /says "554 go away" to the connection/,
  ],
  [
    'does not relay',
    (line) => (line.startsWith('RCPT') ? '550 no such user' : undefined),
    /"550 no such user" to every recipient/,
  ],
  [
    'takes the text and loses it',
    (line) => (line === '.' ? '451 disk full' : undefined),
    /"451 disk full" to the text/,
  ],
  ['speaks something else', (line) => (line === '' ? 'HTTP/1.1 400 Bad Request' : undefined), /HTTP\/1\.1 400/],
  ['says nothing', () => '220-', /does not greet|no answer|nothing that ends|within/],
])('a mail server that %s did not take it', async (_, answer, reason) => {
  const { listen } = sink(answer)
  expect(await tell('mail', { ...MAIL, port: await listen(), text: 'x', id: '1' }, 800)).toMatchObject({
    ok: false,
    reason: expect.stringMatching(reason),
  })
})

it('one of two recipients is enough, and the other is told of', async () => {
  const { listen } = sink((line) => (line.includes('boss') ? '550 no boss' : undefined))
  expect(await tell('mail', { ...MAIL, port: await listen(), text: 'x', id: '1' })).toMatchObject({
    ok: true,
    reason: '250 stored as 1; but "550 no boss" to one of them',
  })
})

it('a mail server that answers without an end costs bounded memory and time', async () => {
  let written = 0
  const port = await servers.raw((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write('220-and more of it\r\n'.repeat(100))) written += 2000
    }
    socket.on('drain', more)
    more()
  })
  const how = await tell('mail', { ...MAIL, port, text: 'x', id: '1' }, 5000)
  expect(how).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^the server says \d+ bytes, and nothing that ends/),
  })
  expect(how.tookMs).toBeLessThan(4000)
  expect(written).toBeGreaterThan(16_000)
  expect(replyOf('220-a\r\n250 b'), 'half a line').toBeNull()
})

const program = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsm-alert-')), 'program')
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

it('a program has its arguments, its input and its variables, and took it where it ends with 0', async () => {
  const out = `${program('')}.out`
  const path = program(`{ echo "$@"; echo "$LVSM_SERVICE"; cat; } > ${out}; echo done`)
  const keys = { argv: [path, '-s', 'http', '-u'], input: 'summary\ndetail\n', variables: { LVSM_SERVICE: 'http' } }
  expect(await tell('mon', keys)).toMatchObject({ ok: true, reason: 'done (exit code 0)' })
  expect(readFileSync(out, 'utf8')).toBe('-s http -u\nhttp\nsummary\ndetail\n')
  expect(await tell('exec', { argv: [program('echo no line >&2; exit 3')] })).toMatchObject({
    ok: false,
    reason: 'no line (exit code 3)',
  })
  expect(await tell('exec', { argv: ['/no/such/program'] })).toMatchObject({
    ok: false,
    reason: expect.stringContaining('cannot be started'),
  })
  expect(
    await tell('exec', { argv: [program('exec 0<&-; exit 0')], input: 'x'.repeat(100_000) }),
    'it need not read',
  ).toMatchObject({ ok: true })
})

it('a program that forks, ignores TERM and writes for ever is ended whole, in time', async () => {
  const pids = `${program('')}.pids`
  const path = program(
    `trap '' TERM; (trap '' TERM; echo $$ >> ${pids}; while :; do sleep 0.1; done) & echo $! >> ${pids}; while :; do echo x; done`,
  )
  const how = await tell('exec', { argv: [path] }, 500)
  expect(how).toMatchObject({ ok: false, reason: 'it did not end within 500 ms' })
  expect(how.tookMs).toBeLessThan(3000)
  const all = (): number[] => readFileSync(pids, 'utf8').trim().split('\n').map(Number)
  expect(all().length).toBeGreaterThan(0)
  await eventually(() => expect(all().filter(isThere)).toEqual([]))
})
/** Not one that nobody has waited for yet. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
