/** Helper modules of IPVS that are there, and the ports that each reads. */
import { readFileSync } from 'node:fs'
import { type Helper, HELPERS, namesOf } from '@lvsm/model'

/** `21`, `21,2121`; what is no port is none of it. */
export const portsOf = (text: string): number[] =>
  text
    .trim()
    .split(',')
    .map(Number)
    .filter((port) => Number.isInteger(port) && port > 0)

/** Without those that are not loaded. */
export const readHelpers = (root = '/sys/module'): ReadonlyMap<Helper, readonly number[]> =>
  new Map(
    namesOf(HELPERS).flatMap((helper): [Helper, readonly number[]][] => {
      try {
        return [[helper, portsOf(readFileSync(`${root}/${HELPERS[helper].module}/parameters/ports`, 'utf8'))]]
      } catch {
        return []
      }
    }),
  )
