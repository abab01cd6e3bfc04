/** What an agent says of itself that has done nothing yet. */
import type { OwnReport } from '@lvsm/protocol'

export const ownReport = (boot: string, reason = ''): OwnReport => ({
  boot,
  self: { revision: 1, state: 'idle', reason, standby: false, versions: {} },
  lease: null,
  troubles: [],
  pings: {},
  ready: {},
  counters: {},
  dark: {},
  shut: {},
  blind: {},
  established: {},
  rates: null,
  tables: {},
  events: [],
})
