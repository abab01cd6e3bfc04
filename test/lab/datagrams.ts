/** Datagrams of lvsm as an attacker would send them: recorded, forged, spoilt; and what a lease process counted. */
import {
  type Datagram,
  decode,
  FrameSplitter,
  fromLeaseCodec,
  type Keys,
  type LeaseStatus,
  type MacState,
  type Message,
  sealer,
} from '@lvsm/protocol'
import { writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { openPacket } from '@lvsm/kernel'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { attempt, demand } from './harness.ts'
import { drain, interfaceIndex } from './observers/stamp.ts'

export const LEASE_PORT = 6940
/** A bridge takes frames from its ports before sockets of one type would see them. */
const ALL = 0x0003
const IPV4 = 0x0800

/** Sends each to a node's lease port from another node's namespace. */
export async function sendFrom(node: string, to: string, datagrams: readonly Uint8Array[]): Promise<void> {
  const program = `const s = require('node:dgram').createSocket('udp4'); const [to, ...all] = process.argv.slice(1)
    let left = all.length
    for (const hex of all) s.send(Buffer.from(hex, 'hex'), ${LEASE_PORT}, to, (e) => { if (e) throw e; if (--left === 0) s.close() })`
  const words = [to, ...datagrams.map((bytes) => Buffer.from(bytes).toString('hex'))].join(' ')
  const { code, err } = await attempt(`ip netns exec ${node} ${process.execPath} -e "${program}" -- ${words}`)
  demand(code === 0, `sending from ${node}: ${err}`)
}

const PACE_MS = 10
/**
 * Sends many, in order and evenly over `ms`, from a node's own address and lease port, where its lease process does not run: a
 * datagram counts only from there.
 */
export async function sendAs(
  node: string,
  own: string,
  all: readonly { readonly to: string; readonly bytes: Uint8Array }[],
  ms: number,
): Promise<void> {
  const file = `${process.env['LAB_DIR'] ?? '/tmp'}/datagrams-${process.pid}`
  writeFileSync(file, all.map(({ to, bytes }) => `${to} ${Buffer.from(bytes).toString('hex')}\n`).join(''))
  const program = `const s = require('node:dgram').createSocket('udp4')
    const lines = require('node:fs').readFileSync('${file}', 'utf8').trim().split(String.fromCharCode(10))
    const began = Date.now()
    let sent = 0
    s.bind(${LEASE_PORT}, '${own}', () => { const timer = setInterval(() => {
      for (const due = lines.length * (Date.now() - began) / ${ms}; sent < due && sent < lines.length; sent++) {
        const [to, hex] = lines[sent].split(' ')
        s.send(Buffer.from(hex, 'hex'), ${LEASE_PORT}, to)
      }
      if (sent === lines.length) { clearInterval(timer); setTimeout(() => s.close(), 100) } }, ${PACE_MS}) })`
  const { code, err } = await attempt(`ip netns exec ${node} ${process.execPath} -e "${program}"`, 10 * ms + 60_000)
  demand(code === 0, `sending from ${node}: ${err}`)
}

/** The dropped datagrams by reason, and other counters, of a node's lease process: from its own socket, as its agent. */
export const counters = async (node: string): Promise<Readonly<Record<string, number>>> =>
  (await leaseStatus(node)).counters

/** The whole status of a node's lease process, from its own socket. */
export function leaseStatus(node: string): Promise<LeaseStatus> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(`/run/lvsm/${node}/lease.sock`)
    const splitter = new FrameSplitter()
    const timer = setTimeout(() => socket.destroy(new Error(`${node}: no status`)), 5000)
    socket.on('error', reject)
    socket.on('close', () => clearTimeout(timer))
    socket.on('data', (chunk: Buffer) => {
      for (const bytes of splitter.push(chunk) ?? []) {
        const word = decode(fromLeaseCodec, bytes)
        if (word?.kind !== 'status') continue
        resolve(word.status)
        socket.destroy()
      }
    })
  })
}

/** One key, sha256, as in the lab's configuration. */
const keyOf = (id: number, secret: string): Keys => ({
  macBytes: (asked) => (asked === id ? sha256.outputLen : null),
  begin: (asked) => {
    const state = hmac.create(sha256, Buffer.from(secret, 'hex'))
    const mac: MacState = {
      update: (bytes) => void state.update(bytes),
      tag: (end) => state.clone().update(end).digest(),
    }
    return asked === id ? mac : null
  },
})

export interface Forged {
  readonly cluster: string
  readonly keyId: number
  readonly secret: string
  readonly from: string
}

/** Signs whatever `from` says, as one start of it, to one start of somebody else. */
export function signer(
  { cluster, keyId, secret, from }: Forged,
  incarnation: string,
): (message: Message, sequence: number, to: string) => Uint8Array {
  const keys = keyOf(keyId, secret)
  return (message, sequence, to) =>
    sealer({ from, incarnation, sequence, spread: 'one', piggybacked: null, message }, cluster, keyId, keys)(to)
}

/** A heartbeat of a node that claims to own everything. */
export function forge({ cluster, keyId, secret, from }: Forged): Uint8Array {
  const outgoing: Omit<Datagram, 'to'> = {
    from,
    incarnation: '5a'.repeat(16),
    sequence: 1,
    spread: 'one',
    piggybacked: null,
    message: {
      kind: 'heartbeat',
      revision: 1,
      standby: false,
      voters: '5a'.repeat(8),
      groups: [{ group: 'web', holds: true, ready: true, reaches: 9, number: 1_000_000, leftMs: 600_000 }],
    },
  }
  return sealer(outgoing, cluster, keyId, keyOf(keyId, secret))(null)
}

/** Bytes with a right MAC and no sense inside. */
export function sealedNonsense(keyId: number, secret: string): Uint8Array {
  const content = Buffer.concat([Buffer.from([1, keyId >> 8, keyId & 255]), Buffer.alloc(40, 0xee)])
  return Buffer.concat([content, hmac(sha256, Buffer.from(secret, 'hex'), content)])
}

/** Payloads of lease datagrams that come out of a port of the lab's bridge on their way to `address`. */
export function recorder(port: string, address: string): { take(): Uint8Array[]; close(): void } {
  const socket = openPacket(interfaceIndex(port), { ethertype: ALL, ignoreOutgoing: true })
  const wanted = Buffer.from(address.split('.').map(Number))
  return {
    take() {
      const found: Uint8Array[] = []
      drain(socket.fd, (frame) => {
        const ip = Buffer.from(frame.subarray(14))
        if (Buffer.from(frame).readUInt16BE(12) !== IPV4 || ip.length < 28) return
        const udp = ip.subarray(((ip[0] ?? 0) & 15) * 4)
        if (ip[9] === 17 && ip.subarray(16, 20).equals(wanted) && udp.readUInt16BE(2) === LEASE_PORT)
          found.push(Uint8Array.from(udp.subarray(8, udp.readUInt16BE(4))))
      })
      return found
    },
    close: () => socket.close(),
  }
}
