/** The suite of what stands beside IPVS on the simulated kernel. The real one passes it in test/contract/beside-ipvs.test.ts. */
import { describe } from 'vitest'
import { DataPlane } from '../kit/data-plane.ts'
import { besideSuite } from './beside-ipvs.ts'

describe('what stands beside IPVS on the simulated kernel', () =>
  besideSuite(() => {
    const plane = new DataPlane([{ name: 'left', address: '10.55.7.1' }], () => [])
    return {
      apply: (operation) => plane.apply(operation),
      observe: () => plane.observe(0, { sysctls: [], services: false }),
      spoil: () => void (plane.natRulesSpoilt = true),
      flush: () => void (plane.natRules = null),
      hasTunnels: true,
      close: () => undefined,
    }
  }))
