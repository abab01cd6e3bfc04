/** The successor's part of a switchover without the rule that hands packets of others back to the old owner. */
export * from '../../../agent/node/core/move/successor.ts'

export const handoverAddresses = (): ReadonlyMap<string, readonly string[]> => new Map()
