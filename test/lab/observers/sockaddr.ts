/** Pure: address and port as calls of the C library have them (man 7 ip, man 7 ipv6). */
import { addressBytes, isV6 } from './address.ts'

const AF = { inet: 2, inet6: 10 } as const
const LENGTHS = { v4: 16, v6: 28 } as const
const AT = { port: 2, v4: 4, v6: 8 } as const

/** Its first two bytes are the family. */
export function endpointBytes(address: string, port: number): Buffer {
  const six = isV6(address)
  const bytes = Buffer.alloc(six ? LENGTHS.v6 : LENGTHS.v4)
  bytes.writeUInt16LE(six ? AF.inet6 : AF.inet, 0)
  bytes.writeUInt16BE(port, AT.port)
  bytes.set(addressBytes(address), six ? AT.v6 : AT.v4)
  return bytes
}
