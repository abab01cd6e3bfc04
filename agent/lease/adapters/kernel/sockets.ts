/** Through what the adapters of this folder speak with the kernel; tests put a kernel of their own behind it. */
import { type Grace, membarrier, openNetlink, openPacket, watchNetlink } from '@lvsm/kernel'

export interface Sockets {
  readonly openNetlink: typeof openNetlink
  readonly openPacket: typeof openPacket
  readonly watchNetlink: typeof watchNetlink
  readonly barrier: Grace
}

/** In the network namespace of the process. */
export const LINUX: Sockets = { openNetlink, openPacket, watchNetlink, barrier: membarrier }
