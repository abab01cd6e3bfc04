/**
 * A socket filter (classic BPF, man 7 socket) for the nf_tables multicast group: passes what changes the structure, and
 * drops notices that begin with an element that comes or goes, or with a new generation: nlmsg_type lies at byte 4, its
 * low byte first (element added 12, deleted 14, generation 15). The kernel puts the notices of one transaction into one
 * datagram: a transaction that begins with an element hides what else it does, so look yourself from time to time.
 */
export const STRUCTURE_ONLY: readonly (readonly [number, number, number, number])[] = [
  [0x30, 0, 0, 4],
  [0x15, 2, 0, 12],
  [0x15, 1, 0, 14],
  [0x15, 0, 1, 15],
  [0x06, 0, 0, 0],
  [0x06, 0, 0, 0xffffffff],
]
