/**
 * Tells people by mail: SMTP (RFC 5321) to one server, which has it from its 250 after the text on. Where it offers STARTTLS (RFC 3207) the
 * text goes encrypted, and at port 465 from the first byte on (RFC 8314); with `tls: true` it goes in no other way, and to nobody whose
 * certificate is not good for the name.
 */
import { createConnection, isIP, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls, TLSSocket } from 'node:tls'
import type { Ask, End } from '../attempt.ts'
import { isSet, listOf, numberOf, textOf } from '../keys.ts'
import { authorities } from '../probes/tls.ts'
import { reasonOf } from '../reasons.ts'
import { dateOf, type Mail, wireOf } from './message.ts'

/** Bytes that a server may say to one command: more is no answer. */
const LONGEST_REPLY = 16 * 1024
const LINGER_MS = 500

interface Reply {
  readonly code: number
  /** Of its first line, and of all without their codes: what it can do, after EHLO. */
  readonly text: string
  readonly lines: readonly string[]
}
/** Null: not whole yet. A line that is no reply has the code 0. */
export function replyOf(heard: string): Reply | null {
  const lines = heard.split(/\r?\n/).slice(0, -1)
  const last = lines.findIndex((line) => !/^\d{3}-/.test(line))
  if (last < 0) return null
  const whole = lines.slice(0, last + 1)
  const parts = whole.map((line) => /^(\d{3})[ -]?(.*)$/.exec(line))
  const code = Number(parts.at(-1)?.[1] ?? 0)
  return {
    code,
    text: whole[0] ?? '',
    lines: parts.map((part) => (part?.[2] ?? '').toUpperCase()),
  }
}

const can = ({ lines }: Reply, word: string): boolean => lines.some((line) => line.split(' ')[0] === word)
/** Ways to log in (RFC 4954); old servers write `AUTH=`. */
const waysOf = ({ lines }: Reply): string[] =>
  lines.flatMap((line) => (/^AUTH[ =]/.test(line) ? line.slice('AUTH '.length).split(/[ =]+/) : []))

export interface Login {
  readonly user: string
  readonly password: string
}
/** Submission over TLS. */
const SECURE_PORT = 465

interface Letter {
  readonly mail: Mail
  /** How this machine is called. */
  readonly own: string
  /** Null: nobody logs in. */
  readonly login: Login | null
}
interface Steps {
  say(line: string): void
  /** What is not to be seen in any reason. */
  whisper(line: string, about: string): void
  /** Of the connection as it is now: over TLS; and whether anybody else could listen. */
  isSecure(): boolean
  isHidden(): boolean
  /** Goes on over TLS, and calls back when that stands. */
  secure(then: () => void): void
  readonly end: End
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
/** PLAIN (RFC 4616), else LOGIN, which the others speak. False: it failed, and that is said. */
function* logIn({ user, password }: Login, able: Reply, steps: Steps): Generator<void, boolean, Reply> {
  const { whisper, isHidden, end } = steps
  const failed = (why: string): false => {
    end(false, why)
    return false
  }
  if (!isHidden()) return failed('the server offers no STARTTLS, and a password goes nowhere in the clear')
  const ways = waysOf(able)
  if (ways.includes('PLAIN')) whisper(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`, 'the login')
  else if (ways.includes('LOGIN')) {
    for (const [line, what] of [
      ['AUTH LOGIN', 'the login'],
      [base64(user), 'the name'],
    ] as const) {
      whisper(line, what)
      const asked = yield
      if (asked.code !== 334) return failed(`the server says "${asked.text}" to ${what}`)
    }
    whisper(base64(password), 'the password')
  } else return failed(`the server offers no way to log in that is known here: ${ways.join(', ') || 'none'}`)
  const reply = yield
  return reply.code === 235 || failed(`the server says "${reply.text}" to the login of ${user}`)
}

/** The conversation as a generator: each `yield` waits for the next whole reply. */
function* talk({ mail, own, login }: Letter, mustHide: boolean, steps: Steps): Generator<void, void, Reply> {
  const { say, secure, isSecure, end } = steps
  const refused = (reply: Reply, at: string): void => end(false, `the server says "${reply.text}" to ${at}`)
  const greeting = yield
  if (greeting.code !== 220) return refused(greeting, 'the connection')
  say(`EHLO ${own}`)
  let able = yield
  if (able.code !== 250) return refused(able, 'EHLO')
  if (isSecure()) {
    // From the first byte on.
  } else if (can(able, 'STARTTLS')) {
    say('STARTTLS')
    const begun = yield
    if (begun.code !== 220) return refused(begun, 'STARTTLS')
    secure(() => say(`EHLO ${own}`))
    able = yield
    if (able.code !== 250) return refused(able, 'EHLO')
  } else if (mustHide) return end(false, 'the server offers no STARTTLS, and tls is true')
  if (login !== null && !(yield* logIn(login, able, steps))) return
  say(`MAIL FROM:<${mail.from}>`)
  const sender = yield
  if (sender.code !== 250) return refused(sender, `MAIL FROM:<${mail.from}>`)
  let [taken, last] = [0, sender]
  for (const to of mail.to) {
    say(`RCPT TO:<${to}>`)
    const reply = yield
    if (reply.code === 250 || reply.code === 251) taken += 1
    else last = reply
  }
  if (taken === 0) return refused(last, 'every recipient')
  say('DATA')
  const ready = yield
  if (ready.code !== 354) return refused(ready, 'DATA')
  say(wireOf(mail).replace(/\r\n$/, ''))
  const stored = yield
  if (stored.code !== 250) return refused(stored, 'the text')
  end(true, taken === mail.to.length ? stored.text : `${stored.text}; but "${last.text}" to one of them`)
  say('QUIT')
}

function loginOf(keys: Parameters<typeof textOf>[0]): Login | null {
  const [user, password] = [textOf(keys, 'user'), textOf(keys, 'password')]
  return user === undefined || password === undefined ? null : { user, password }
}
const letterOf = (keys: Parameters<typeof textOf>[0]): Letter => ({
  mail: {
    ...{ from: textOf(keys, 'from') ?? '', to: listOf(keys, 'to'), subject: textOf(keys, 'subject') ?? '' },
    ...{ text: textOf(keys, 'text') ?? '', id: textOf(keys, 'id') ?? '', references: listOf(keys, 'references') },
    date: dateOf(new Date()),
  },
  own: hostname(),
  login: loginOf(keys),
})
const tlsOf = (keys: Parameters<typeof textOf>[0], server: string) => ({
  // Whose certificate it must be; an address is not sent (RFC 6066, section 3).
  ...{ host: server, ...(isIP(server) ? {} : { servername: server }) },
  ...{ rejectUnauthorized: isSet(keys, 'tls'), secureContext: authorities(textOf(keys, 'ca')) },
})
/** On this machine nobody listens who is not root. */
const isLoopback = (address: string): boolean => /^(?:127\.|::1$|::ffff:127\.)/.test(address)

export const tellMail: Ask = ({ keys, timeoutMs }, end) => {
  const server = textOf(keys, 'server') ?? ''
  const port = numberOf(keys, 'port') ?? 25
  const tls = tlsOf(keys, server)
  const isSecureAtOnce = port === SECURE_PORT
  let socket: Socket = isSecureAtOnce ? connectTls({ ...tls, port }) : createConnection({ host: server, port })
  let [sofar, heard, over] = ['no connection', '', false]
  const finish: End = (ok, reason) => {
    over = true
    end(ok, reason)
  }
  const listen = (): void => {
    socket.on('data', (bytes) => {
      if (over) return
      heard += bytes.toString('latin1')
      const reply = replyOf(heard)
      if (reply) {
        heard = ''
        conversation.next(reply)
      } else if (heard.length > LONGEST_REPLY)
        finish(false, `the server says ${heard.length} bytes, and nothing that ends`)
    })
    socket.on('error', (error) => finish(false, reasonOf(error)))
    socket.on('close', () => finish(false, `the server closed the connection; ${sofar}`))
  }
  const secure = (then: () => void): void => {
    socket.removeAllListeners('data')
    socket.removeAllListeners('close')
    socket = connectTls({ socket, ...tls }, then)
    heard = ''
    listen()
  }
  const whisper = (line: string, about: string): void => {
    sofar = `no answer to ${about}`
    socket.write(`${line}\r\n`)
  }
  const say = (line: string): void => whisper(line, line.startsWith('From: ') ? 'the text' : line)
  const isSecure = (): boolean => socket instanceof TLSSocket
  const isHidden = (): boolean => isSecure() || isLoopback(socket.remoteAddress ?? '')
  socket.on(
    'connect',
    () => (sofar = isSecureAtOnce ? 'the server makes no TLS handshake' : 'the server does not greet'),
  )
  socket.on('secureConnect', () => (sofar = 'the server does not greet'))
  socket.setTimeout(timeoutMs * 2, () => socket.destroy())
  const steps = { say, whisper, isHidden, isSecure, secure, end: finish }
  const conversation = talk(letterOf(keys), isSet(keys, 'tls'), steps)
  conversation.next()
  listen()
  const close = (): void => {
    over = true
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.on('close', () => clearTimeout(timer))
    if (socket.connecting) socket.destroy()
    else socket.end()
  }
  return { sofar: () => sofar, close }
}
