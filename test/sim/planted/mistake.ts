/** A planted mistake: what is wrong, which clause it is against, and the plots of which one must notice. */
import type { Rules } from '@lvsm/lease'
import type { PumpPorts } from '../../../agent/lease/pump.ts'
import type { Birth, Plant } from '../plant.ts'

export interface Mistake {
  readonly name: string
  /** Row or clause of the law books. */
  readonly clause: string
  readonly plant: Plant
  /** Names of plots; a few seeds of each. */
  readonly plots: readonly string[]
}

export const mistake = (name: string, clause: string, plots: string | readonly string[], plant: Plant): Mistake => ({
  name,
  clause,
  plots: typeof plots === 'string' ? [plots] : plots,
  plant,
})
export const rule = (changed: Partial<Rules>): Plant => ({ rules: changed })
/** Between the pump and its ports. */
export const wrapped = (wrap: (ports: PumpPorts, birth: Birth) => Partial<PumpPorts>): Plant => ({
  implant: (birth) => ({ wrap: (ports) => ({ ...ports, ...wrap(ports, birth) }) }),
})
