/** Addresses that somebody takes off an owner, and that are put back: told with their names, and as a fight where it does not end. */
import { againOf, longestAgo, mayBeAgain, type Trouble } from '@lvsm/base'
import { announceAgain } from './announcing.ts'
import { addAddresses } from './kernel-calls.ts'
import type { GroupState } from './group-state.ts'
import { namesOf } from './links.ts'
import { emitEvent, type LeaseState } from './state.ts'

const MOST_KEPT = 64

/** `where`: the addresses, each with its interface; empty where nobody could say. */
export function putBack(state: LeaseState, instance: GroupState, where: readonly string[]): void {
  if (instance.phase !== 'active' || !instance.announce.isOpen(state.now) || instance.addressCalls > 0) return
  instance.addressOn = false
  addAddresses(state, instance)
  announceAgain(state, instance)
  const { group, holder, putBack: known } = instance
  // What is long ago has no place among those that are kept.
  for (const [one, times] of known) if (!mayBeAgain(times, state.now)) known.delete(one)
  const named = where.length > 0 ? where : [`an address of ${group.name}`]
  for (const one of named) {
    const times = known.get(one) ?? []
    if (times.length === 0 && known.size >= MOST_KEPT) known.delete(longestAgo(known) ?? one)
    known.set(one, [...times, state.now].slice(-MOST_TIMES))
  }
  const is = named.length === 1 ? 'was' : 'were'
  emitEvent(state, group.name, 'note', holder.number, `${named.join(', ')} ${is} removed by somebody, and put back`)
}

/** More times are not counted. */
const MOST_TIMES = 1000

/** One for each group: whoever takes its addresses off takes them all, as a rule. */
export const putBackTroubles = (state: LeaseState): Trouble[] =>
  [...state.instances.values()].flatMap(({ group, putBack: known }): Trouble[] => {
    const fought = [...known].flatMap(([where, all]) => {
      const again = againOf(all, state.now, MOST_TIMES)
      return again ? [{ where, times: all.length, often: again.often, past: again.pastMs }] : []
    })
    if (fought.length === 0) return []
    const isOne = fought.length === 1
    const names = namesOf(fought.map(({ where }) => where))
    const [most] = fought.toSorted((one, other) => other.times - one.times)
    const over = fought.map(({ past }) => past ?? null)
    const past = over.includes(null) ? {} : { pastMs: Math.min(...over.map(Number)) }
    return [
      {
        ...{ code: 'fought-over', severity: 'critical', object: isOne ? `address ${names}` : `group ${group.name}` },
        message: `somebody takes ${names} (group ${group.name}) away from ${state.node} again and again, and ${isOne ? 'it is' : 'they are'} put back each time`,
        evidence: most?.often ?? '',
        ...past,
        hint: `find who does, and stop it: ip -ts monitor address on ${state.node} shows when; scripts (cron, systemctl list-timers), NetworkManager (nmcli device set IFACE managed no), systemd-networkd (KeepConfiguration=yes), keepalived; auditctl -a always,exit -S sendmsg -F exe=/sbin/ip names the process`,
      },
    ]
  })
