/** What this room reads out of the lease process's status. */
import type { GroupStatus } from '@lvsm/protocol'

/** Its addresses are on this node, or may be. */
export const holds = ({ role }: GroupStatus): boolean =>
  role === 'owner' || role === 'acquiring' || role === 'releasing'
