/** A machine's /sys/class/net, as files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readInterfaces } from './interfaces.ts'

let net = ''
beforeEach(() => {
  net = mkdtempSync(join(tmpdir(), 'lvsm-net-'))
})
afterEach(() => rmSync(net, { recursive: true }))
function has(name: string, files: Readonly<Record<string, string | number>>, lower: readonly string[] = []): void {
  const all = { carrier_changes: 2, 'statistics/rx_packets': 100, 'statistics/tx_packets': 50, ...files }
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(net, name, file)), { recursive: true })
    writeFileSync(join(net, name, file), `${text}\n`)
  }
  for (const one of lower) mkdirSync(join(net, name, `lower_${one}`))
}

test('an interface with what it counted, and what it runs at', async () => {
  has('eth0', {
    ...{
      'device/vendor': '0x8086',
      ifindex: 2,
      speed: 100,
      duplex: 'half',
      'statistics/rx_crc_errors': 7,
      'statistics/rx_frame_errors': 2,
    },
    ...{ 'statistics/rx_errors': 8, 'statistics/rx_dropped': 900, 'statistics/rx_missed_errors': 5 },
    ...{ 'statistics/tx_dropped': 3 },
  })
  expect(await readInterfaces([{ name: 'eth0', index: 2 }], true, net)).toEqual([
    {
      ...{
        name: 'eth0',
        carrierChanges: 2,
        pace: { speed: 100, half: true },
        bond: null,
        device: true,
        lower: [],
      },
      rx: {
        ...{ packets: 100, errors: 9, dropped: 5 },
        kinds: { rx_crc_errors: 7, rx_errors: 8, rx_frame_errors: 2, rx_missed_errors: 5 },
      },
      tx: { packets: 50, errors: 0, dropped: 3, kinds: { tx_dropped: 3 } },
    },
  ])
})
test('of what is no device nothing is read that others count, or run at, and of a device not what nobody asks', async () => {
  const all = { ifindex: 2, speed: 100, duplex: 'half', 'statistics/rx_crc_errors': 7 }
  has('tun0', all)
  has('eth0', { ...all, 'device/vendor': '0x8086' })
  const nothing = { packets: 0, errors: 0, dropped: 0, kinds: {} }
  expect(await readInterfaces([{ name: 'tun0', index: 2 }], true, net)).toMatchObject([
    { carrierChanges: 2, device: false, rx: nothing, tx: nothing, pace: null },
  ])
  expect(await readInterfaces([{ name: 'eth0', index: 2 }], false, net)).toMatchObject([
    { rx: { packets: 100, errors: 7 }, pace: null },
  ])
})
test('a VLAN on a bond: all that it stands on, each once', async () => {
  has('bond0.7', { ifindex: 9, speed: -1 }, ['bond0'])
  has('bond0', { 'bonding/slaves': 'eth0 eth1', 'bonding/mode': 'active-backup 1' }, ['eth0', 'eth1'])
  has('eth0', { 'bonding_slave/mii_status': 'up' })
  has('eth1', { 'bonding_slave/mii_status': 'down' })
  const read = await readInterfaces(
    [
      { name: 'bond0.7', index: 9 },
      { name: 'bond0.7', index: 9 },
    ],
    true,
    net,
  )
  expect(read.map(({ name }) => name)).toEqual(['bond0.7', 'bond0', 'eth0', 'eth1'])
  const slaves = [
    { name: 'eth0', up: true },
    { name: 'eth1', up: false },
  ]
  expect(read.map(({ device, lower }) => [device, ...lower])).toEqual([
    ...[[false, 'bond0'], [false, 'eth0', 'eth1'], [false], [false]],
  ])
  expect(read.map(({ bond }) => bond)).toEqual([null, { mode: 'active-backup', slaves }, null, null])
})
test('of a bridge its way out, and no machine that stands on it', async () => {
  has('br0', { ifindex: 4, 'bridge/stp_state': 0 }, ['eth0', 'vnet7'])
  has('eth0', { 'device/vendor': '0x8086' })
  has('vnet7', {})
  expect((await readInterfaces([{ name: 'br0', index: 4 }], true, net)).map(({ name }) => name)).toEqual([
    'br0',
    'eth0',
  ])
})
test('what is not there, or is another one of that name, is not read', async () => {
  has('eth0', { ifindex: 2 })
  const wanted = [
    { name: 'eth0', index: 5 },
    { name: 'eth7', index: 7 },
  ]
  expect(await readInterfaces(wanted, true, net)).toEqual([])
})
