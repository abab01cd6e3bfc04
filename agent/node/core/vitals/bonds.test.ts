import { expect, test } from 'vitest'
import { type Bonds, bondsNow, bondTroubles, NO_BONDS } from './bonds.ts'
import type { InterfaceReading } from './reading.ts'

const FRAMES = { packets: 0, errors: 0, dropped: 0, kinds: {} }
/** `eth1!`: down. */
const bond = (...slaves: readonly string[]): InterfaceReading => ({
  ...{ name: 'bond0', carrierChanges: 1, rx: FRAMES, tx: FRAMES, pace: { speed: 1000, half: false } },
  ...{ lower: [], device: false },
  bond: {
    mode: 'active-backup',
    slaves: slaves.map((name) => ({ name: name.replace('!', ''), up: !name.endsWith('!') })),
  },
})
let down = ''
const said = (...readings: InterfaceReading[]) =>
  bondTroubles(
    readings.reduce<Bonds>((before, one) => bondsNow(before, [one]), NO_BONDS),
    'dir1',
    () => ({ text: 'by it go what clients get', links: [], serves: [], isSpare: false }),
    (name) => name === down,
  )

test('a bond whose slave is down is told, with what is left, from the second reading on until it is up', () => {
  const less = bond('eth0', 'eth1!')
  const whole = bond('eth0', 'eth1')
  expect(said(whole, less)).toEqual([])
  expect(said(less, less), 'it never was up').toEqual([])
  expect(said(whole, less, less)).toMatchObject([
    {
      ...{ code: 'bond-degraded', severity: 'warning', object: 'interface bond0' },
      message: 'bond bond0 of dir1 has lost eth1: all goes by eth0',
      evidence:
        '/sys/class/net/eth1/bonding_slave/mii_status: down; bond0/bonding/mode: active-backup; by it go what clients get',
    },
  ])
  expect(said(whole, less, less, whole)).toEqual([])
})
test('one without any is critical', () => {
  const none = bond('eth0!', 'eth1!')
  expect(said(none, none)).toMatchObject([
    { severity: 'critical', message: 'bond bond0 of dir1 has no slave that is up of eth0, eth1: nothing goes by it' },
  ])
  down = 'bond0'
  expect(said(none, none), 'that it is down is told').toEqual([])
  down = ''
  expect(said(bond(), bond())[0]?.message).toBe('bond bond0 of dir1 has no slave: nothing goes by it')
})
test('a whole one, and what is no bond, is none', () => {
  expect(said(bond('eth0', 'eth1'), bond('eth0', 'eth1'))).toEqual([])
  expect(said({ ...bond(), bond: null }, { ...bond(), bond: null })).toEqual([])
})
