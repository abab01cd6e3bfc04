/**
 * Lease numbers: each new lease has one above all that were granted before. They grow by one for each lease and by
 * RESERVE_NUMBERS for each start of a voter; a number far ahead of what is known was made up, or is a bug, and must not
 * use up the numbers that are left.
 */
import { HIGHEST_NUMBER } from '@lvsm/protocol'

/** Reserved on disk so many at a time. */
export const RESERVE_NUMBERS = 1000
/**
 * Further ahead no honest number is: a voter would have to start 67,000 times between two leases. One that lies each time
 * would need a hundred million leases to use the numbers up.
 */
export const MOST_AHEAD = 2 ** 26

/**
 * Each epoch has so many. Two majorities of voters that are two epochs apart need not have anybody in common who could remember
 * the numbers that were granted; that those of a later epoch are higher needs no memory.
 */
export const NUMBERS_OF_EPOCH = 1_000_000_000

/** Whether a new lease may have this number, where `highest` is the highest that was granted. */
export const isNext = (number: number, highest: number): boolean =>
  number > highest && number <= Math.min(highest + MOST_AHEAD, HIGHEST_NUMBER)
