import { describe, expect, it } from 'vitest'
import { decodeConnection } from './connections.ts'

/** As kernels write them: padding of protocols and states, the data of a persistence engine behind. */
const V4 = 'TCP C0A8000A C350 0A0B000A 0050 0A0B000B 1F90 ESTABLISHED     899'
const V6 =
  'UDP 2001:0db8:0000:0000:0000:0000:0000:0001 C350 2001:0db8:0000:0000:0000:0000:0000:0010 0035 2001:0db8:0000:0000:0000:0000:0000:0011 0035 UDP             120'

describe('a line of /proc/net/ip_vs_conn', () => {
  it('of IPv4', () =>
    expect(decodeConnection(V4)).toEqual({
      ok: true,
      value: {
        protocol: 'tcp',
        client: { address: '192.168.0.10', port: 50_000 },
        virtual: { address: '10.11.0.10', port: 80 },
        destination: { address: '10.11.0.11', port: 8080 },
        state: 'ESTABLISHED',
        expiresSeconds: 899,
      },
    }))
  it('of IPv6, each address in full', () =>
    expect(decodeConnection(V6)).toMatchObject({
      ok: true,
      value: {
        protocol: 'udp',
        client: { address: '2001:db8::1' },
        destination: { address: '2001:db8::11', port: 53 },
      },
    }))
  it('of IPv4 that goes to a realserver of IPv6 through a tunnel', () =>
    expect(decodeConnection(V4.replace('0A0B000B', '2001:0db8:0000:0000:0000:0000:0000:0011'))).toMatchObject({
      ok: true,
      value: { virtual: { address: '10.11.0.10' }, destination: { address: '2001:db8::11' } },
    }))
  it('of a template, and with the data of a persistence engine', () => {
    const template = 'TCP C0A8000A 0000 0A0B000A 0050 0A0B000B 0050 NONE            300 sip 1234@host'
    expect(decodeConnection(template)).toMatchObject({
      ok: true,
      value: { client: { port: 0 }, state: 'NONE', expiresSeconds: 300 },
    })
  })

  it.each([
    ['of nothing', ''],
    ['of a protocol that IPVS has not', V4.replace('TCP', 'GRE')],
    ['cut off', V4.slice(0, 40)],
    ['with an address that is none', V6.replace('2001:0db8:0000:0000:0000:0000:0000:0001', '2001:0db8:::::::::::::01')],
    ['with a time that is none', V4.replace('899', 'soon')],
  ])('%s is no connection', (_, line) => expect(decodeConnection(line).ok).toBe(false))
})
