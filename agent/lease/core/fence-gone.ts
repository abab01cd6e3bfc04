/** Why an open element of the fence is not in the kernel any more, as far as this process knows. */
import { stoodStillMs } from './delays.ts'
import type { GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'

/** Who stood still may have let it run out; else somebody took it. */
export function goneText(state: LeaseState, { extendedAt }: GroupState): string {
  const stillMs = stoodStillMs(state, extendedAt)
  return stillMs > 0
    ? `it had run out, for this process stood still for ${Math.round(stillMs)} ms, or somebody removed it`
    : 'somebody removed it, as nft flush ruleset or a packet filter that is loaded anew does, or it ran out before it was renewed; journalctl -u nftables and the timers of this machine may say who'
}
