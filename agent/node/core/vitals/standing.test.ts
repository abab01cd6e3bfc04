import { instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { interfacesNow, NO_INTERFACES } from './interfaces.ts'
import { goingBy } from './standing.ts'

const FRAMES = { packets: 0, errors: 0, dropped: 0, kinds: {} }
const reading = (name: string, ...lower: string[]) => ({
  ...{ name, lower, device: lower.length === 0, carrierChanges: 1, rx: FRAMES, tx: FRAMES },
  ...{ pace: null, bond: null },
})
const interfaces = interfacesNow(
  NO_INTERFACES,
  [reading('v1', 'eth0'), reading('v2', 'eth0'), reading('eth0')],
  instant(0),
)

test('by a cable goes what goes by each of the VLANs on it', () => {
  const v1 = { index: 1, links: ['a'], serves: [] }
  const used = new Map([
    ['v1', v1],
    ['v2', { index: 2, links: ['b'], serves: [] }],
  ])
  const by = (name: string) => goingBy(interfaces, used, name, () => false)
  expect(by('eth0')).toMatchObject({
    ...{ links: ['a', 'b'], isSpare: false },
    text: 'by it go heartbeat link a, heartbeat link b, for v1, v2 stand on it',
  })
  expect(by('v1')).toEqual({ links: ['a'], serves: [], isSpare: true, text: 'by it go heartbeat link a' })
  expect(by('eth7')).toBeNull()
})
