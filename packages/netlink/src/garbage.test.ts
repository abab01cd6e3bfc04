/** Whatever the bytes are, a decoder answers; it never throws. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type Decoded,
  decodeAcknowledgement,
  decodeArpFrame,
  decodeEchoReply,
  decodeWaiting,
  fromHex,
  ipvs,
  type Message,
  nftables as nft,
  readMessages,
  rtnetlink as rt,
} from './index.ts'

const decoders: Readonly<Record<string, (message: Message) => Decoded<unknown>>> = {
  acknowledgement: decodeAcknowledgement,
  address: rt.decodeAddress,
  link: rt.decodeLink,
  qdisc: rt.decodeQdisc,
  route: rt.decodeRoute,
  routeRule: rt.decodeRule,
  routeEvent: rt.decodeEvent,
  table: nft.decodeTable,
  chain: nft.decodeChain,
  set: nft.decodeSet,
  elements: nft.decodeElements,
  rule: nft.decodeRule,
  nftEvent: nft.decodeEvent,
  family: ipvs.decodeFamily,
  service: ipvs.decodeService,
  destination: ipvs.decodeDestination,
  destinationState: ipvs.decodeDestinationState,
  timeouts: ipvs.decodeTimeouts,
  info: ipvs.decodeInfo,
  daemon: ipvs.decodeDaemon,
  arp: ({ payload }) => decodeArpFrame(payload),
  socket: decodeWaiting,
  echo: ({ payload }) => decodeEchoReply(payload),
}
const judge = (message: Message): void => {
  for (const decode of Object.values(decoders)) {
    const decoded = decode(message)
    expect(typeof decoded.ok).toBe('boolean')
  }
}
const types = fc.constantFrom(2, 3, 16, 20, 21, 24, 25, 32, 0xa00, 0xa03, 0xa06, 0xa09, 0xa0c, 0xa0f, 0xaff)

it('survives random bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), types, fc.nat(0xffff), (payload, type, flags) => {
      readMessages(payload)
      judge({ type, flags, sequence: 1, port: 0, payload })
    }),
    { numRuns: 500 },
  )
})

it('survives real messages with bytes changed and ends cut off', () => {
  const hex: Record<string, string> = JSON.parse(
    readFileSync(new URL('../../../test/fixtures/netlink/tools.json', import.meta.url), 'utf8'),
  )
  const real = Object.values(hex).map(fromHex)
  fc.assert(
    fc.property(
      fc.constantFrom(...real),
      fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }),
      fc.nat(2000),
      (bytes, changes, cut) => {
        const broken = new Uint8Array(bytes.subarray(0, Math.max(16, cut % (bytes.length + 1))))
        for (const [at, byte] of changes) broken[at % broken.length] = byte
        for (const message of readMessages(broken).messages) judge(message)
        judge({ type: 0xa06, flags: 0, sequence: 0, port: 0, payload: broken.subarray(16) })
      },
    ),
    { numRuns: 500 },
  )
})
