/** Why an open element of the fence is not in the kernel any more, as far as this process knows. */
import { standstillText, stoodStillMs } from './delays.ts'
import { type GroupState, paceOf } from './group-state.ts'
import type { LeaseState } from './state.ts'

/** Who stood still for long enough may have let it run out; else somebody took it, or nobody knows. */
export function goneText(state: LeaseState, instance: GroupState): string {
  const stillMs = stoodStillMs(state, instance.extendedAt)
  const still = standstillText(stillMs, state.view && paceOf(state.view.timing, instance))
  if (still.isEnough) return `it had run out, for ${still.text}, or somebody removed it`
  const more = still.text !== '' ? ` (${still.text})` : ''
  return `somebody removed it, as nft flush ruleset or a packet filter that is loaded anew does, or it ran out before it was renewed${more}; journalctl -u nftables and the timers of this machine may say who`
}
