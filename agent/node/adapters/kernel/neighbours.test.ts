import type { Netlink } from '@lvsm/kernel'
import type { Message } from '@lvsm/netlink'
import { expect, test } from 'vitest'
import { openNeighbours } from './neighbours.ts'

/** ndmsg (AF_INET, interface 2, state), NDA_DST 10.11.0.N, NDA_LLADDR. */
const entry = (state: string, last: string, mac: string): Message => ({
  ...{ type: 28, flags: 2, sequence: 1, port: 0 },
  payload: Uint8Array.from(
    Buffer.from(
      `02000000020000${'00'}${state}000001080001000a0b00${last}0a000200${mac}0000`.replaceAll(' ', ''),
      'hex',
    ),
  ),
})
const [FIXED, REACHABLE, STALE, FAILED] = ['80', '02', '04', '20']
const [ONE, OTHER] = ['020000000013', '020000000014']

test('who has a MAC address, by what lives in the table; permanent entries by themselves', () => {
  const table = [
    entry(REACHABLE, '0b', ONE),
    entry(STALE, '0c', ONE),
    entry(FAILED, '0d', ONE),
    entry(FIXED, '0e', OTHER),
  ]
  const route = { dump: (request: Uint8Array) => (request[16] === 2 ? table : []) } as unknown as Netlink
  const look = openNeighbours(route, () => 0)
  expect(look({ macs: ['02:00:00:00:00:13'] })).toEqual({
    macHolders: [
      { mac: '02:00:00:00:00:13', address: '10.11.0.11' },
      { mac: '02:00:00:00:00:13', address: '10.11.0.12' },
    ],
  })
  expect(look({ neighbours: true })).toEqual({
    neighbours: [{ mac: '02:00:00:00:00:14', address: '10.11.0.14', index: 2 }],
  })
  expect(look({})).toEqual({})
})
