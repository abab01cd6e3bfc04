/** What a row of drift is, and what rows are made of. */
import type { Operation } from '@lvsm/plan'
import type { DataPlane } from '../kit/data-plane.ts'
import type { SituationName } from './situations.ts'

export interface Drift {
  readonly at: SituationName
  /** What somebody did. */
  readonly what: string
  /** The same to the kernel in memory. */
  readonly spoil: (plane: DataPlane) => void
  /** Command lines on the node. */
  readonly byHand: readonly string[]
  /** Where it is done on a kernel with IPVS and all devices; not there: in test/contract/drift.test.ts. */
  readonly lab?: {
    /** `test/lab/NAME.lab.ts` */
    readonly file: string
    readonly scenario: string
    /** As the scenario has it. */
    readonly does: RegExp
  }
}
/** Of a kind that no hand can ask for. */
export interface Never {
  readonly never: string
}
/** Rows of some kinds of operations. */
export type Rows<Kind extends Operation['kind']> = Readonly<Record<Kind, readonly [Drift, ...Drift[]] | Never>>

export const scenario = (file: string, name: string, does: RegExp) => ({ lab: { file, scenario: name, does } })
export const REMOVES = 'what somebody removes or changes comes back'

export const link = (plane: DataPlane, name: string | RegExp) => {
  const found = plane.links.find((one) => (typeof name === 'string' ? one.name === name : name.test(one.name)))
  if (!found) throw new Error(`no ${name}`)
  return found
}
export const without = <Value>(all: readonly Value[], is: (one: Value) => boolean): Value[] => {
  const left = all.filter((one) => !is(one))
  if (left.length === all.length) throw new Error('nothing there')
  return left
}
export const change = (plane: DataPlane, name: string | RegExp, how: object): void => {
  const found = link(plane, name)
  plane.links[plane.links.indexOf(found)] = { ...found, ...how }
}
export const setting =
  (path: string, value: string) =>
  (plane: DataPlane): void => {
    if (!plane.settings.has(path)) throw new Error(`no ${path}`)
    plane.settings.set(path, value)
  }
export const VIP = '10.11.0.10'
