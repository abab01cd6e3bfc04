import { expect, test } from 'vitest'
import { isOwnAddress, isOwnLabel, MARKS, ownLabel } from './marks.ts'

test.each([
  ['eth0', 'eth0:lvsm'],
  ['lo', 'lo:lvsm'],
  ['enp0s31f6.1024', 'enp0s31f6.:lvsm'],
  ['größeöäü', 'größeö:lvsm'],
  ['🐙🐙🐙', '🐙🐙:lvsm'],
])('our label on %s is %s, and fits', (name, label) => {
  expect(ownLabel(name)).toBe(label)
  expect(new TextEncoder().encode(label).length).toBeLessThanOrEqual(15)
  expect(isOwnLabel(label)).toBe(true)
})

test.each(['lo', 'eth0:1', 'eth0:lvsm2', 'lvsm', ''])('%j is the label of somebody else', (label) =>
  expect(isOwnLabel(label)).toBe(false),
)

test.each([
  ['eth0:lvsm', 0, true],
  ['', 76, true],
  ['eth0', 0, false],
  ['', 2, false],
])('an address of label %j and protocol %i is ours: %s', (label, protocol, ours) =>
  expect(isOwnAddress({ label, protocol })).toBe(ours),
)

test('the marks stay what they are: nodes carry them over an upgrade', () =>
  expect(MARKS).toEqual({
    routeProtocol: 76,
    label: ':lvsm',
    addressProtocol: 76,
    fenceTable: 'lvsm',
    peersTable: 'lvsm-peers',
    rulesTable: 'lvsm-nat',
    deviceNote: 'lvsm',
    vipDevice: 'lvsm-vips',
    deviceAddress: '127.76.0.1',
    serviceMarks: { base: 0x4c000000, mask: 0xffffff },
    checkMarks: { base: 0x4d000000, mask: 0xffffff },
    answerTables: { everybody: 7600, beyond: 7601 },
  }))
