/** The suite of placements on the simulated kernel. The real one passes it in test/contract/placements.test.ts. */
import { describe } from 'vitest'
import { DataPlane } from '../kit/data-plane.ts'
import { placementSuite } from './placements.ts'

describe('VIPs of a realserver on the simulated kernel', () =>
  placementSuite(() => {
    const plane = new DataPlane([{ name: 'left', address: '10.55.7.1' }], () => [])
    return {
      apply: (operation) => plane.apply(operation),
      observe: () => plane.observe(0, { sysctls: [], services: false }),
      hasDummies: true,
      close: () => undefined,
    }
  }))
