/** Servers that say who they are, on ports of their own, and clients that ask them: for services that are no web. */
import { spawn } from 'node:child_process'
import { on } from './harness.ts'

/** Answers each datagram, and greets each connection, which it keeps. */
const SERVER = `
  const [name, tcp, udp, ...addresses] = process.argv.slice(1)
  const ports = (text) => text.split(',').filter(Boolean).map(Number)
  const net = require('node:net'), dgram = require('node:dgram')
  const waits = []
  for (const port of ports(tcp))
    waits.push(new Promise((done) => net.createServer((caller) => caller.on('error', () => {}).write(name)).listen(port, '::', done)))
  for (const port of ports(udp)) for (const address of addresses)
    waits.push(new Promise((done) => {
      const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4')
      socket.on('message', (_, from) => socket.send(name, from.port, from.address)).bind(port, address, done)
    }))
  Promise.all(waits).then(() => console.log('ready'))`

/** Prints who answered each of so many datagrams of one socket. */
const DATAGRAMS = `
  const [address, port, count] = process.argv.slice(1)
  const socket = require('node:dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4'), heard = []
  let sent = 0
  const next = () => sent++ < Number(count) ? socket.send('x', Number(port), address) : end()
  const end = () => { console.log(heard.join(' ')); process.exit() }
  let timer = setTimeout(end, 3000)
  socket.on('message', (name) => { heard.push(String(name)); clearTimeout(timer); timer = setTimeout(end, 3000); next() })
  next()`

/** Prints who greeted each connection; of several ports in turn. */
const CONNECTIONS = `
  const [address, ports, count, holds] = process.argv.slice(1)
  const net = require('node:net'), list = ports.split(','), heard = []
  const once = (port) => new Promise((done) => {
    const socket = net.connect({ host: address, port: Number(port) })
    const end = (text) => { heard.push(text); done(); if (holds !== 'yes') socket.destroy() }
    socket.once('data', (name) => end(String(name))).once('error', ({ code }) => end(code))
    setTimeout(() => end('silence'), 4000).unref()
  })
  const all = async () => { for (let at = 0; at < Number(count); at++) await once(list[at % list.length]); console.log(heard.slice(0, Number(count)).join(' ')); process.exit() }
  all()`

export interface Served {
  readonly tcp: readonly number[]
  readonly udp: readonly number[]
  /** Where datagrams are taken: their answers come from there. */
  readonly addresses: readonly string[]
}

/** Runs until it is stopped. */
export async function serves(node: string, { tcp, udp, addresses }: Served): Promise<() => void> {
  const argv = ['netns', 'exec', node, process.execPath, '-e', SERVER, node, tcp.join(), udp.join(), ...addresses]
  const child = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('close', (code) => reject(new Error(`the server of ${node} ended with ${code} before it served`)))
  })
  return () => void child.kill('SIGKILL')
}

const asked = async (script: string, ...words: readonly (string | number)[]): Promise<string[]> =>
  (await on('client', `${process.execPath} -e "${script}" ${words.join(' ')}`))
    .split(/\s+/)
    .filter((word) => word !== '')

/** Who answered, in order: all datagrams have the same source port. */
export const datagrams = (address: string, port: number, count: number): Promise<string[]> =>
  asked(DATAGRAMS, address, port, count)

/** Who greeted the client, in order, one connection after the other; `holds`: all of them stay open until the last one. */
export const connections = (
  address: string,
  ports: readonly number[],
  count: number,
  holds = false,
): Promise<string[]> => asked(CONNECTIONS, address, ports.join(), count, holds ? 'yes' : 'no')
