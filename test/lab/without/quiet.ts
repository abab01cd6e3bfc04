/** The old owner's part of a switchover without its first step: NAT destinations keep their weight, and nothing is waited for. */
export * from '../../../agent/node/core/move/owner.ts'

export const quiescingGroups = (): ReadonlySet<string> => new Set()
