/**
 * An interface that vanishes while an agent looks after the node, on the host's kernel: one trouble that names it, nothing moves but what was on it, and
 * all is as it was when the interface is back. Needs root, and fails without it.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { agentAt, type SituationName } from '../drift/situations.ts'
import { linkLine, machineOf, shown, within } from './machine.ts'

let close: (() => void) | undefined
afterEach(() => close?.())

const renamed = (from: string, to: string): string =>
  `ip link set ${from} down && ip link set ${from} name ${to} && ip link set ${to} up`
const WAYS = [
  { what: 'is deleted', goes: 'ip link del outside', comes: (address: string) => linkLine('outside', address) },
  { what: 'is renamed', goes: renamed('outside', 'other'), comes: () => renamed('other', 'outside') },
] as const
const NODES: readonly { readonly at: SituationName; readonly address: string; readonly says: readonly string[] }[] = [
  {
    at: 'owner of a group whose VIP names its interface',
    address: '10.11.0.1',
    says: ['no-interface: there is no interface outside, needed for vip 10.11.0.10 of group web'],
  },
  { at: 'realserver by DR', address: '10.11.0.11', says: [] },
]

/** Lines of what the tools show that are not about the interface, which has another number each time it comes. */
const others = (): string[] =>
  shown()
    .split('\n')
    .filter((line) => !/outside|other|10\.11\.0\.|\b10\.11\.0\.0/.test(line))
    .map((line) => line.replace(/^\d+: /, ''))
const whole = (): string[] =>
  shown()
    .split('\n')
    .map((line) => line.replace(/^\d+: /, ''))
    .toSorted()

describe.each(NODES)('the interface of clients of an $at', ({ at, address, says }) => {
  it.each(WAYS)('$what: told by its name, nothing else moves, and it ends', ({ goes, comes }) => {
    const machine = machineOf(at)
    close = machine.close
    const agent = agentAt(at, machine)
    agent.settle()
    const told = (): string[] => agent.troubles().map(({ code, message }) => `${code}: ${message}`)
    expect(told(), 'before').toEqual([])
    const [before, beside] = [whole(), others()]
    within(goes)
    expect(told()).toEqual(says)
    agent.settle()
    expect(told(), 'as long as it lasts').toEqual(says)
    expect(others()).toEqual(beside)
    within(comes(address))
    agent.settle()
    expect(told(), 'it is back').toEqual([])
    expect(whole()).toEqual(before)
  })
})
