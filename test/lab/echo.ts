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

/** Asks for each word `udp/ADDRESS/PORT/COUNT` or `tcp/ADDRESS/PORTS/COUNT/HOLDS`, one after the other, and prints a line of who answered. */
const CLIENT = `
  const net = require('node:net'), dgram = require('node:dgram')
  const datagrams = (address, ports, count) => new Promise((done) => {
    const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4'), heard = []
    let sent = 0, timer
    const end = () => { clearTimeout(timer); socket.close(); done(heard) }
    const next = () => { clearTimeout(timer); timer = setTimeout(end, 3000); sent++ < count ? socket.send('x', ports[0], address) : end() }
    socket.on('message', (name) => { heard.push(String(name)); next() })
    next()
  })
  const connection = (address, port, holds) => new Promise((done) => {
    const socket = net.connect({ host: address, port })
    const end = (text) => { done(text); if (!holds) socket.destroy() }
    socket.once('data', (name) => end(String(name))).once('error', ({ code }) => end(code))
    setTimeout(() => end('silence'), 4000).unref()
  })
  const connections = async (address, ports, count, holds) => {
    const heard = []
    for (let at = 0; at < count; at++) heard.push(await connection(address, ports[at % ports.length], holds))
    return heard
  }
  const all = async () => {
    for (const word of process.argv.slice(1)) {
      const [protocol, address, list, count, holds] = word.split('/'), ports = list.split(',').map(Number)
      const heard = protocol === 'udp' ? await datagrams(address, ports, Number(count)) : await connections(address, ports, Number(count), holds === 'yes')
      console.log(heard.join(' '))
    }
    process.exit()
  }
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

export interface Asked {
  readonly protocol: 'tcp' | 'udp'
  readonly address: string
  /** Connections go to one after the other, datagrams to the first. */
  readonly ports: readonly number[]
  readonly count: number
  /** All connections stay open until the last one. */
  readonly holds?: boolean
}

/** Who answered each of these, in order; one client asks them all, one after the other: to start one takes longer than to ask. */
export async function answers(asked: readonly Asked[]): Promise<string[][]> {
  const words = asked.map(({ protocol, address, ports, count, holds = false }) =>
    [protocol, address, ports.join(), count, holds ? 'yes' : 'no'].join('/'),
  )
  const lines = (await on('client', `${process.execPath} -e "${CLIENT}" ${words.join(' ')}`)).split('\n')
  return asked.map((_, at) => (lines[at] ?? '').split(/\s+/).filter((word) => word !== ''))
}

/** Who answered, in order: all datagrams have the same source port. */
export const datagrams = async (address: string, port: number, count: number): Promise<string[]> =>
  (await answers([{ protocol: 'udp', address, ports: [port], count }])).flat()

/** Who greeted the client, in order, one connection after the other; `holds`: all of them stay open until the last one. */
export const connections = async (
  address: string,
  ports: readonly number[],
  count: number,
  holds = false,
): Promise<string[]> => (await answers([{ protocol: 'tcp', address, ports, count, holds }])).flat()
