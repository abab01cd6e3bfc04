/**
 * Connections that live long, from the client's namespace to servers of realservers: a download that is throttled and a session that
 * says a byte now and then. Both ends are Node programs of a few lines, so that what is seen are packets and no tool's manners.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { demand, VIP } from './harness.ts'

/** `s`: numbered lines, twenty a second, until it hears `q`; anything else comes back as it is. */
const SERVER = (port: number, at: string): string => `
  require('node:net').createServer((socket) => {
    let line = 0, timer
    socket.on('error', () => clearInterval(timer)).on('close', () => clearInterval(timer))
    socket.on('data', (bytes) => {
      const word = bytes.toString()
      if (word === 's') timer = setInterval(() => socket.write(String(line++).padEnd(999, '.') + '\\n'), 50)
      else if (word === 'q') { clearInterval(timer); socket.end('end\\n') }
      else socket.write(bytes)
    })
  }).listen(${port}, '${at}', () => console.log('ready'))`

/** Words on its input: `say` (a byte, and its echo), `end`. Each answer is a line. */
const SESSION = (port: number, vip: string): string => `
  const socket = require('node:net').connect({ host: '${vip}', port: ${port} })
  const tell = (text) => console.log(text)
  socket.setNoDelay(true).on('connect', () => tell('connected ' + socket.localPort)).on('error', ({ code }) => tell('error ' + code))
  socket.on('close', () => tell('closed')).on('data', () => tell('heard'))
  require('node:readline').createInterface({ input: process.stdin })
    .on('line', (word) => (word === 'say' ? socket.write('x') : socket.end()))`

/** A WebSocket (RFC 6455) in place of a bare connection, by the library that stands beside this very Node. */
const WS = join(dirname(process.execPath), '../../ws')
const WEB_SERVER = (port: number): string => `
  new (require('${WS}').WebSocketServer)({ host: '0.0.0.0', port: ${port} }, () => console.log('ready'))
    .on('connection', (one) => one.on('error', () => {}).on('message', (bytes) => one.send(bytes)))`
const WEB_SESSION = (port: number): string => `
  const one = new (require('${WS}'))('ws://${VIP}:${port}/')
  const tell = (text) => console.log(text)
  one.on('open', () => tell('connected ' + one._socket.localPort)).on('error', ({ code }) => tell('error ' + code))
  one.on('close', () => tell('closed')).on('message', () => tell('heard'))
  require('node:readline').createInterface({ input: process.stdin }).on('line', (word) => (word === 'say' ? one.send('x') : one.close()))`

/** A download: `end` on its input ends it; then one line of what came. */
const DOWNLOAD = (port: number, vip: string): string => `
  const socket = require('node:net').connect({ host: '${vip}', port: ${port} })
  let text = '', next = 0, bytes = 0, wrong = '', longest = 0, last = performance.now(), ended = false
  const tell = (how) => {
    console.log(JSON.stringify({ how, bytes, wrong, ended, longestGapMs: Math.round(longest) }))
    process.exit()
  }
  socket.on('connect', () => { console.log('connected ' + socket.localPort); socket.write('s') })
  socket.on('error', ({ code }) => tell(code)).on('close', () => tell('closed'))
  socket.on('data', (chunk) => {
    const now = performance.now()
    longest = Math.max(longest, now - last); last = now; bytes += chunk.length; text += chunk
    for (let at = text.indexOf('\\n'); at >= 0; at = text.indexOf('\\n')) {
      const line = text.slice(0, at); text = text.slice(at + 1)
      if (line === 'end') ended = true
      else if (line !== String(next++).padEnd(999, '.')) wrong ||= line.slice(0, 40)
    }
  })
  require('node:readline').createInterface({ input: process.stdin }).on('line', () => socket.write('q'))`

/** COUNT connections, one each EVERY milliseconds, that say a byte each once; then every second of them says one again and again, if BUSY. `answer`: how many hear an echo within eight seconds. */
const CROWD = (port: number, count: number, everyMs: number, busy: boolean): string => `
  const { connect } = require('node:net')
  let broken = 0, open = 0
  const heard = new Set()
  const all = []
  const timer = setInterval(() => {
    if (all.length === ${count}) return clearInterval(timer)
    const socket = connect({ host: '${VIP}', port: ${port} }).setNoDelay(true)
    all.push(socket)
    socket.on('connect', () => { open++; socket.write('x'); if (open === ${count}) console.log('open') })
    socket.on('data', () => heard.add(socket)).on('error', () => broken++)
    if (${busy} && all.length % 2 === 0) setInterval(() => socket.write('x'), 500)
  }, ${everyMs})
  require('node:readline').createInterface({ input: process.stdin }).on('line', (word) => {
    if (word === 'ports') return console.log('ports ' + all.map((one) => one.localPort).join(' '))
    heard.clear()
    for (const one of all) one.write('x')
    setTimeout(() => console.log('answered ' + heard.size + ' broken ' + broken), 8000)
  })`

/** A new connection each EVERY milliseconds: a byte, its echo, the end. Any line on its input ends it; then one line of what came of them. */
const STREAM = (port: number, everyMs: number): string => `
  const { connect } = require('node:net')
  const seen = { begun: 0, answered: 0, failed: 0, slow: 0 }, why = {}
  const one = () => {
    const began = performance.now()
    let over = false
    const end = (how) => {
      if (over) return
      over = true
      clearTimeout(timer); socket.destroy()
      if (how === 'echo') { seen.answered++; if (performance.now() - began > 900) seen.slow++ }
      else { seen.failed++; why[how] = (why[how] ?? 0) + 1 }
    }
    seen.begun++
    const socket = connect({ host: '${VIP}', port: ${port} }).setNoDelay(true)
    const timer = setTimeout(() => end('silent'), 10000)
    socket.on('connect', () => socket.write('x')).on('data', () => end('echo')).on('error', ({ code }) => end(code)).on('close', () => end('closed'))
  }
  // As many as are due: a machine that is late makes them up.
  const start = performance.now()
  const timer = setInterval(() => { while (seen.begun * ${everyMs} < performance.now() - start) one() }, ${everyMs})
  console.log('ready')
  require('node:readline').createInterface({ input: process.stdin }).on('line', () => {
    clearInterval(timer)
    setTimeout(() => console.log(JSON.stringify({ ...seen, why })), 10500)
  })`

/** A program in a node's network namespace; lines go in and out. */
export class Program {
  readonly #child: ChildProcess
  readonly lines: string[] = []

  /** `files`: how many it may have open; not there: as many as anybody. */
  constructor(node: string, script: string, files?: number) {
    const limit = files === undefined ? [] : ['prlimit', `--nofile=${files}`]
    this.#child = spawn('ip', ['netns', 'exec', node, ...limit, process.execPath, '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.lines.push(line))
  }

  tell(word: string): void {
    this.#child.stdin?.write(`${word}\n`)
  }
  /** The first line from `since` on that begins so. */
  async line(beginning: string, ms: number, since = 0): Promise<string> {
    const until = performance.now() + ms
    for (;;) {
      const found = this.lines.slice(since).find((line) => line.startsWith(beginning))
      if (found !== undefined) return found
      demand(performance.now() < until, `"${beginning}" did not come in ${ms} ms; there was: ${this.lines.join(' | ')}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  end(): void {
    this.#child.kill('SIGKILL')
  }
}

export async function serverOn(
  node: string,
  port: number,
  speaks: 'bytes' | 'websocket' = 'bytes',
  files?: number,
  at = '0.0.0.0',
): Promise<Program> {
  const program = new Program(node, speaks === 'bytes' ? SERVER(port, at) : WEB_SERVER(port), files)
  await program.line('ready', 20_000)
  return program
}
export const webSession = (port: number): Program => new Program('client', WEB_SESSION(port))
export const session = (port: number, vip = VIP): Program => new Program('client', SESSION(port, vip))
export const download = (port: number, vip = VIP): Program => new Program('client', DOWNLOAD(port, vip))
export const stream = (port: number, everyMs: number): Program => new Program('client', STREAM(port, everyMs))
export const crowd = (port: number, count: number, everyMs: number, busy: boolean): Program =>
  new Program('client', CROWD(port, count, everyMs, busy))

/** Milliseconds; a lost packet is sent again after one, two and four seconds. */
const ECHO_MS = 12_000

/** The session says a byte, and hears it: how long that took. Throws where it is broken or hangs. */
export async function says(one: Program): Promise<number> {
  const since = one.lines.length
  const began = performance.now()
  one.tell('say')
  await one.line('heard', ECHO_MS, since)
  return performance.now() - began
}

/** Ends a download: it must have come whole and in order. */
export async function endsWell(one: Program): Promise<{ readonly bytes: number; readonly longestGapMs: number }> {
  one.tell('end')
  const text = await one.line('{', ECHO_MS)
  const said: unknown = JSON.parse(text)
  demand(typeof said === 'object' && said !== null && 'bytes' in said && 'longestGapMs' in said, text)
  demand('ended' in said && said.ended === true && 'how' in said && said.how === 'closed', `it ended with ${text}`)
  demand('wrong' in said && said.wrong === '', `not what was sent: ${text}`)
  return { bytes: Number(said.bytes), longestGapMs: Number(said.longestGapMs) }
}
