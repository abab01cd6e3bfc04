/** Whether a machine that joins and the coordinators reach each other: TCP and UDP, both ways, before anything is changed. */
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { endpointText } from '@lvsm/base'
import type { ReachBody, ReachReport } from '@lvsm/protocol'
import { connect, createServer, isIPv6, type Server } from 'node:net'
import { placesText } from './host.ts'
import { NotJoined } from './refusals.ts'

type Endpoint = ReachBody['udp']
export interface Wanted {
  /** Heartbeats arrive there. */
  readonly udp: Endpoint
  /** Where this machine is to be reached as a coordinator. */
  readonly tcp: readonly Endpoint[]
  /** Addresses of each coordinator, for nodes. */
  readonly coordinators: readonly (readonly Endpoint[])[]
}
export interface Reached {
  /** Sentences: protocol, from where, to where, and why. */
  readonly closed: readonly string[]
  /** What may be so by design, or passes. */
  readonly doubts: readonly string[]
}
const TCP_MS = 3000

/** `ask`: a coordinator tries back. Throws where this machine cannot listen as it is to. */
export async function tryPorts(
  { udp, tcp, coordinators }: Wanted,
  ask: (word: string) => Promise<ReachReport>,
): Promise<Reached> {
  const word = randomBytes(16).toString('hex')
  const open: (Socket | Server)[] = []
  try {
    const heard = await listenUdp(udp, word, open)
    for (const endpoint of tcp) open.push(await listenTcp(endpoint))
    const [report, out] = await Promise.all([ask(word), Promise.all(coordinators.map(tryCoordinator))])
    const back = backFaults({ udp, tcp }, report, heard())
    const silent = out.flatMap((fault) => (fault === null ? [] : [fault]))
    // One that is down is not a closed port; all of them are.
    const none = silent.length === coordinators.length
    return { closed: [...back.closed, ...(none ? silent : [])], doubts: [...back.doubts, ...(none ? [] : silent)] }
  } finally {
    for (const one of open) one.close()
  }
}

/** Of a machine that nobody tries back: throws where it cannot listen as it is to. */
export async function tryHere({ udp, tcp }: Pick<Wanted, 'udp' | 'tcp'>): Promise<void> {
  const open: (Socket | Server)[] = []
  try {
    await listenUdp(udp, '', open)
    for (const endpoint of tcp) open.push(await listenTcp(endpoint))
  } finally {
    for (const one of open) one.close()
  }
}

/** Where a daemon that is to listen there could not, it throws. */
export async function tryTcpHere(endpoints: readonly Endpoint[]): Promise<void> {
  for (const endpoint of endpoints) (await listenTcp(endpoint)).close()
}

function backFaults({ udp, tcp }: Pick<Wanted, 'udp' | 'tcp'>, report: ReachReport, heard: boolean): Reached {
  const { from, answered } = report
  const here = endpointText(udp.host, udp.port)
  const coordinator = from === '' ? 'the coordinator' : from
  const closed = tcp.flatMap((endpoint, at) => {
    const fault = report.tcp[at]
    return fault === null
      ? []
      : [`TCP from ${coordinator} to ${endpointText(endpoint.host, endpoint.port)}: ${fault ?? 'not tried'}`]
  })
  if (!heard) return { closed: [`UDP from ${coordinator} to ${here}: nothing arrived`, ...closed], doubts: [] }
  return { closed, doubts: answered ? [] : [`UDP from ${here} to ${coordinator}: no answer arrived`] }
}

/** Answers what it hears; says whether it was the word. */
async function listenUdp({ host, port }: Endpoint, word: string, open: (Socket | Server)[]): Promise<() => boolean> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  let heard = false
  socket.on('message', (bytes, { address, port: from }) => {
    if (bytes.toString('latin1') !== word) return
    heard = true
    socket.send(bytes, from, address, () => undefined)
  })
  open.push(socket)
  const listening = once(socket, 'listening')
  socket.bind({ address: host, port, exclusive: true })
  await listening.catch((error: NodeJS.ErrnoException) => deaf('UDP', { host, port }, error))
  socket.on('error', () => undefined)
  return () => heard
}

async function listenTcp({ host, port }: Endpoint): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).destroy())
  const listening = once(server, 'listening')
  server.listen({ host, port, exclusive: true })
  await listening.catch((error: NodeJS.ErrnoException) => deaf('TCP', { host, port }, error))
  return server
}

function deaf(protocol: string, { host, port }: Endpoint, { code, message }: NodeJS.ErrnoException): never {
  if (code === 'EADDRNOTAVAIL') throw new NotJoined('address-absent', `${host}; it has ${placesText()}`)
  if (code === 'EADDRINUSE') throw new NotJoined('port-in-use', `${protocol} ${endpointText(host, port)}`)
  throw new NotJoined('port-closed', `${protocol} ${endpointText(host, port)}: ${message}`, 'run it as root')
}

/** Null: one of its addresses is reached. */
async function tryCoordinator(addresses: readonly Endpoint[]): Promise<string | null> {
  const faults = await Promise.all(addresses.map(tryTcp))
  if (faults.includes(null)) return null
  return addresses.map(({ host, port }, at) => `TCP from here to ${endpointText(host, port)}: ${faults[at]}`).join('; ')
}
function tryTcp({ host, port }: Endpoint): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TCP_MS })
    const end = (fault: string | null): void => {
      socket.destroy()
      resolve(fault)
    }
    socket.on('connect', () => end(null))
    socket.on('timeout', () => end(`no answer within ${TCP_MS / 1000} s`))
    socket.on('error', (error) => end(error.message))
  })
}
