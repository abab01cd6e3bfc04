/** Bonds that lost a part of what they are made of: all is served, and the next fault of a cable ends it. */
import { listed, type Trouble } from '@lvsm/base'
import type { InterfaceReading } from './reading.ts'
import type { Going } from './standing.ts'

/** One reading may fall between two states. */
const READINGS = 2

interface Bond {
  readonly last: InterfaceReading
  /** So many readings in a row somebody was missing. */
  readonly looks: number
  /** Slaves that are down, with how they are. */
  readonly down: readonly string[]
  readonly up: readonly string[]
  /** Slaves that were up since the agent began: one that never was, as a port without a cable, is no loss. */
  readonly seen: ReadonlySet<string>
}
/** By name. */
export type Bonds = ReadonlyMap<string, Bond>
export const NO_BONDS: Bonds = new Map()

export const bondsNow = (before: Bonds, read: readonly InterfaceReading[]): Bonds =>
  new Map(
    read.flatMap((last): [string, Bond][] => {
      if (last.bond === null) return []
      const slaves = last.bond.slaves
      const up = slaves.filter((one) => one.up).map(({ name }) => name)
      const seen = new Set([...(before.get(last.name)?.seen ?? []), ...up])
      const down = slaves.filter((one) => !one.up && (seen.has(one.name) || up.length === 0)).map(({ name }) => name)
      const isLess = down.length > 0 || slaves.length === 0
      return [[last.name, { last, looks: isLess ? (before.get(last.name)?.looks ?? 0) + 1 : 0, down, up, seen }]]
    }),
  )

const MOST_NAMED = 4
/** `isTold`: an interface that is down, or on which one stands that is, and told as such. */
export const bondTroubles = (
  bonds: Bonds,
  node: string,
  goes: (name: string) => Going | null,
  isTold: (name: string) => boolean,
): Trouble[] =>
  [...bonds.values()].flatMap(({ last, looks, down, up }): Trouble[] => {
    if (looks < READINGS || last.bond === null) return []
    const { name } = last
    const by = goes(name)
    if (!by || (up.length === 0 && isTold(name))) return []
    const none = down.length === 0
    const dead = up.length === 0 ? 'has no slave that is up of' : 'has lost'
    const lacks = none ? 'has no slave' : `${dead} ${listed(down, MOST_NAMED)}`
    const file = none ? `${name}/bonding/slaves: none` : `${down[0]}/bonding_slave/mii_status: down`
    const left = up.length === 0 ? 'nothing goes by it' : `all goes by ${listed(up, MOST_NAMED)}`
    return [
      {
        ...{ code: 'bond-degraded', severity: up.length === 0 ? 'critical' : 'warning', object: `interface ${name}` },
        message: `bond ${name} of ${node} ${lacks}: ${left}`,
        evidence: `/sys/class/net/${file}; ${name}/bonding/mode: ${last.bond.mode}; ${by.text}`,
        hint: none
          ? `give it its interfaces again: ip link set NAME down, ip link set NAME master ${name}; who took them away: journalctl -k -g ${name}`
          : `look at its cable and its port of the switch; ip -d link show ${down[0] ?? name}; journalctl -k -g ${name}`,
      },
    ]
  })
